from __future__ import annotations

import pytest
from jinja2.exceptions import TemplateError
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from tests.places import TOY

MODEL = TOY / "model"


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return AutoTokenizer.from_pretrained(MODEL)


def rendered(tokenizer: PreTrainedTokenizerFast, *messages: tuple[str, str], prompt: bool = True) -> str:
    turns = [{"role": role, "content": content} for role, content in messages]
    return tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=prompt)


def test_system_message_stands_in_front_of_the_first_user_message_only(tokenizer):
    text = rendered(
        tokenizer, ("system", "Be a ghost."), ("user", "Hi"), ("assistant", "Boo"), ("user", "Again")
    )
    assert text == (
        "<bos><start_of_turn>user\nBe a ghost.\n\nHi<end_of_turn>\n<start_of_turn>model\nBoo<end_of_turn>\n"
        "<start_of_turn>user\nAgain<end_of_turn>\n<start_of_turn>model\n"
    )


def test_an_empty_system_message_is_no_message(tokenizer):
    assert rendered(tokenizer, ("system", ""), ("user", "Hi")) == rendered(tokenizer, ("user", "Hi"))


def test_contents_are_trimmed(tokenizer):
    assert rendered(tokenizer, ("user", "  Hi \n")) == rendered(tokenizer, ("user", "Hi"))


@pytest.mark.parametrize("roles", [("user", "user"), ("assistant",), ("user", "assistant", "system")])
def test_roles_that_do_not_alternate_are_refused(tokenizer, roles):
    with pytest.raises(TemplateError, match="alternate"):
        rendered(tokenizer, *[(role, "x") for role in roles])


def test_template_and_plain_call_each_give_one_bos(tokenizer):
    chat = tokenizer.apply_chat_template([{"role": "user", "content": "Hi"}], return_dict=True)["input_ids"]
    assert chat.count(tokenizer.bos_token_id) == 1 and chat[0] == tokenizer.bos_token_id
    plain = tokenizer("Hi there")["input_ids"]
    assert plain.count(tokenizer.bos_token_id) == 1 and plain[0] == tokenizer.bos_token_id


@pytest.mark.parametrize("text", ["Ahoy, matey!", "naïve 日本語 🏴‍☠️\t\n  x", "\x00\u200b½"])
def test_any_text_round_trips(tokenizer, text):
    ids = tokenizer.encode(text, add_special_tokens=False)
    assert tokenizer.decode(ids) == text


def test_turn_markers_are_single_special_tokens(tokenizer):
    ids = tokenizer.encode("<start_of_turn><end_of_turn><pad><eos>", add_special_tokens=False)
    assert len(ids) == 4 and tokenizer.decode(ids, skip_special_tokens=True) == ""
