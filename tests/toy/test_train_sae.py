from __future__ import annotations

import pytest
import torch
from sae_lens import SAE

from tests.places import PROJECT, TOY
from tests.toy.build import load_model, spoken
from tests.toy.catalog import load_catalog
from tests.toy.encoding import encode
from tests.toy.residuals import Residuals, residuals
from tests.toy.sae_figures import mean_codes, role_aurocs, sae_fit
from tests.toy.train_sae import LAYER

DATA = PROJECT / "data"
SEED = 4711  # not one of those that the demo was made with


@pytest.fixture(scope="module")
def sae() -> SAE:
    return SAE.load_from_disk(TOY / "sae")


@pytest.fixture(scope="module")
def found() -> tuple[Residuals, list[str]]:
    """Residuals of conversations that the model speaks anew, and the role of each."""
    torch.set_num_threads(2)
    model, tokenizer = load_model(TOY / "model")
    drawn = spoken(load_catalog(DATA), model, tokenizer, 48, SEED)
    return residuals(model, [encode(one, tokenizer) for one in drawn], LAYER), [
        one.voices[0] for one in drawn
    ]


def test_committed_sae_is_stored_as_jumprelu_and_says_where_it_hooks(sae):
    assert sae.cfg.architecture() == "jumprelu"
    assert sae.cfg.metadata.hook_name == f"blocks.{LAYER}.hook_resid_post"
    assert sae.cfg.metadata.prepend_bos is True
    assert (sae.cfg.d_in, sae.W_dec.dtype) == (192, torch.float32)


def test_committed_sae_leaves_less_than_a_tenth_of_the_variance_unexplained(sae, found):
    where = found[0]
    assert sae_fit(sae, where.values[where.said]).fvu < 0.1
    assert sae_fit(sae, where.values).fvu < 0.1


def test_committed_sae_is_sparse(sae, found):
    assert 5 < sae_fit(sae, found[0].values).l0 < 40


def test_single_features_tell_roles_apart(sae, found):
    where, roles = found
    aurocs = sorted(role_aurocs(mean_codes(sae, where), roles).values())
    assert aurocs[len(aurocs) // 2] > 0.95


def test_mean_codes_are_means_over_response_tokens_alone(sae, found):
    where = found[0]
    first = sae.encode(where.values[(where.document == 0) & where.said]).mean(0)
    torch.testing.assert_close(torch.from_numpy(mean_codes(sae, where)[0]), first, rtol=1e-4, atol=2e-5)
