"""Batches: conversations of like length together, so that little is padded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from persona_assets.extract.conversation import Conversation


def batches(conversations: Iterable[Conversation], budget: int) -> Iterator[list[Conversation]]:
    """Batches of at most `budget` padded tokens, the longest first; a longer conversation goes alone.

    The batches depend on the conversations alone, not on their order.
    """
    batch: list[Conversation] = []
    for one in sorted(conversations, key=lambda one: (-len(one.token_ids), one.response_id)):
        if batch and (len(batch) + 1) * len(batch[0].token_ids) > budget:
            yield batch
            batch = []
        batch.append(one)
    if batch:
        yield batch
