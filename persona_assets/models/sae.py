"""Sparse autoencoders: loaded by SAELens, identified for fingerprints, and refused by name where they would
be measured wrongly.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from persona_assets.base.errors import StudyError
from persona_assets.base.given import is_folder, shown_path
from persona_assets.base.project import in_project
from persona_assets.lake.fingerprint import directory_identity
from persona_assets.models.foreign_sae import refuse_foreign
from persona_assets.study.settings import SaeSettings

if TYPE_CHECKING:
    from sae_lens import SAE

    from persona_assets.lake.lake import Lake

# Architectures whose `encode` sees one token at a time and gives codes >= 0. Left out: abstopk, whose codes
# are signed (nothing here stores a negative activation), and temporal, which needs the whole sequence.
_SERVED = {
    "standard",
    "gated",
    "topk",
    "jumprelu",
    "matching_pursuit",
    "transcoder",
    "skip_transcoder",
    "jumprelu_transcoder",
    "jumprelu_skip_transcoder",
}

# Scalings that SAELens leaves to the caller at inference, so that `encode` alone would be wrong.
_UNSERVED_NORMALIZATION = {"expected_average_only_in", "covariance_whitening"}

# Weight processing of TransformerLens that changes streams: the unprocessed model would feed other numbers.
_PROCESSING = ("fold_ln", "center_writing_weights", "fold_value_biases", "refactor_factored_attn_matrices")


def load_sae(settings: SaeSettings, device: str = "cpu", dtype: str = "float32") -> SAE[Any]:
    """The SAE that `settings` name, ready to encode flat rows `float[n, d_in]`.

    Raises StudyError, in one line, where it is missing, unreadable, or cannot be served.
    """
    from sae_lens import SAE

    name = sae_name(settings)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what SAELens warns of is checked below, or concerns training
            if settings.path is not None:
                directory = _directory(settings.path)
                refuse_foreign(directory)
                sae = SAE.load_from_disk(directory, device=device, dtype=dtype)
            else:
                assert settings.release is not None and settings.id is not None
                sae = SAE.from_pretrained(settings.release, settings.id, device=device, dtype=dtype)
    except StudyError:
        raise
    except Exception as error:  # SAELens lets through whatever its readers raise
        reason = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        raise StudyError(
            f"cannot load SAE {name}: {reason}; check its path, or its release and id"
        ) from error
    _refuse_what_would_be_wrong(sae, name)
    # The streams come flat, [n, heads * d_head]: SAELens's own reshaping of hook_z is not needed.
    sae.turn_off_forward_pass_hook_z_reshaping()
    return sae.eval().requires_grad_(False)


def sae_identity(settings: SaeSettings, lake: Lake | None = None) -> dict[str, Any]:
    """What a fingerprint holds of an SAE: the hash of its directory's files, or its release and id.

    `lake` is whose files the fingerprint is of (see `directory_identity`).
    """
    if settings.path is not None:
        return directory_identity(_directory(settings.path), lake.noted if lake is not None else None)
    return {"release": settings.release, "id": settings.id}


def sae_name(settings: SaeSettings) -> str:
    """How messages call the SAE."""
    return settings.path if settings.path is not None else f"{settings.release}/{settings.id}"


def check_finite(sae: SAE[Any], name: str) -> None:
    """Raise StudyError where a weight is NaN or infinite: such a feature would silently never fire."""
    for key, weight in sae.state_dict().items():
        if not bool(weight.isfinite().all()):
            raise StudyError(f"SAE {name}: {key} holds NaN or infinite values; get its files again")


def _directory(path: str) -> Path:
    directory = in_project(path)
    if not is_folder(directory):
        raise StudyError(f"SAE {shown_path(directory)}: no such directory; check its `path` in the study")
    return directory


def _refuse_what_would_be_wrong(sae: SAE[Any], name: str) -> None:
    architecture = sae.cfg.architecture()
    if architecture not in _SERVED:
        served = ", ".join(sorted(_SERVED))
        raise StudyError(f"SAE {name}: architecture {architecture} cannot be served; these can: {served}")
    if sae.cfg.normalize_activations in _UNSERVED_NORMALIZATION:
        raise StudyError(
            f"SAE {name}: normalize_activations {sae.cfg.normalize_activations} is not folded into its "
            "weights; fold it with SAELens and save the SAE again"
        )
    metadata = sae.cfg.metadata
    if metadata.hook_head_index is not None:
        raise StudyError(f"SAE {name}: reads a single head ({metadata.hook_head_index}), which is not served")
    processing = metadata.model_from_pretrained_kwargs or {}
    changed = [key for key in _PROCESSING if processing.get(key)]
    if changed:
        raise StudyError(
            f"SAE {name}: was trained on a model processed with {', '.join(changed)}; its stream is not the "
            "original model's, so it cannot be served"
        )
    check_finite(sae, name)
