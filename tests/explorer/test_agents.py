"""The study for agents: a real client asks a real server, and nothing that it is told does more than read."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from mcp import Client, StdioServerParameters

from persona_assets.base.queries import examples
from persona_assets.explorer.agents import MOST_ROWS, server
from persona_assets.explorer.console.console import Console, Limits
from persona_assets.explorer.problems import ProblemError
from persona_assets.study.study import Study
from tests.attack.cases import chosen
from tests.attack.sql_statements import refused
from tests.typed import typed
from tests.warehouse.world import OF_PIRATE_ALONE, World

Call = Callable[..., Awaitable[Any]]


def asked(study: Study, work: Callable[[Client], Awaitable[None]]) -> None:
    """Do `work` with a client of the study's server, in this process."""

    async def run() -> None:
        async with Client(server(study)) as client:
            await work(client)

    asyncio.run(run())


def said(result: Any) -> str:
    """Return what a tool answered as text."""
    return "".join(part.text for part in result.content)


def test_a_process_answers_over_its_pipes_and_ends_with_them(published: World):
    command = StdioServerParameters(
        command=sys.executable,
        args=["-c", "from persona_assets.cli import main; main()", "mcp", str(published.study.file)],
        env=os.environ | {"PERSONA_LAKE": str(published.study.lake.root)},
    )

    async def run() -> dict[str, Any]:
        async with Client(command) as client:
            sql = f"select role from which_roles({OF_PIRATE_ALONE}, sae := 'first')"
            answer = await client.call_tool("ask_sql", {"sql": sql})
            return json.loads(said(answer))

    answer = asyncio.run(run())
    assert answer["rows"] == [["pirate"]] and answer["truncated"] is False


def test_the_tools_say_what_there_is(published: World):
    async def work(client: Client) -> None:
        tools = (await client.list_tools()).tools
        named = {"about_study", "list_questions", "list_tables", "describe", "ask_sql"}
        assert {tool.name for tool in tools} == named
        assert all(tool.annotations is not None and tool.annotations.read_only_hint for tool in tools)
        assert all(tool.description for tool in tools)
        about = json.loads(said(await client.call_tool("about_study", {})))
        assert about["name"] == published.study.name
        assert {role["role"] for role in about["roles"]} == set(published.study.role_names)
        tables = (await client.call_tool("list_tables", {})).structured_content["result"]
        assert {"responses", "which_roles"} <= {table["name"] for table in tables}
        described = json.loads(said(await client.call_tool("describe", {"name": "responses"})))
        comments = {column["name"]: column["comment"] for column in described["columns"]}
        assert "max_tokens" in comments["finish_reason"]

    asked(published.study, work)


def test_every_question_that_is_listed_runs_as_it_stands(published: World):
    async def work(client: Client) -> None:
        listed = (await client.call_tool("list_questions", {})).structured_content["result"]
        assert [question["sql"] for question in listed] == list(examples().values())
        for question in chosen(listed):
            answer = await client.call_tool("ask_sql", {"sql": question["sql"]})
            assert not answer.is_error, (question["question"], said(answer))

    asked(published.study, work)


def test_what_does_more_than_read_is_refused_in_a_line(published: World):
    async def work(client: Client) -> None:
        for sql in chosen(refused(), 0.03):
            answer = await client.call_tool("ask_sql", {"sql": sql})
            with pytest.raises(ProblemError) as raised:
                await Console(published.study).run(sql, "json", Limits())
            assert answer.is_error and said(answer).endswith(raised.value.told), sql

    asked(published.study, work)


@pytest.mark.parametrize(
    ("tool", "given", "told"),
    [
        ("ask_sql", {"sql": "from nothing_here"}, "Table with name nothing_here does not exist"),
        ("ask_sql", {"sql": "from study", "max_rows": 0}, "from 1 to 1,000"),
        ("ask_sql", {"sql": "from study", "max_rows": MOST_ROWS + 1}, "from 1 to 1,000"),
        ("ask_sql", {"sql": "select 1; select 2"}, "ask one at a time"),
        ("describe", {"name": "'; drop table study; --"}, "list_tables names them"),
    ],
)
def test_a_mistake_is_told_with_what_helps(published: World, tool: str, given: dict[str, Any], told: str):
    async def work(client: Client) -> None:
        answer = await client.call_tool(tool, given)
        assert answer.is_error and told in said(answer)

    asked(published.study, work)


def test_an_answer_is_cut_at_the_rows_that_were_asked_for_and_says_so(published: World):
    async def work(client: Client) -> None:
        cut = await client.call_tool("ask_sql", {"sql": "from range(50)", "max_rows": 7})
        answer = json.loads(said(cut))
        assert [row[0] for row in answer["rows"]] == list(range(7)) and answer["truncated"]

    asked(published.study, work)


def test_a_study_without_a_snapshot_says_how_to_get_one(study: Study):
    async def work(client: Client) -> None:
        answer = await client.call_tool("about_study", {})
        assert answer.is_error and "nothing is published yet" in said(answer)

    asked(study, work)


def test_the_command_refuses_an_unknown_study_in_a_line():
    assert "no study" in typed("mcp", "nobody").err
