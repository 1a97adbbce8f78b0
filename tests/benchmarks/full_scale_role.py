"""What one role of the full-size synthetic study holds: drawn so that it looks like a real SAE's, seeded.

1,200 responses, 65,536 features, of which about 4,000 fire in a response: a few always, most seldom. A role
prefers features in its own way, and has 300 that are its own. Activations are log-normal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from persona_assets.lake.schema import ACTIVATIONS, EVIDENCE, POOLED, RESPONSES

D_SAE, N_ACTIVE, N_OWN = 65_536, 4_000, 300
N_VARIANTS, N_QUESTIONS = 5, 240
TOP, WINDOW = 3, 4
VOCABULARY = 50_000
RESPONSE_IDS = np.array(
    [variant * 100_000 + question for variant in range(N_VARIANTS) for question in range(N_QUESTIONS)],
    np.int32,
)
N_RESPONSES = len(RESPONSE_IDS)
_SEED, _MOST = 7, 0.98
_SHORTEST, _LONGEST = 60, 512  # tokens of a response
_WORDS = pa.array([f" w{number:04}" for number in range(5_000)])

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Population:
    """All roles' features: how often each fires, and the logarithm of its usual maximum; float[d_sae]."""

    density: Floats
    location: Singles

    @classmethod
    def drawn(cls) -> Population:
        """The one population there is."""
        random = np.random.default_rng(_SEED)
        density = np.exp(1.5 * random.standard_normal(D_SAE))
        for _ in range(20):
            density = np.minimum(density * (N_ACTIVE / density.sum()), _MOST)
        return cls(density, (4 + 0.8 * random.standard_normal(D_SAE)).astype(np.float32))


@dataclass(frozen=True)
class Fired:
    """A role's nonzero activations, sorted by feature and response; one dimension each, `lengths` apart."""

    feature: Ints
    response: Ints  # a place in RESPONSE_IDS
    mean: Singles
    max: Singles
    n_active: Ints
    argmax: Ints
    lengths: Ints  # tokens, [n_responses]

    @cached_property
    def activations(self) -> pa.Table:
        """`schema.ACTIVATIONS`."""
        columns = [self.feature, RESPONSE_IDS[self.response], self.mean, self.max, self.n_active, self.argmax]
        return pa.table(columns, schema=ACTIVATIONS.schema)


def fired(population: Population, number: int) -> Fired:
    """What fires in role `number`."""
    random = np.random.default_rng([_SEED, number])
    density = population.density * np.exp(0.5 * random.standard_normal(D_SAE) - 0.125)
    density = np.minimum(density * ((N_ACTIVE - 0.7 * N_OWN) / density.sum()), _MOST)
    location = population.location.copy()
    own = random.choice(np.flatnonzero(population.density < np.median(population.density)), N_OWN, False)
    density[own] = random.uniform(0.5, 0.9, N_OWN)
    location[own] += 1.5
    feature, response = _cells(density, random)
    lengths = random.integers(_SHORTEST, _LONGEST, N_RESPONSES, dtype=np.int32)
    n, of = len(feature), lengths[response]
    maximum = np.exp(location[feature] + 0.6 * random.standard_normal(n, dtype=np.float32))
    n_active = np.minimum(1 + (8 * random.standard_exponential(n, dtype=np.float32)).astype(np.int32), of)
    share = n_active.astype(np.float32) / of.astype(np.float32)
    mean = maximum * share * (0.3 + 0.4 * random.random(n, dtype=np.float32))
    argmax = (random.random(n, dtype=np.float32) * of).astype(np.int32)
    argmax = np.minimum(argmax, of - 1)
    return Fired(feature, response, mean, maximum, n_active, argmax, lengths)


def pooled(role: Fired) -> pa.Table:
    """`schema.POOLED`: every response."""
    variant, question = np.divmod(RESPONSE_IDS, 100_000)
    n_active = np.bincount(role.response, minlength=N_RESPONSES)
    reasons = pa.nulls(N_RESPONSES, pa.string())
    columns = [RESPONSE_IDS, variant, question, role.lengths, n_active, np.zeros(N_RESPONSES)]
    return pa.table([*columns, reasons], names=POOLED.schema.names).cast(POOLED.schema)


def evidence(role: Fired, number: int) -> pa.Table:
    """`schema.EVIDENCE`: the `TOP` responses of each feature, `WINDOW` tokens on each side of the peak."""
    random = np.random.default_rng([_SEED, number, 1])
    starts = np.flatnonzero(np.diff(role.feature, prepend=-1))
    entry, rank = _strongest(role.max, starts)
    width = 2 * WINDOW + 1
    start = np.clip(role.argmax[entry] - WINDOW, 0, role.lengths[role.response[entry]] - width)
    values = random.random((len(entry), width), dtype=np.float32) * role.max[entry, None]
    values[np.arange(len(entry)), role.argmax[entry] - start] = role.max[entry]
    ids = random.integers(0, VOCABULARY, values.size, dtype=np.int32)
    offsets = pa.array(np.arange(len(entry) + 1, dtype=np.int32) * width)
    lists = [
        pa.ListArray.from_arrays(offsets, content)
        for content in (pa.array(ids), _WORDS.take(pa.array(ids % len(_WORDS))), pa.array(values.ravel()))
    ]
    columns = [role.feature[entry], rank, RESPONSE_IDS[role.response[entry]], start.astype(np.int32), *lists]
    return pa.table(columns, schema=EVIDENCE.schema)


def responses(role: Fired, number: int, prompts: Sequence[str], questions: Sequence[str]) -> pa.Table:
    """`schema.RESPONSES`, a word a token; `prompts`, one a variant."""
    random = np.random.default_rng([_SEED, number, 2])
    variant, question = np.divmod(RESPONSE_IDS, 100_000)
    ids = random.integers(0, VOCABULARY, role.lengths.sum(), dtype=np.int32)
    offsets = np.concatenate([[0], np.cumsum(role.lengths)]).astype(np.int32)
    bounds = pairwise(offsets.tolist())
    words = np.array(_WORDS.to_pylist())[ids % len(_WORDS)]
    asked = random.integers(0, VOCABULARY, (N_RESPONSES, 60), dtype=np.int32)
    columns = {
        "response_id": RESPONSE_IDS,
        "variant": variant,
        "question_id": question,
        "system_prompt": [prompts[place] for place in variant],
        "question": [questions[place] for place in question],
        "response": ["".join(words[a:b]) for a, b in bounds],
        "prompt_token_ids": list(asked),
        "response_token_ids": pa.ListArray.from_arrays(pa.array(offsets), pa.array(ids)),
        "token_source": ["generated"] * N_RESPONSES,
        "n_prompt_tokens": np.full(N_RESPONSES, 60),
        "n_response_tokens": role.lengths,
        "finish_reason": ["stop"] * N_RESPONSES,
        "seed": np.arange(N_RESPONSES),
        "origin": ["vllm"] * N_RESPONSES,
    }
    return pa.table(columns).cast(RESPONSES.schema)


def _cells(density: Floats, random: np.random.Generator) -> tuple[Ints, Ints]:
    """Feature and response of every pair that fires, sorted: each with its feature's density.

    A Poisson process along all pairs one after another, in time that the pairs divide by their rates: that
    costs a draw a firing pair, not one a pair.
    """
    rate = -np.log1p(-density)
    begin = np.concatenate([[0], np.cumsum(rate * N_RESPONSES)])
    n_drawn = int(begin[-1] + 8 * np.sqrt(begin[-1]))
    moment = np.cumsum(random.standard_exponential(n_drawn))
    bounds = np.searchsorted(moment, begin)
    counts = np.diff(bounds)
    feature = np.repeat(np.arange(D_SAE, dtype=np.int32), counts)
    moment = moment[: bounds[-1]]
    moment -= np.repeat(begin[:-1], counts)
    moment *= np.repeat(1 / rate, counts)
    response = np.minimum(moment.astype(np.int32), N_RESPONSES - 1)
    pair = feature * np.int32(N_RESPONSES) + response
    new = np.empty(len(pair), bool)
    new[0] = True
    np.not_equal(pair[1:], pair[:-1], out=new[1:])
    return feature[new], response[new]


def _strongest(maximum: Singles, starts: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], Ints]:
    """Entry and rank (from 1) of each feature's `TOP` entries, by feature and rank; `starts`: its first."""
    left, counts = maximum.copy(), np.diff(starts, append=len(maximum))
    entries, ranks, features = [], [], []
    for rank in range(1, TOP + 1):
        best = np.maximum.reduceat(left, starts)
        at = np.flatnonzero((left == np.repeat(best, counts)) & (left > 0))
        feature = np.searchsorted(starts, at, "right")
        at = at[np.diff(feature, prepend=0) > 0]
        left[at] = 0
        entries.append(at)
        ranks.append(np.full(len(at), rank, np.int32))
        features.append(np.searchsorted(starts, at, "right"))
    order = np.lexsort((np.concatenate(ranks), np.concatenate(features)))
    return np.concatenate(entries)[order], np.concatenate(ranks)[order]
