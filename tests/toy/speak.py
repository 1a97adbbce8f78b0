"""Let the demo model answer, many conversations at a time."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from transformers import Gemma3ForCausalLM, PreTrainedTokenizerFast

from tests.toy.speaker import Conversation
from tests.toy.train_model import stop_ids

MAX_TOKENS = 128
BATCH = 128


@dataclass(frozen=True)
class Answer:
    """A sampled text, and whether the model ended it itself within `MAX_TOKENS`."""

    text: str
    ended: bool


@torch.inference_mode()
def answers(
    model: Gemma3ForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    prompts: list[list[dict[str, str]]],
    seed: int,
) -> list[Answer]:
    """One sampled answer (temperature 0.7, top_p 0.9) to each list of messages, in their order."""
    torch.manual_seed(seed)
    found: dict[int, Answer] = {}
    order = sorted(range(len(prompts)), key=lambda index: len(str(prompts[index])))
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        found |= zip(chosen, _batch(model, tokenizer, [prompts[index] for index in chosen]), strict=True)
    return [found[index] for index in range(len(prompts))]


def _batch(
    model: Gemma3ForCausalLM, tokenizer: PreTrainedTokenizerFast, prompts: list[list[dict[str, str]]]
) -> list[Answer]:
    inputs = tokenizer.apply_chat_template(
        prompts, add_generation_prompt=True, padding=True, return_dict=True, return_tensors="pt"
    )
    output = model.generate(
        **inputs, max_new_tokens=MAX_TOKENS, do_sample=True, temperature=0.7, top_p=0.9, top_k=0
    )
    new = output[:, inputs["input_ids"].shape[1] :]
    ended = torch.isin(new, torch.tensor(stop_ids(tokenizer))).any(dim=1).tolist()
    return [
        Answer(*pair)
        for pair in zip(tokenizer.batch_decode(new, skip_special_tokens=True), ended, strict=True)
    ]


def in_own_words(
    model: Gemma3ForCausalLM, tokenizer: PreTrainedTokenizerFast, scripts: list[Conversation], seed: int
) -> list[Conversation]:
    """The conversations with every model turn answered anew by the model, on top of its own earlier turns."""
    spoken = [copy.deepcopy(script) for script in scripts]
    for conversation in spoken:
        conversation.models = []
    for turn in range(max(len(script.users) for script in scripts)):
        waiting = [conversation for conversation in spoken if len(conversation.users) > turn]
        prompts = [_prompt(conversation, turn) for conversation in waiting]
        for conversation, said in zip(waiting, answers(model, tokenizer, prompts, seed + turn), strict=True):
            conversation.models.append(said.text)
    return spoken


def _prompt(conversation: Conversation, turn: int) -> list[dict[str, str]]:
    so_far = Conversation(
        conversation.kind, conversation.system, conversation.users[:turn], conversation.models[:turn]
    )
    return [*so_far.messages(), {"role": "user", "content": conversation.users[turn]}]
