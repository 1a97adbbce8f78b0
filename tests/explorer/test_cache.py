from __future__ import annotations

import asyncio

import pytest

from persona_assets.explorer.snapshot.cache import Answers


def test_what_many_ask_for_at_once_is_made_once():
    made: list[str] = []

    async def make() -> bytes:
        made.append("x")
        await asyncio.sleep(0.01)
        return b"answer"

    async def ask() -> list[bytes]:
        answers = Answers()
        return await asyncio.gather(*(answers.get("a", make) for _ in range(8)))

    assert asyncio.run(ask()) == [b"answer"] * 8
    assert len(made) == 1


def test_those_used_least_recently_make_room():
    made: list[str] = []

    async def ask() -> None:
        answers = Answers(limit=10)
        for path in ("a", "b", "a", "c", "a", "b"):

            async def make(path: str = path) -> bytes:
                made.append(path)
                return b"12345"

            await answers.get(path, make)

    asyncio.run(ask())
    assert made == ["a", "b", "c", "b"]


def test_an_error_is_told_to_all_and_not_kept():
    attempts: list[int] = []

    async def make() -> bytes:
        attempts.append(1)
        await asyncio.sleep(0.01)
        if len(attempts) == 1:
            raise ValueError("lost")
        return b"found"

    async def ask() -> None:
        answers = Answers()
        both = await asyncio.gather(answers.get("a", make), answers.get("a", make), return_exceptions=True)
        assert [type(error) for error in both] == [ValueError, ValueError]
        assert await answers.get("a", make) == b"found"

    asyncio.run(ask())
    assert len(attempts) == 2


def test_who_leaves_does_not_end_what_others_wait_for():
    async def ask() -> bytes:
        answers, begun, may_end = Answers(), asyncio.Event(), asyncio.Event()

        async def make() -> bytes:
            begun.set()
            await may_end.wait()
            return b"answer"

        first = asyncio.ensure_future(answers.get("a", make))
        await begun.wait()
        other = asyncio.ensure_future(answers.get("a", make))
        await asyncio.sleep(0.01)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        may_end.set()
        return await other

    assert asyncio.run(ask()) == b"answer"
