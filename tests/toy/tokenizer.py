"""The demo's own tokenizer: a byte-level BPE with a chat template in the manner of Gemma 3."""

from __future__ import annotations

from collections.abc import Iterable

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

VOCABULARY = 3072
MAX_LENGTH = 32_768
SPECIAL = ["<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>"]

# As in Gemma 3 there is no system turn: a system message stands in front of the first user message. An empty
# one is no message. Contents are trimmed; roles must alternate.
CHAT_TEMPLATE = """\
{{- bos_token -}}
{%- set lead = namespace(text='') -%}
{%- set turns = messages -%}
{%- if messages and messages[0]['role'] == 'system' -%}
  {%- set turns = messages[1:] -%}
  {%- if messages[0]['content'] | trim -%}
    {%- set lead.text = messages[0]['content'] | trim + '\\n\\n' -%}
  {%- endif -%}
{%- endif -%}
{%- for turn in turns -%}
  {%- if turn['role'] != ('user' if loop.index0 is even else 'assistant') -%}
    {{- raise_exception('Conversation roles must alternate: user, assistant, user, assistant, ...') -}}
  {%- endif -%}
  {{- '<start_of_turn>' + ('model' if turn['role'] == 'assistant' else 'user') + '\\n' -}}
  {{- (lead.text if loop.first else '') + turn['content'] | trim + '<end_of_turn>\\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
  {{- '<start_of_turn>model\\n' -}}
{%- endif -%}
"""


def train_tokenizer(texts: Iterable[str], vocabulary: int = VOCABULARY) -> PreTrainedTokenizerFast:
    """A tokenizer of `vocabulary` entries trained on `texts`; any Unicode text round-trips through its bytes.

    A plain call puts one ``<bos>`` in front, as Gemma's does; rendered chat templates already hold theirs.
    """
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    bpe.train_from_iterator(texts, trainer)
    bpe.post_processor = processors.TemplateProcessing(
        single="<bos> $A", pair="<bos> $A <bos> $B", special_tokens=[("<bos>", SPECIAL.index("<bos>"))]
    )
    return _wrapped(bpe)


def _wrapped(bpe: Tokenizer) -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        bos_token="<bos>",
        eos_token="<eos>",
        pad_token="<pad>",
        unk_token="<unk>",
        additional_special_tokens=["<start_of_turn>", "<end_of_turn>"],
        chat_template=CHAT_TEMPLATE,
        model_max_length=MAX_LENGTH,
        padding_side="left",
        clean_up_tokenization_spaces=False,
    )
