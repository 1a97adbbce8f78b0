"""The demo's chat model: a Gemma 3 of about three million parameters, trained from scratch on the corpus."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from random import Random

import torch
from torch.nn.functional import cross_entropy
from torch.optim.lr_scheduler import LambdaLR
from transformers import Gemma3ForCausalLM, Gemma3TextConfig, GenerationConfig, PreTrainedTokenizerFast

from tests.toy.encoding import Document, batches, padded
from tests.toy.tokenizer import MAX_LENGTH

HIDDEN = 192
LAYER_TYPES = ["sliding_attention", "sliding_attention", "full_attention"] * 2
BATCH_TOKENS = 2048
SHORT = 140  # tokens; the conversations of the first phase
SHORT_SHARE = 0.5  # of the steps
MATRIX_RATE = 4e-3  # Muon, for the layers' matrices: on this size it learns several times faster than AdamW
OTHER_RATE = 3e-3  # AdamW, for the embedding and the norms
Report = Callable[[str], None]


def new_model(tokenizer: PreTrainedTokenizerFast, seed: int) -> Gemma3ForCausalLM:
    """An untrained model for the tokenizer's vocabulary: 6 layers, d_in 192, sliding and full attention."""
    torch.manual_seed(seed)
    config = Gemma3TextConfig(
        vocab_size=len(tokenizer),
        hidden_size=HIDDEN,
        intermediate_size=512,
        num_hidden_layers=len(LAYER_TYPES),
        layer_types=LAYER_TYPES,
        sliding_window=512,
        num_attention_heads=6,
        num_key_value_heads=2,
        head_dim=32,  # a size that vLLM's attention kernels have too
        query_pre_attn_scalar=32,
        max_position_embeddings=MAX_LENGTH,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=stop_ids(tokenizer),
        pad_token_id=tokenizer.pad_token_id,
    )
    model = Gemma3ForCausalLM(config)
    _keep_tokens_audible(model)
    model.generation_config = GenerationConfig(
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=stop_ids(tokenizer),
        pad_token_id=tokenizer.pad_token_id,
        do_sample=True,
        temperature=0.7,
        top_p=0.9,
    )
    return model


@torch.no_grad()
def _keep_tokens_audible(model: Gemma3ForCausalLM) -> None:
    """Start with an embedding as loud as the blocks, which would else drown the tokens to be copied."""
    model.model.embed_tokens.weight.normal_(0, HIDDEN**-0.5)
    for layer in model.model.layers:
        layer.post_attention_layernorm.weight.fill_(-0.7)  # Gemma's norms scale by 1 + weight
        layer.post_feedforward_layernorm.weight.fill_(-0.7)


def stop_ids(tokenizer: PreTrainedTokenizerFast) -> list[int]:
    """The tokens that end an answer: ``<eos>`` and ``<end_of_turn>``."""
    return [int(tokenizer.eos_token_id), int(tokenizer.convert_tokens_to_ids("<end_of_turn>"))]


def train_model(
    model: Gemma3ForCausalLM,
    documents: list[Document],
    drills: list[Document],
    steps: int,
    seed: int,
    report: Report,
) -> None:
    """Train in place for `steps` batches of at most `BATCH_TOKENS`; the loss is on what the model says.

    Short documents and drills first: copying a topic out of the question is learned sooner in short contexts.
    """
    model.set_attn_implementation("eager")  # on a CPU, and at these lengths, the faster one
    optimizers = _optimizers(model)
    schedules = [LambdaLR(optimizer, lambda step: _rate(step, steps)) for optimizer in optimizers]
    short = [document for document in documents if len(document.ids) <= SHORT]
    phases = [batches(pool, BATCH_TOKENS, Random(seed)) for pool in (short + drills, documents)]
    model.train()
    started = time.perf_counter()
    for step in range(1, steps + 1):
        loss = _step(model, next(phases[step > SHORT_SHARE * steps]), optimizers)
        for schedule in schedules:
            schedule.step()
        if step % max(steps // 20, 1) == 0:
            report(f"model step {step}/{steps}  loss {loss:.3f}  {time.perf_counter() - started:.0f} s")
    model.eval()


def _optimizers(model: Gemma3ForCausalLM) -> list[torch.optim.Optimizer]:
    matrices = [weight for weight in model.model.layers.parameters() if weight.ndim == 2]
    inner = {id(weight) for weight in matrices}
    others = [weight for weight in model.parameters() if id(weight) not in inner]
    return [
        torch.optim.Muon(matrices, lr=MATRIX_RATE, weight_decay=0.05, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(others, lr=OTHER_RATE, betas=(0.9, 0.98), weight_decay=0.0),
    ]


def _step(model: Gemma3ForCausalLM, batch: list[Document], optimizers: list[torch.optim.Optimizer]) -> float:
    ids, said = padded(batch, int(model.config.pad_token_id or 0))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = response_loss(model, ids, said)
    for optimizer in optimizers:
        optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for optimizer in optimizers:
        optimizer.step()
    return float(loss.detach())


def response_loss(model: Gemma3ForCausalLM, ids: torch.Tensor, said: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy in nats a token over the tokens that the model says (ids, said: [n, length])."""
    hidden = model.model(input_ids=ids[:, :-1], use_cache=False).last_hidden_state
    target = said[:, 1:]
    logits = model.lm_head(hidden[target])  # only where a response token is predicted
    return cross_entropy(logits.float(), ids[:, 1:][target])


def _rate(step: int, steps: int) -> float:
    warmup = max(steps // 20, 1)
    if step < warmup:
        return (step + 1) / warmup
    progress = (step - warmup) / max(steps - warmup, 1)
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress))
