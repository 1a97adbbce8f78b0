"""What `generation.engine` may say to the openai backend."""

from __future__ import annotations

import os
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from persona_assets.base.errors import StudyError
from persona_assets.base.options import checked
from persona_assets.base.secrets import looks_secret

_KEY = "OPENAI_API_KEY"


def _base_url(value: str) -> str:
    import httpx

    try:
        url = httpx.URL(value)
    except httpx.InvalidURL:
        raise ValueError("is no URL") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError("must be an http or https URL, such as http://127.0.0.1:8000/v1")
    if url.userinfo or url.query or url.fragment:
        raise ValueError("must hold no user, password, query or fragment; a key comes from the environment")
    return value.rstrip("/")


def _variable(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value) or looks_secret(value):
        raise ValueError("must be the name of an environment variable that holds the key, not the key itself")
    return value


class Engine(BaseModel):
    """Which server answers, and how it is asked. None of it changes what is asked.

    `timeout`: seconds a request; `served_model`: the model's name there, by default the study's.
    `accept_model`: other names under which it may answer; `accept_prompt_count`: whether it may count a
    prompt's tokens otherwise.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: Annotated[
        str,
        AfterValidator(_base_url),
        Field(description="the server's URL, such as http://127.0.0.1:8000/v1"),
    ]
    api_key_env: Annotated[str, AfterValidator(_variable)] = _KEY
    api: Literal["completions", "chat"] = "completions"
    concurrency: Annotated[int, Field(gt=0)] = 64
    timeout: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 600.0
    retries: Annotated[int, Field(ge=0, le=100)] = 10
    served_model: str | None = None
    accept_model: str | list[str] = []
    accept_prompt_count: bool = False
    send_seed: bool = True
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"

    @property
    def accepted(self) -> list[str]:
        """Names under which the model may answer beside the one that is asked."""
        return [self.accept_model] if isinstance(self.accept_model, str) else self.accept_model

    def key(self) -> str | None:
        """The key, from the environment. Raises StudyError where one that the study names is not there."""
        key = os.environ.get(self.api_key_env, "").strip()
        if not key and "api_key_env" in self.model_fields_set:
            raise StudyError(
                f"generation.engine.api_key_env: {self.api_key_env} is not set in the environment"
            )
        if not re.fullmatch(r"[!-~]*", key):
            raise StudyError(
                f"the environment's {self.api_key_env} is no key: it holds a space or a control sign"
            )
        return key or None


def engine_options(options: dict[str, Any]) -> Engine:
    """Return the options of `generation.engine`. Raises StudyError for one that is missing or wrong."""
    return checked(Engine, options, "generation.engine", "openai")


def check_conversation(options: dict[str, Any]) -> None:
    """Raise StudyError where the server is asked in messages, of which a prompt has one."""
    if options.get("api") == "chat":
        raise StudyError(
            "generation.engine.api: chat asks one question at a time, and a conversation has several; "
            "set it to completions"
        )
