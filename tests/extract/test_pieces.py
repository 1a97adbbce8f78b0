from __future__ import annotations

import numpy as np
import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from persona_assets.extract.pieces import Spelling

TEXTS = [
    "海盗の海 🏴‍☠️ café",
    "السلام عليكم",
    "🦜🦜 Arr",
    "🇯🇵🇫🇷 and 👍🏽",
    "家族 👨‍👩‍👧 は e\u0301",
    "नमस्ते दुनिया",
    "plain words, nothing else",
]


@pytest.fixture(scope="module")
def ascii_bytes() -> PreTrainedTokenizerFast:
    """A byte-level BPE that has learned English only: every other character is split into its bytes."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=300, initial_alphabet=alphabet, show_progress=False)
    bpe.train_from_iterator(["the sea is wide and the wind is fair, ahoy, arr"] * 9, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=bpe)


@pytest.fixture(scope="module")
def byte_fallback() -> PreTrainedTokenizerFast:
    """A BPE that spells what it does not know as `<0xE6>`, as Gemma's and Llama's do."""
    letters = "▁abcdefghijklmnopqrstuvwxyzA,"
    names = ["<unk>", *(f"<0x{byte:02X}>" for byte in range(256)), *letters]
    vocabulary = {name: place for place, name in enumerate(names)}
    bpe = Tokenizer(models.BPE(vocabulary, [], unk_token="<unk>", byte_fallback=True))
    bpe.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
    bpe.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    return PreTrainedTokenizerFast(tokenizer_object=bpe)


def pieces(ids, tokenizer, weights=None, starts=(0,)) -> list[str]:
    ids = np.array(ids, dtype=np.int32)
    spelling = Spelling.of(ids, np.array(starts, dtype=np.int64), tokenizer)
    weights = np.zeros(len(ids)) if weights is None else np.array(weights)
    return spelling.pieces(np.arange(len(ids)), np.zeros(len(ids), dtype=np.int64), weights).to_pylist()


def ids_of(text: str, tokenizer) -> list[int]:
    return tokenizer(text, add_special_tokens=False)["input_ids"]


@pytest.mark.parametrize("kind", ["ascii_bytes", "byte_fallback"])
@pytest.mark.parametrize("text", TEXTS)
def test_pieces_joined_read_as_the_text_did_in_every_script(text, kind, request) -> None:
    tokenizer = request.getfixturevalue(kind)
    ids = ids_of(text, tokenizer)
    found = pieces(ids, tokenizer)
    assert len(found) == len(ids)
    assert "".join(found) == text
    assert not any("\N{REPLACEMENT CHARACTER}" in piece for piece in found)


def test_pieces_joined_read_as_the_text_did_with_control_tokens_and_spaces(tokenizer) -> None:
    text = "Ahoy! The sea is wide, and\n  my ship sails.<end_of_turn>\n"
    found = pieces(ids_of(text, tokenizer), tokenizer)
    assert "".join(found) == text
    assert any(piece.startswith(" ") for piece in found)


def test_each_character_has_a_text_of_its_own(ascii_bytes) -> None:
    found = pieces(ids_of("海盗の", ascii_bytes), ascii_bytes)
    assert found == ["海", "", "", "盗", "", "", "の", "", ""]
    shalom = pieces(ids_of("\u05e9\u05dc\u05d5\u05dd", ascii_bytes), ascii_bytes)
    assert shalom == ["\u05e9", "", "\u05dc", "", "\u05d5", "", "\u05dd", ""]


def test_an_emoji_of_several_characters_is_one_text(ascii_bytes) -> None:
    for emoji in ("🏴‍☠️", "👨‍👩‍👧", "👍🏽", "🇯🇵"):
        assert [piece for piece in pieces(ids_of(emoji * 2, ascii_bytes), ascii_bytes) if piece] == [
            emoji
        ] * 2


def test_the_text_stands_at_the_token_with_the_largest_weight(ascii_bytes) -> None:
    ids = ids_of("海盗", ascii_bytes)
    assert pieces(ids, ascii_bytes, [0, 0, 2, 1, 5, 5]) == ["", "", "海", "", "盗", ""]


def test_windows_that_cut_a_character_still_show_it_whole(ascii_bytes) -> None:
    ids = np.array(ids_of("海盗", ascii_bytes), dtype=np.int32)
    spelling = Spelling.of(ids, np.array([0]), ascii_bytes)
    at, window = np.array([2, 3, 4, 1]), np.array([0, 0, 0, 1])
    assert spelling.pieces(at, window, np.array([0, 1, 2, 0])).to_pylist() == ["海", "", "盗", "海"]


def test_no_character_reaches_from_one_text_into_the_next(ascii_bytes) -> None:
    ids = ids_of("海", ascii_bytes)
    assert pieces(ids, ascii_bytes, starts=(0, 2)) == [
        "\N{REPLACEMENT CHARACTER}",
        "",
        "\N{REPLACEMENT CHARACTER}",
    ]


@pytest.mark.parametrize("kind", ["ascii_bytes", "byte_fallback"])
def test_bytes_that_make_no_character_are_one_mark_and_spoil_no_other(kind, request) -> None:
    tokenizer = request.getfixturevalue(kind)
    sea = ids_of("海", tokenizer)
    assert "".join(pieces([sea[1], *sea], tokenizer)).endswith("海")
    cut_off = [*ids_of("a海", tokenizer), *sea[:2]]
    assert "".join(pieces(cut_off, tokenizer)).rstrip("\N{REPLACEMENT CHARACTER}") == "a海"
    assert "".join(pieces(sea[:2], tokenizer)) == tokenizer.decode(sea[:2])
    assert len(pieces(sea[:2] * 500, tokenizer)) == 1000


def test_leading_spaces_survive_a_decoder_that_strips_the_first() -> None:
    vocabulary = {"<unk>": 0, "▁sea": 1, "▁wind": 2, "s": 3, "▁a": 4}
    words = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Metaspace()
    words.decoder = decoders.Metaspace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words)
    assert tokenizer.decode([1]) == "sea"
    assert pieces([1, 3, 2], tokenizer) == [" sea", "s", " wind"]


def test_no_tokens_have_no_pieces(ascii_bytes) -> None:
    assert pieces([], ascii_bytes, starts=()) == []
