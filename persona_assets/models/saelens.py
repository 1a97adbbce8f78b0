"""SAELens's autoencoders, adapted to `Sae`, and refused by name where they would be measured wrongly."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from persona_assets.base.errors import StudyError
from persona_assets.base.given import is_file, read_json
from persona_assets.base.project import in_project
from persona_assets.models.foreign_sae import CONFIG, refuse_foreign
from persona_assets.models.hooks import HookPoint, hook_point
from persona_assets.models.sae import Affine, Sae, sae_directory, sae_name, unreadable
from persona_assets.study.settings import SaeSettings

if TYPE_CHECKING:
    import torch
    from sae_lens import SAE

_RELU = {"standard", "transcoder", "skip_transcoder"}
_JUMP_RELU = {"jumprelu", "jumprelu_transcoder", "jumprelu_skip_transcoder"}

# Architectures whose `encode` sees one token at a time and gives codes >= 0. Left out: abstopk, whose codes
# are signed (nothing here stores a negative activation), and temporal, which needs the whole sequence.
_SERVED = {"gated", "topk", "matching_pursuit"} | _RELU | _JUMP_RELU

# Scalings that SAELens leaves to the caller at inference, so that `encode` alone would be wrong.
_UNSERVED_NORMALIZATION = {"expected_average_only_in", "covariance_whitening"}

# Weight processing of TransformerLens that changes streams: the unprocessed model would feed other numbers.
_PROCESSING = ("fold_ln", "center_writing_weights", "fold_value_biases", "refactor_factored_attn_matrices")


class SaeLens(Sae):
    """SAELens's object `sae`."""

    def __init__(self, sae: SAE[Any], name: str) -> None:
        self.sae = sae
        self.d_in, self.d_sae = sae.cfg.d_in, sae.cfg.d_sae
        metadata = sae.cfg.metadata
        self.point = hook_point(metadata.hook_name, metadata.hf_hook_name, name)
        self.reconstructs = "transcoder" not in sae.cfg.architecture()
        self.name = name

    def encode(self, rows: torch.Tensor) -> torch.Tensor:
        """As SAELens does."""
        codes: torch.Tensor = self.sae.encode(rows)
        return codes

    def decode(self, codes: torch.Tensor) -> torch.Tensor:
        """As SAELens does."""
        rows: torch.Tensor = self.sae.decode(codes)
        return rows

    def affine(self) -> Affine | None:
        """Return the encoder where it is linear in float32, then ReLU or JumpReLU."""
        import torch

        sae, architecture = self.sae, self.sae.cfg.architecture()
        if architecture not in _RELU | _JUMP_RELU or not isinstance(sae.activation_fn, torch.nn.ReLU):
            return None
        if sae.W_enc.dtype != torch.float32:
            return None
        weights = sae.W_enc.data.t().contiguous()
        sae.W_enc.data = weights.t()  # one copy serves both layouts
        bias = sae.b_enc.data
        threshold = sae.threshold.data.clamp(min=0) if architecture in _JUMP_RELU else torch.zeros_like(bias)
        return Affine(weights, bias, threshold, sae.process_sae_in)

    @property
    def writes(self) -> HookPoint | None:
        """The stream that it reads, or of a transcoder the one that its metadata name."""
        metadata = self.sae.cfg.metadata
        if self.reconstructs or not metadata.hook_name_out:
            return super().writes
        return hook_point(metadata.hook_name_out, metadata.hf_hook_name_out, self.name)

    def directions(self) -> torch.Tensor:
        """Return the decoder's weights: what a scaling by the token, where there is one, is applied to."""
        rows: torch.Tensor = self.sae.W_dec.data
        return rows / rows.norm(dim=1, keepdim=True) if self._scales_by_decoder else rows

    def encoders(self) -> torch.Tensor | None:
        """Return the encoder's weights; None of one that encodes by the decoder, as matching pursuit does."""
        weights = getattr(self.sae, "W_enc", None)
        return None if weights is None else weights.data.t()

    @property
    def _scales_by_decoder(self) -> bool:
        return bool(getattr(self.sae.cfg, "rescale_acts_by_decoder_norm", False))


def load(settings: SaeSettings, device: str) -> Sae:
    """Return the SAE that `settings` name, in float32. Raises StudyError where it cannot be served."""
    from sae_lens import SAE

    name, options = sae_name(settings), {"device": device, "dtype": "float32"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what SAELens warns of is checked below, or concerns training
        if settings.path is not None:
            directory = sae_directory(settings.path)
            refuse_foreign(directory)
            sae = SAE.load_from_disk(directory, **options)
        else:
            assert settings.release is not None and settings.id is not None
            sae = SAE.from_pretrained(settings.release, settings.id, **options)
    _refuse_what_would_be_wrong(sae, name)
    # The streams come flat, [n, heads * d_head]: SAELens's own reshaping of hook_z is not needed.
    sae.turn_off_forward_pass_hook_z_reshaping()
    return SaeLens(sae.eval().requires_grad_(False), name)


def width(settings: SaeSettings) -> int:
    """Return d_sae, read from the configuration. Raises StudyError where it does not say."""
    if settings.path is not None and in_project(settings.path).is_dir():
        refuse_foreign(in_project(settings.path))
    try:
        return int(_config(settings)["d_sae"])
    except Exception as error:  # the hub's client and SAELens let through whatever they meet
        raise unreadable("read the width of", settings, error) from error


def is_here(settings: SaeSettings) -> bool:
    """Return whether the SAE's configuration is on this machine."""
    return settings.path is not None and is_file(in_project(settings.path) / CONFIG)


def site(settings: SaeSettings) -> tuple[HookPoint, int | None] | None:
    """Return where an SAE in a folder reads, and its d_in, as its configuration says; None if it is none."""
    content = _config(settings)
    if not isinstance(content, dict):
        return None
    metadata = content.get("metadata")
    told = content | (metadata if isinstance(metadata, dict) else {})  # old files have no metadata
    d_in = content.get("d_in")
    point = hook_point(told.get("hook_name"), told.get("hf_hook_name"), sae_name(settings))
    return point, d_in if isinstance(d_in, int) else None


def _config(settings: SaeSettings) -> Any:
    if settings.path is not None:
        return read_json(in_project(settings.path) / CONFIG)
    from sae_lens.loading.pretrained_sae_loaders import load_sae_config_from_huggingface

    return load_sae_config_from_huggingface(settings.release, settings.id)


def _check_finite(sae: SAE[Any], name: str) -> None:
    """Raise StudyError where a weight is NaN or infinite: such a feature would silently never fire."""
    for key, weight in sae.state_dict().items():
        if not bool(weight.isfinite().all()):
            raise StudyError(f"SAE {name}: {key} holds NaN or infinite values; get its files again")


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
    _check_finite(sae, name)
