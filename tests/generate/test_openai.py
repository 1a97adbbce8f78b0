from __future__ import annotations

import asyncio
import json
import re
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from persona_assets.base.backoff import Backoff
from persona_assets.base.errors import EngineError, StudyError
from persona_assets.generate.backend import Completion, open_backend
from persona_assets.generate.openai import OpenAIBackend
from persona_assets.generate.prompts import Prompt, build_prompts
from persona_assets.models.chat import ChatFormat
from persona_assets.study.questions import Question
from persona_assets.study.roles import Role
from persona_assets.study.settings import GenerationSettings
from tests.generate.misbehaving_server import (
    IDS,
    Behaviour,
    MisbehavingServer,
    Request,
    answering,
    hang_up,
    in_turn,
    never,
    reset,
    saying,
    sending,
    serving,
)
from tests.generate.models import copy_of_model

KEY = "sk-not-for-anyones-eyes"
PIRATE = Role("pirate", ("You are a pirate captain.",))
QUESTIONS = [Question(number, f"What is number {number}?") for number in range(12)]
AT_ONCE = Backoff(first=0.0)


def backend_of(url: str, settings: dict[str, Any] | None = None, **engine: Any) -> OpenAIBackend:
    generation: dict[str, Any] = {
        "model": "tests/toy/data/model",
        "prompt_indices": [0],
        "max_tokens": 80,
        "max_model_len": 90,
    }
    engine = {"base_url": url, "concurrency": 4, "retries": 3, "timeout": 60} | engine
    return OpenAIBackend(
        GenerationSettings(backend="openai", **generation | (settings or {}) | {"engine": engine}), AT_ONCE
    )


def prompts_for(backend: OpenAIBackend) -> list[Prompt]:
    return build_prompts(PIRATE, QUESTIONS, backend.generation, ChatFormat(backend.tokenizer))


def ask(server: MisbehavingServer, **engine: Any) -> list[Completion]:
    backend = backend_of(server.url, **engine)
    return list(backend.complete(prompts_for(backend)))


def assert_all_answered_once(completions: list[Completion]) -> None:
    assert sorted(completion.response_id for completion in completions) == [q.id for q in QUESTIONS]


@pytest.mark.parametrize(
    "failure",
    [
        saying(408),
        saying(409),
        saying(429, "slow down"),
        saying(500),
        saying(502),
        saying(503, Retry_After="0"),
        saying(504),
        reset,
        hang_up,
        answering(finish_reason="abort"),
    ],
    ids=lambda failure: failure.__qualname__.split(".")[0],
)
def test_a_failure_that_passes_costs_no_response(failure: Behaviour) -> None:
    with serving(in_turn(failure, failure, answering())) as server:
        completions = ask(server)
    assert_all_answered_once(completions)
    assert len(server.requests) == 3 * len(QUESTIONS)
    assert all(completion.token_ids == IDS for completion in completions)


CHAT = {"text": None, "token_ids": None}

MALFORMED = [
    (sending(b'{"choices": [{"finish_reason": "stop", "te'), "the body: Invalid JSON"),
    (sending(b'{"error": {"message": "upstream is away"}}'), "an error: upstream is away"),
    (sending(b'{"error": "upstream is away"}'), "an error: upstream is away"),
    (sending(b'data: {"choices": []}\n\ndata: [DONE]\n'), "it is a stream of events, which was not asked"),
    (sending(b'{"choices": []}'), "choices: List should have at least 1 item"),
    (sending(b'{"content": "Arr,", "stop": true}'), "choices: Field required"),
    (sending(b"\xff\xfe"), "the body: Invalid JSON"),
    (sending(b"[" * 100_000), "the body: Invalid JSON"),
    (sending(b'{"choices": [{"finish_reason": "stop", "text": "\\ud83d"}]}'), "the body: Invalid JSON"),
    (answering(finish_reason=None), "choices.0.finish_reason: Input should be a valid string"),
    (answering(**CHAT), "choices.0: Value error, neither text nor token ids"),
    (
        answering(**CHAT, message={"content": [{"type": "text", "text": "Arr,"}]}),
        "choices.0.message.content: Input should be a valid string",
    ),
]


@pytest.mark.parametrize(("failure", "reason"), MALFORMED, ids=[reason for _, reason in MALFORMED])
def test_an_answer_that_cannot_be_read_is_asked_for_twice_and_its_field_named(
    failure: Behaviour, reason: str
) -> None:
    with serving(in_turn(failure, answering())) as server:
        assert_all_answered_once(ask(server))
    with serving(failure) as server, pytest.raises(EngineError) as stop:
        ask(server, concurrency=1, retries=10)
    assert len(server.requests) == 2
    told = f"response 0: {server.url}/completions twice answered what cannot be read: {reason}"
    assert str(stop.value).startswith(told) and "\n" not in str(stop.value)


def test_several_choices_are_told() -> None:
    choice = {"text": "Arr,", "finish_reason": "stop"}
    twice = sending(json.dumps({"choices": [choice, choice]}).encode())
    with serving(twice) as server, pytest.raises(EngineError, match="choices: List should have at most 1"):
        ask(server)


def test_a_byte_order_mark_is_no_matter() -> None:
    choice = {"text": "Arr,", "finish_reason": "stop"}
    with serving(sending(b"\xef\xbb\xbf" + json.dumps({"choices": [choice]}).encode())) as server:
        assert_all_answered_once(ask(server))


def test_a_base_url_without_v1_is_asked_about_where_answers_have_another_form() -> None:
    hint = r"served_model \(a base_url ends in /v1 as a rule\)$"
    with serving(sending(b'{"content": "Arr,"}')) as server, pytest.raises(EngineError, match=hint):
        backend = backend_of(server.url.removesuffix("/v1"))
        list(backend.complete(prompts_for(backend)))


@pytest.mark.parametrize(
    ("named", "means"),
    [("eos_token", "stop"), ("STOP", "stop"), ("end_turn", "stop"), ("MAX_TOKENS", "length")],
)
def test_an_end_by_another_name_is_an_end(named: str, means: str) -> None:
    with serving(answering(finish_reason=named)) as server:
        assert {completion.finish_reason for completion in ask(server)} == {means}


@pytest.mark.parametrize("content", [None, ""])
@pytest.mark.parametrize("key", ["reasoning_content", "reasoning"])
def test_reasoning_without_an_answer_is_told(content: str | None, key: str) -> None:
    thinking = answering(**CHAT, message={"content": content, key: "Hm."})
    with (
        serving(thinking) as server,
        pytest.raises(StudyError, match=r"reasoning and no .* thinking off"),
    ):
        ask(server, api="chat")


def test_who_answered_is_kept_and_another_than_was_asked_is_refused() -> None:
    other = answering(beside={"model": "/models/toy-Q4.gguf"})
    with serving(other) as server:
        with pytest.raises(
            EngineError, match=r"for model 'toy' and answers as '/models/toy-Q4.gguf'; .*accept_model: \"/mod"
        ):
            ask(server, served_model="toy")
        for accepted in ("/models/toy-Q4.gguf", ["x", "/models/toy-Q4.gguf"]):
            completions = ask(server, served_model="toy", accept_model=accepted)
            assert {completion.answered_by for completion in completions} == {"/models/toy-Q4.gguf"}
    with serving(answering(beside={"model": "toy"})) as server:
        assert {completion.answered_by for completion in ask(server, served_model="toy")} == {"toy"}
    with serving(answering()) as server:
        assert {completion.answered_by for completion in ask(server)} == {None}


def test_a_prompt_of_another_length_is_refused_unless_counts_are_no_matter() -> None:
    counted = answering(token_ids=None, beside={"usage": {"prompt_tokens": 7}})
    with serving(counted) as server:
        with pytest.raises(StudyError, match=r"read 7 prompt tokens .* set accept_prompt_count: true\)"):
            ask(server)
        assert_all_answered_once(ask(server, accept_prompt_count=True))
    for usage in ({"prompt_tokens": None}, {"prompt_tokens": 0}, {}, None, "much"):
        with serving(answering(beside={"usage": usage})) as server:
            assert_all_answered_once(ask(server))


@pytest.mark.parametrize(
    ("field", "refusal", "remedy", "engine"),
    [
        ("seed", "Unknown name seed: Cannot find field.", "send_seed: false", {"send_seed": False}),
        (
            "max_tokens",
            "Unsupported parameter: 'max_tokens' is not supported",
            "max_tokens_field: max_completion_tokens",
            {"max_tokens_field": "max_completion_tokens"},
        ),
        ("prompt", "prompt: str type expected", "api: chat", {"api": "chat"}),
    ],
)
def test_a_server_that_refuses_a_field_is_given_another_way(
    field: str, refusal: str, remedy: str, engine: dict[str, Any]
) -> None:
    async def strict(request: Request) -> None:
        said = {"message": {"content": "Arr,"}, "finish_reason": "stop"}
        answer = sending(json.dumps({"choices": [said]}).encode())
        await (saying(400, refusal) if field in request.body else answer)(request)

    with serving(strict) as server:
        with pytest.raises(EngineError, match=rf"set generation.engine.{remedy}"):
            ask(server)
        assert_all_answered_once(ask(server, **engine))


def test_a_template_that_prints_the_date_is_not_left_to_the_server(tmp_path: Path) -> None:
    model = copy_of_model(tmp_path / "model")
    template = Path(model) / "chat_template.jinja"
    template.write_text("{{ strftime_now('%d %b %Y') }}\n" + template.read_text())
    settings = {"model": model, "template_date": "2025-01-31"}
    with pytest.raises(StudyError, match="prints the date there; set it to completions"):
        backend_of("http://127.0.0.1:1/v1", settings, api="chat")
    assert backend_of("http://127.0.0.1:1/v1", settings)


def test_a_server_that_renders_is_told_what_the_template_is_told_and_cannot_be_given_another(
    tmp_path: Path,
) -> None:
    model = copy_of_model(tmp_path / "model")
    template = Path(model) / "chat_template.jinja"
    template.write_text("{% if enable_thinking %}Think.\n{% endif %}" + template.read_text())
    settings: dict[str, Any] = {"model": model, "chat_template": {"arguments": {"enable_thinking": True}}}
    said = {"message": {"content": "Arr,"}, "finish_reason": "stop"}
    with serving(sending(json.dumps({"choices": [said]}).encode())) as server:
        backend = backend_of(server.url, settings, api="chat")
        list(backend.complete(prompts_for(backend)))
    assert {request.body["chat_template_kwargs"]["enable_thinking"] for request in server.requests} == {True}
    settings["chat_template"] = {"file": str(template)}
    with pytest.raises(StudyError, match="renders? the prompts by its own template; set it to completions"):
        backend_of("http://127.0.0.1:1/v1", settings, api="chat")


def test_an_answer_that_never_comes_is_asked_for_again_after_the_timeout() -> None:
    with serving(in_turn(never, answering())) as server:
        assert_all_answered_once(ask(server, timeout=0.5, retries=20))
    asked = Counter(request.body["seed"] for request in server.requests)
    assert len(asked) == len(QUESTIONS) and min(asked.values()) >= 2  # a busy machine may be late twice


def test_nothing_is_asked_again_before_the_server_wants_it() -> None:
    turned_away: dict[int, float] = {}
    early = []

    async def busy(request: Request) -> None:
        now, seed = asyncio.get_running_loop().time(), request.body["seed"]
        if seed in turned_away:
            early.append(now < turned_away[seed] + 1)
            await answering()(request)
        else:
            turned_away[seed] = now
            await saying(429, Retry_After="1")(request)

    with serving(busy) as server:
        assert_all_answered_once(ask(server, concurrency=len(QUESTIONS)))
    assert early == [False] * len(QUESTIONS)


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (401, "set OPENAI_API_KEY: the server asks for a key"),
        (403, "set OPENAI_API_KEY: the server asks for a key"),
        (404, "check generation.engine's base_url and served_model"),
        (400, "check that the server takes what the study's generation asks for"),
        (422, "check that the server takes what the study's generation asks for"),
        (307, "redirects are not followed: set generation.engine.base_url"),
    ],
)
def test_a_refusal_stops_at_once_in_the_servers_words(status: int, remedy: str) -> None:
    refusal = saying(status, "It is\nnot to be. " + "Never. " * 99, Location="http://127.0.0.1:1/")
    with serving(refusal) as server, pytest.raises(EngineError) as stop:
        ask(server, concurrency=1)
    assert len(server.requests) == 1
    words = ("It is not to be. " + "Never. " * 99)[:200]
    assert str(
        stop.value
    ) == f"response 0: {server.url}/completions answered {status} ({words}); {remedy}" + (
        " to where the server is" if status == 307 else ""
    )


def test_a_refusal_that_is_no_json_is_shown_as_it_is() -> None:
    async def behave(request: Request) -> None:
        await request.reply(404, b"<h1>Not here</h1>")

    with serving(behave) as server, pytest.raises(StudyError, match=r"answered 404 \(<h1>Not here</h1>\)"):
        ask(server)


def test_a_server_that_keeps_failing_is_left_after_the_retries() -> None:
    with serving(saying(503, "loading")) as server, pytest.raises(EngineError) as stop:
        ask(server, concurrency=1, retries=2)
    assert len(server.requests) == 3
    assert str(stop.value) == (
        f"response 0: {server.url}/completions gave no answer in 3 attempts, at last: 503 loading; "
        "see to the server and run again"
    )


def test_a_server_that_has_gone_is_named() -> None:
    with serving(answering()) as server:
        pass
    with pytest.raises(EngineError, match=rf"{server.url}/completions gave no answer .* ConnectError"):
        ask(server)


def test_what_was_answered_before_a_stop_is_delivered() -> None:
    async def third_fails(request: Request) -> None:
        await (saying(400) if len(server.requests) == 3 else answering())(request)

    received = []
    with serving(third_fails) as server, pytest.raises(StudyError):
        backend = backend_of(server.url, concurrency=1)
        for completion in backend.complete(prompts_for(backend)):
            received.append(completion.response_id)
    assert received == [0, 1]


def test_as_many_requests_as_allowed_are_under_way_and_never_more() -> None:
    full = asyncio.Barrier(4)

    async def when_four_are_here(request: Request) -> None:
        await full.wait()
        await answering()(request)

    with serving(when_four_are_here) as server:
        assert_all_answered_once(ask(server, concurrency=4))
    assert server.most_in_flight == 4


def test_requests_go_on_while_the_caller_is_busy_with_an_answer() -> None:
    with serving(answering()) as server:
        backend = backend_of(server.url, concurrency=1)
        completions = backend.complete(prompts_for(backend))
        first = next(completions)
        server.wait_until(lambda: len(server.requests) == len(QUESTIONS) and not server.n_in_flight)
        assert_all_answered_once([first, *completions])


def test_whoever_stops_listening_cancels_the_rest_and_leaves_no_thread() -> None:
    async def first_only(request: Request) -> None:
        await (answering() if len(server.requests) == 1 else never)(request)

    before = set(threading.enumerate())
    with serving(first_only) as server:
        backend = backend_of(server.url, concurrency=4)
        completions = iter(backend.complete(prompts_for(backend)))
        next(completions)
        server.wait_until(lambda: len(server.requests) == 5)
        del completions
        server.wait_until(lambda: server.n_in_flight == 0)
        assert len(set(threading.enumerate()) - before) == 1  # the server's
        assert len(server.requests) == 5


def test_a_caller_that_fails_cancels_the_rest() -> None:
    async def first_only(request: Request) -> None:
        await (answering() if len(server.requests) == 1 else never)(request)

    with serving(first_only) as server:
        backend = backend_of(server.url)
        with pytest.raises(KeyboardInterrupt):
            for _ in backend.complete(prompts_for(backend)):
                raise KeyboardInterrupt
        server.wait_until(lambda: server.n_in_flight == 0)


def test_responses_that_are_there_already_are_not_asked_for() -> None:
    with serving(answering()) as server:
        backend = backend_of(server.url)
        prompts = prompts_for(backend)
        rest = [c.response_id for c in backend.complete(prompts, done={p.response_id for p in prompts[2:]})]
        assert sorted(rest) == [prompt.response_id for prompt in prompts[:2]]
        assert list(backend.complete(prompts, done={prompt.response_id for prompt in prompts})) == []
    assert len(server.requests) == 2


def test_a_request_holds_the_studys_sampling_and_the_prompts_ids_and_seed() -> None:
    with serving(answering()) as server:
        backend = backend_of(
            server.url, {"temperature": 0.5, "top_p": 0.8}, served_model="toy", concurrency=1
        )
        prompts = prompts_for(backend)
        list(backend.complete(prompts))
    for prompt, request in zip(prompts, server.requests, strict=True):
        assert request.path == "/v1/completions"
        assert request.body == {
            "model": "toy",
            "prompt": prompt.token_ids,
            "max_tokens": 90 - len(prompt.token_ids),
            "temperature": 0.5,
            "top_p": 0.8,
            "seed": prompt.seed,
            "return_token_ids": True,
            "top_k": -1,
            "min_p": 0.0,
            "repetition_penalty": 1.0,
            "stop_token_ids": [5],
        }


def test_the_chat_api_is_given_the_messages() -> None:
    said = {"message": {"content": "Arr,"}, "finish_reason": "stop"}
    with serving(sending(json.dumps({"choices": [said]}).encode())) as server:
        completions = ask(server, api="chat")
    assert {completion.text for completion in completions} == {"Arr,"}
    request = next(
        request for request in server.requests if request.body["messages"][-1]["content"].endswith("0?")
    )
    assert request.path == "/v1/chat/completions"
    assert request.body["messages"] == [
        {"role": "system", "content": "You are a pirate captain."},
        {"role": "user", "content": "What is number 0?"},
    ]
    assert "prompt" not in request.body


@pytest.mark.parametrize(
    ("stop_reason", "sampled", "kept"),
    [(5, [*IDS, 5], IDS), (None, [*IDS, 1], IDS), (None, IDS, IDS), (None, [1], []), ("end", IDS, IDS)],
)
def test_only_the_token_that_ended_an_answer_is_left_out(
    stop_reason: int | str | None, sampled: list[int], kept: list[int]
) -> None:
    finished = answering(finish_reason="stop", stop_reason=stop_reason, token_ids=sampled)
    with serving(finished) as server:
        assert all(completion.token_ids == kept for completion in ask(server))


def test_a_text_without_ids_is_tokenized_and_says_so() -> None:
    text = "Arr, <end_of_turn> matey!"
    with serving(answering(token_ids=None, text=text)) as server:
        backend = backend_of(server.url)
        completions = list(backend.complete(prompts_for(backend)))
    for completion in completions:
        assert (completion.token_source, completion.text) == ("tokenized", text)
        assert backend.tokenizer.decode(completion.token_ids) == text
        assert not {backend.tokenizer.bos_token_id, 5} & set(completion.token_ids)  # 5 ends a turn


EXTENSIONS = {"return_token_ids", "top_k", "min_p", "repetition_penalty", "stop_token_ids"}


def refusing(*names: str, at_once: bool = True, status: int = 400) -> Behaviour:
    """Refuse the fields, all in one message or each in its own."""

    async def behave(request: Request) -> None:
        sent = [name for name in names if name in request.body]
        if sent:
            named = ", ".join(sent if at_once else sent[:1])
            await saying(status, f"Unrecognized request arguments supplied: {named}")(request)
        else:
            await answering(**{"token_ids": None} if "return_token_ids" in names else {})(request)

    return behave


def extensions_sent(server: MisbehavingServer) -> list[set[str]]:
    return [EXTENSIONS & request.body.keys() for request in server.requests]


def warnings_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.levelname == "WARNING"]


@pytest.mark.parametrize("status", [400, 422])
def test_a_server_that_refuses_one_extension_still_gets_the_others(
    caplog: pytest.LogCaptureFixture, status: int
) -> None:
    with serving(refusing("return_token_ids", status=status)) as server:
        completions = ask(server, concurrency=1)
    assert_all_answered_once(completions)
    assert {completion.token_source for completion in completions} == {"tokenized"}
    assert extensions_sent(server) == [EXTENSIONS] + [EXTENSIONS - {"return_token_ids"}] * 12
    assert {request.body["top_k"] for request in server.requests} == {-1}
    assert warnings_in(caplog) == []


@pytest.mark.parametrize(
    ("at_once", "told"),
    [(True, ["top_k, min_p, repetition_penalty"]), (False, ["min_p", "top_k", "repetition_penalty"])],
)
def test_what_the_server_adds_to_the_sampling_is_warned_of_once(
    caplog: pytest.LogCaptureFixture, at_once: bool, told: list[str]
) -> None:
    with serving(refusing("min_p", "top_k", "repetition_penalty", at_once=at_once)) as server:
        completions = ask(server, concurrency=4)
    assert_all_answered_once(completions)
    assert {completion.token_source for completion in completions} == {"generated"}
    in_the_end = {request.body["seed"]: EXTENSIONS & request.body.keys() for request in server.requests}
    assert list(in_the_end.values()) == [{"return_token_ids", "stop_token_ids"}] * len(QUESTIONS)
    assert warnings_in(caplog) == [
        f"{server.url} refuses {names}: it samples with its own default there, which may not be the study's; "
        "see to it that the server has none"
        for names in told
    ]


def test_a_field_is_found_in_a_refusal_of_another_shape_and_only_by_its_whole_name() -> None:
    async def strict(request: Request) -> None:
        if "top_k" in request.body:
            refusal = {"detail": "1 validation error, also for min_pixels:\ntop_k\n  Extra inputs"}
            await request.reply(422, json.dumps(refusal).encode())
        else:
            await answering()(request)

    with serving(strict) as server:
        assert_all_answered_once(ask(server, concurrency=1))
    assert extensions_sent(server) == [EXTENSIONS] + [EXTENSIONS - {"top_k"}] * 12


def test_a_server_that_stops_at_no_token_is_given_its_text_and_left_alone_with_that_too() -> None:
    with serving(refusing("stop_token_ids", at_once=False)) as server:
        assert_all_answered_once(ask(server, concurrency=1))
    assert [request.body.get("stop") for request in server.requests] == [None, *[["<end_of_turn>"]] * 12]
    with serving(refusing("stop_token_ids", "stop", at_once=False)) as server:
        assert_all_answered_once(ask(server, concurrency=1))
    assert not {"stop", "stop_token_ids"} & server.requests[-1].body.keys()


def test_a_server_that_refuses_an_extension_that_it_was_not_sent_is_left() -> None:
    with serving(saying(400, "top_k is wrong")) as server, pytest.raises(EngineError, match="top_k is wrong"):
        ask(server, concurrency=1)
    assert extensions_sent(server) == [EXTENSIONS, EXTENSIONS - {"top_k"}]


def test_an_answer_to_another_prompt_is_refused() -> None:
    other = answering(prompt_token_ids=[2, 2, 4])
    with serving(other) as server, pytest.raises(StudyError, match=r"read 3 prompt tokens that are not the"):
        ask(server)


def test_an_answer_that_was_kept_back_is_no_answer() -> None:
    filtered = answering(finish_reason="content_filter")
    with serving(filtered) as server, pytest.raises(StudyError, match=r"\d+: the server ended it with 'cont"):
        ask(server)


@pytest.mark.parametrize("api_key_env", ["OPENAI_API_KEY", "PIRATES_KEY"])
def test_the_key_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch, api_key_env: str) -> None:
    monkeypatch.setenv(api_key_env, f"{KEY}\n")
    with serving(answering()) as server:
        ask(server, api_key_env=api_key_env)
    assert {request.headers["authorization"] for request in server.requests} == {f"Bearer {KEY}"}


def test_without_a_key_none_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with serving(answering()) as server:
        ask(server)
    assert not any("authorization" in request.headers for request in server.requests)


def test_a_key_that_is_refused_is_named_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with (
        serving(saying(401, "whose?")) as server,
        pytest.raises(StudyError, match="check the key in"),
    ):
        ask(server)


@pytest.mark.parametrize("failure", [saying(401, f"bad key {KEY}"), saying(500, KEY), sending(KEY.encode())])
def test_the_key_is_in_no_message_and_no_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, failure: Behaviour
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    caplog.set_level("DEBUG")
    with serving(failure) as server:
        backend = backend_of(server.url)
        with pytest.raises(StudyError, match=r"\*\*\*") as stop:
            list(backend.complete(prompts_for(backend)))
    assert KEY not in f"{stop.value} {caplog.text} {backend.server!r} {backend.engine!r}"


def test_a_failing_server_is_spoken_of_in_the_log_once(caplog: pytest.LogCaptureFixture) -> None:
    with serving(in_turn(saying(503, "loading"), answering())) as server:
        ask(server, concurrency=1)
    [warning] = warnings_in(caplog)
    asking = f"response 0: 503 loading; asking {server.url}/completions again in "
    assert re.fullmatch(rf"{asking}\d+ s \(nothing has been answered there yet; .* in all\)", warning)


def test_a_key_that_the_study_names_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIRATES_KEY", raising=False)
    with pytest.raises(StudyError, match="api_key_env: PIRATES_KEY is not set in the environment"):
        backend_of("http://127.0.0.1:1/v1", api_key_env="PIRATES_KEY")


def test_a_key_that_no_header_can_hold_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", f"{KEY}\n{KEY}")
    with pytest.raises(StudyError, match="OPENAI_API_KEY is no key") as stop:
        backend_of("http://127.0.0.1:1/v1")
    assert KEY not in str(stop.value)


@pytest.mark.parametrize(
    ("engine", "complaint"),
    [
        (
            {"batch_size": 3},
            r"generation.engine: unknown option 'batch_size' for openai; it takes base_url, api_",
        ),
        ({"base_url": "ftp://here/v1"}, r"generation.engine.base_url: must be an http or https URL"),
        ({"base_url": "here:8000"}, r"generation.engine.base_url: must be an http or https URL"),
        ({"base_url": "http://me:secret@here/v1"}, r"generation.engine.base_url: must hold no user"),
        ({"base_url": "http://here:port/v1"}, r"generation.engine.base_url: is no URL"),
        ({"api": "responses"}, r"generation.engine.api: Input should be 'completions' or 'chat'"),
        ({"concurrency": 0}, r"generation.engine.concurrency: Input should be greater than 0"),
        ({"timeout": float("inf")}, r"generation.engine.timeout: Input should be a finite number"),
    ],
)
def test_a_wrong_engine_option_is_named(engine: dict[str, Any], complaint: str) -> None:
    with pytest.raises(StudyError, match=complaint):
        backend_of("http://127.0.0.1:1/v1", **engine)


def test_a_study_that_names_no_server_is_told() -> None:
    with pytest.raises(StudyError, match="generation.engine.base_url is missing"):
        open_backend(GenerationSettings(backend="openai", model="tests/toy/data/model"))
