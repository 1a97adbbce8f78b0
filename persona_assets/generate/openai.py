"""The backend that asks a server which speaks OpenAI's API: vLLM's, or any other."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from typing import Any

import httpx

from persona_assets.base.backoff import Backoff
from persona_assets.base.errors import EngineError, StudyError
from persona_assets.generate.backend import Completion
from persona_assets.generate.http import RefusedError, Server
from persona_assets.generate.openai_answer import ServerAnswer, read_answer
from persona_assets.generate.prompts import Prompt
from persona_assets.generate.streaming import Deliver, stream
from persona_assets.models.chat import ChatFormat, stop_token
from persona_assets.models.loading import load_tokenizer
from persona_assets.study.openai_options import engine_options
from persona_assets.study.settings import GenerationSettings
from persona_assets.study.template import Template

_LOG = logging.getLogger(__name__)
_PATHS = {"completions": "/completions", "chat": "/chat/completions"}

# Beyond OpenAI's own API: token ids are wanted, and sampling is the study's alone, not what the model's
# generation_config adds on the server (Gemma 3: top_k 64).
_SAMPLING: dict[str, Any] = {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}
_EXTENSIONS = {"return_token_ids": True} | _SAMPLING
_OF_TOKENS = {"logprobs", "top_logprobs"}
_MAY_BE_LEFT_OUT = {*_EXTENSIONS, *_OF_TOKENS, "stop_token_ids", "stop"}

Answered = tuple[Prompt, ServerAnswer]


class OpenAIBackend:
    """Many requests at once to one server: that holds the model, this process only the tokenizer."""

    n_likeliest = 0  # first tokens whose probabilities are asked for

    def __init__(self, generation: GenerationSettings, backoff: Backoff | None = None) -> None:
        self.generation = generation
        self.engine = engine_options(generation.engine)
        self.server = Server(
            url=self.engine.base_url,
            key=self.engine.key(),
            key_name=self.engine.api_key_env,
            timeout=self.engine.timeout,
            retries=self.engine.retries,
            backoff=backoff or Backoff(),
        )
        self.tokenizer = load_tokenizer(generation.model, generation.revision)
        self._chat = ChatFormat(self.tokenizer, Template.of(generation))
        if self.engine.api == "chat" and self._chat.reads_clock:
            raise StudyError(
                "generation.engine.api: chat has the server render the prompts, and the model's "
                "template prints the date there; set it to completions"
            )
        if self.engine.api == "chat" and self._chat.template.text is not None:
            raise StudyError(
                "generation.engine.api: chat has the server render the prompts by its own template; set it "
                "to completions, or leave generation.chat_template.file out"
            )
        stop = stop_token(self.tokenizer)
        self._stop = [] if stop is None else [stop]
        self._ends = {token for token in (stop, self.tokenizer.eos_token_id) if token is not None}
        self._extensions = _EXTENSIONS | ({"stop_token_ids": self._stop} if self._stop else {})
        self._model = self.engine.served_model or generation.model

    def complete(self, prompts: Sequence[Prompt], done: Collection[int] = ()) -> Iterator[Completion]:
        """Answer the prompts as the server finishes them; those that share a prefix are asked together.

        Raises EngineError where the server refuses or stays away, StudyError where it answers what was not
        asked.
        """
        waiting = [prompt for prompt in prompts if prompt.response_id not in done]

        async def ask_all(deliver: Deliver[Answered]) -> None:
            await self._ask_all(waiting, deliver)

        with closing(stream(ask_all)) as answers:
            for prompt, answer in answers:
                self._check(answer, prompt)
                yield answer.completion(prompt, self.tokenizer, self._ends)

    def close(self) -> None:
        """Nothing to give back: connections last as long as a role's prompts."""

    def _check(self, answer: ServerAnswer, prompt: Prompt) -> None:
        """Raise StudyError where another model answered, or another prompt was read."""
        if answer.model not in (None, self._model, *self.engine.accepted):
            raise EngineError(
                f"{prompt.where}: {self.engine.base_url} was asked for model {self._model!r} "
                f"and answers as {answer.model!r}; serve the right one, or, if that is its name there, set "
                f"generation.engine.accept_model: {json.dumps(answer.model)}"
            )
        answer.check_prompt(prompt, counted=not self.engine.accept_prompt_count)

    async def _ask_all(self, prompts: Sequence[Prompt], deliver: Deliver[Answered]) -> None:
        n_at_once = min(self.engine.concurrency, len(prompts))
        todo = iter(prompts)  # shared: whoever is free takes the next

        async def ask_on() -> None:
            for prompt in todo:
                deliver((prompt, await self._ask(client, prompt)))

        try:
            async with self.server.connect(n_at_once) as client, asyncio.TaskGroup() as tasks:
                for _ in range(n_at_once):
                    tasks.create_task(ask_on())
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None

    async def _ask(self, client: httpx.AsyncClient, prompt: Prompt) -> ServerAnswer:
        """Ask without what the server refuses by name: each time round it is sent fewer extensions."""
        path, about = _PATHS[self.engine.api], prompt.where
        while True:
            body = self._body(prompt)
            try:
                return await self.server.post(client, path, body, read_answer, about)
            except RefusedError as refusal:
                named = {name for name in _MAY_BE_LEFT_OUT & body.keys() if _names(refusal.reason, name)}
                if not named:
                    remedy = _remedy(refusal.reason, body)
                    raise EngineError(f"{refusal}: {remedy}") if remedy else refusal from None
                self._leave_out(named)

    def _leave_out(self, names: Collection[str]) -> None:
        """Send these extensions no more; requests under way together may each be refused for the same one."""
        if "stop_token_ids" in names and "stop_token_ids" in self._extensions:
            texts = [self.tokenizer.added_tokens_decoder[token].content for token in self._stop]
            self._extensions = self._extensions | {"stop": texts}
        if _OF_TOKENS & set(names):  # then a judge's text alone is its score
            self.n_likeliest = 0
        gone = [name for name in _SAMPLING if name in names and name in self._extensions]
        self._extensions = {name: value for name, value in self._extensions.items() if name not in names}
        if gone:
            _LOG.warning(
                f"{self.engine.base_url} refuses {', '.join(gone)}: it samples with its own default there, "
                "which may not be the study's; see to it that the server has none"
            )

    def _body(self, prompt: Prompt) -> dict[str, Any]:
        room = self.generation.max_model_len - len(prompt.token_ids)
        return {
            "model": self._model,
            **self._question(prompt),
            self.engine.max_tokens_field: min(self.generation.max_tokens, room),
            "temperature": self.generation.temperature,
            "top_p": self.generation.top_p,
            **({"seed": prompt.seed} if self.engine.send_seed else {}),
            **self._extensions,
            **self._asked_of_tokens,
        }

    @property
    def _asked_of_tokens(self) -> dict[str, Any]:
        if not self.n_likeliest:
            return {}
        if self.engine.api == "chat":
            return {"logprobs": True, "top_logprobs": self.n_likeliest}
        return {"logprobs": self.n_likeliest}

    def _question(self, prompt: Prompt) -> dict[str, Any]:
        if self.engine.api == "chat":
            messages = self._chat.messages(prompt.system_prompt, prompt.question)
            told = self._chat.template.arguments
            return {"messages": messages, **({"chat_template_kwargs": dict(told)} if told else {})}
        return {"prompt": prompt.token_ids}  # ids: to a text the server would add a second BOS


def _remedy(reason: str, body: dict[str, Any]) -> str | None:
    """Which option helps where a server refuses what every request holds; None where none is known to."""
    if "seed" in body and _names(reason, "seed"):
        return "set generation.engine.send_seed: false, and what it says cannot be made again"
    if "max_tokens" in body and _names(reason, "max_tokens"):
        return "set generation.engine.max_tokens_field: max_completion_tokens"
    if "prompt" in body and _names(reason, "prompt") and re.search(r"\b(str|string|array|list)\b", reason):
        return "it takes no token ids, so set generation.engine.api: chat"
    return None


def _names(reason: str, field: str) -> bool:
    """Return whether a refusal speaks of the field; before it may stand what JSON makes of a line break."""
    return re.search(rf"{field}(?!\w)", reason) is not None
