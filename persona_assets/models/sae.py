"""Sparse autoencoders as all else here knows them, whatever library they come from.

A library is described once. A project's own is described in the same way, and named by where its description
is: docs/extending.md.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from persona_assets.base.errors import StudyError
from persona_assets.base.given import is_folder, shown_path
from persona_assets.base.named import later, named
from persona_assets.base.project import in_project
from persona_assets.lake.fingerprint import directory_identity
from persona_assets.models.hooks import HookPoint

if TYPE_CHECKING:
    import torch

    from persona_assets.lake.lake import Lake
    from persona_assets.study.settings import SaeSettings

_AT_ONCE = 256  # features that are decoded together to see what each writes
_TRIED = 16  # rows on which it is seen that codes write along directions
_CLOSE = 1e-3  # of what an SAE decodes to: how far a sum of its directions may be from it


@dataclass(frozen=True)
class Affine:
    """The half of an SAE that encodes, where it is affine: a feature is active where x·w + b > threshold.

    `weights`: float32[d_sae, d_in]; `bias`, `threshold`: float32[d_sae], no threshold below 0. `inputs` makes
    the x of rows of the stream, both float[n, d_in].
    """

    weights: torch.Tensor
    bias: torch.Tensor
    threshold: torch.Tensor
    inputs: Callable[[torch.Tensor], torch.Tensor]


class Sae(ABC):
    """A sparse autoencoder on its device, which reads the stream at `point`: rows `float[n, d_in]`.

    `reconstructs` is False where it decodes to another stream than the one it reads, as a transcoder does.
    """

    d_in: int
    d_sae: int
    point: HookPoint
    reconstructs: bool = True

    @abstractmethod
    def encode(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the codes, float[n, d_sae], of which none is below 0, each row's from that row alone."""

    @abstractmethod
    def decode(self, codes: torch.Tensor) -> torch.Tensor:
        """Return what the codes stand for, float[n, d_in]; asked only where it `reconstructs`."""

    def affine(self) -> Affine | None:
        """Return the half that encodes, which makes it fast; None where it is not affine."""
        return None

    @property
    def writes(self) -> HookPoint | None:
        """The stream that it decodes to; None where nobody says which."""
        return self.point if self.reconstructs else None

    def directions(self) -> torch.Tensor:
        """Return what one unit of each feature adds to that stream, float32[d_sae, width]."""
        import torch

        nothing = torch.zeros(1, self.d_sae)
        rows = [
            self.decode(torch.eye(self.d_sae)[start : start + _AT_ONCE]) - self.decode(nothing)
            for start in range(0, self.d_sae, _AT_ONCE)
        ]
        return torch.cat(rows).float()

    def encoders(self) -> torch.Tensor | None:
        """Return what of the stream each feature is read by, float32[d_sae, d_in]; None where not linear."""
        affine = self.affine()
        return None if affine is None else affine.weights


def _has_folder(settings: SaeSettings) -> bool:
    return settings.path is not None and is_folder(in_project(settings.path))


def _unknown_site(_: SaeSettings) -> None:
    """Leave it to loading."""


@dataclass(frozen=True)
class SaeLibrary:
    """Something that loads SAEs.

    `load` makes the SAE that settings name on a device, and `width` tells its d_sae without loading weights;
    of an SAE that `is_here`, on this machine, it asks no network. `site` tells where such a one reads, and
    its d_in, as far as that is known before it is loaded.
    """

    load: Callable[[SaeSettings, str], Sae]
    width: Callable[[SaeSettings], int]
    is_here: Callable[[SaeSettings], bool] = _has_folder
    site: Callable[[SaeSettings], tuple[HookPoint, int | None] | None] = _unknown_site


LIBRARIES = {
    "saelens": SaeLibrary(
        load=later("persona_assets.models.saelens:load"),
        width=later("persona_assets.models.saelens:width"),
        is_here=later("persona_assets.models.saelens:is_here"),
        site=later("persona_assets.models.saelens:site"),
    )
}


def sae_library(settings: SaeSettings) -> SaeLibrary:
    """Return the library that loads the SAE. Raises StudyError where there is none of the name."""
    return named(settings.library, LIBRARIES, SaeLibrary, f"SAE {sae_name(settings)}: library")


def point_of(settings: SaeSettings) -> HookPoint:
    """Return where the SAE reads; it is loaded only where nothing else tells.

    Raises StudyError as `load_sae`.
    """
    known = sae_site(settings)
    return load_sae(settings).point if known is None else known[0]


def sae_site(settings: SaeSettings) -> tuple[HookPoint, int | None] | None:
    """Return where the SAE reads, and its d_in, as far as its configuration says; None where it has to load.

    Raises StudyError where the configuration cannot be had or read.
    """
    with _told("read the configuration of", settings):
        return sae_library(settings).site(settings)


def load_sae(settings: SaeSettings, device: str = "cpu") -> Sae:
    """Return the SAE that `settings` name, ready to encode.

    Raises StudyError, in one line, where it is missing, unreadable, or cannot be served.
    """
    with _told("load", settings):
        sae = sae_library(settings).load(settings, device)
    if not isinstance(sae, Sae):
        raise StudyError(
            f"SAE {sae_name(settings)}: library {settings.library} gives a {type(sae).__name__}, which is no "
            "persona_assets.models.sae.Sae; see docs/extending.md"
        )
    return sae


def check_directions(sae: Sae, directions: torch.Tensor, rows: torch.Tensor, what: str) -> None:
    """Raise StudyError, beginning with `what`, where codes of `rows` do not write along the `directions`.

    Rows are float[n, d_in], of which the first few are tried; directions float32[d_sae, width], as
    `Sae.directions` gives them.
    """
    rows = rows[:_TRIED].float()
    codes = sae.encode(rows)
    made = sae.decode(codes)
    sae.encode(rows)  # one that scales by the token notes how at each encoding, for one decoding
    made = made - sae.decode(codes.new_zeros(codes.shape))
    if float((made - codes @ directions).norm()) > _CLOSE * float(made.norm()):
        raise StudyError(
            f"{what} scales what it writes by the token, so that a feature has no direction of its own; use "
            "another SAE, in a study of it (responses_from)"
        )


def sae_width(settings: SaeSettings) -> int:
    """Return d_sae. Raises StudyError where the SAE is of another form, or its configuration does not say."""
    with _told("read the width of", settings):
        return sae_library(settings).width(settings)


def width_on_disk(settings: SaeSettings) -> int | None:
    """Return d_sae of an SAE on this machine; None where it is gone, or a hub would have to tell.

    Raises StudyError where the SAE's configuration does not say.
    """
    return sae_width(settings) if sae_library(settings).is_here(settings) else None


def sae_identity(settings: SaeSettings, lake: Lake | None = None) -> dict[str, Any]:
    """Return what a fingerprint holds of an SAE: the hash of its directory's files, or its release and id.

    `lake` is whose files the fingerprint is of (see `directory_identity`). Raises StudyError where there is
    no such directory or library.
    """
    sae_library(settings)
    if settings.path is not None:
        noted = lake.notes.noted if lake is not None else None
        return directory_identity(sae_directory(settings.path), noted)
    return {"release": settings.release, "id": settings.id}


def sae_name(settings: SaeSettings) -> str:
    """Return how messages call the SAE."""
    return settings.path if settings.path is not None else f"{settings.release}/{settings.id}"


def sae_directory(path: str) -> Path:
    """Return the directory that a study writes as `path`. Raises StudyError where there is none."""
    directory = in_project(path)
    if not is_folder(directory):
        raise StudyError(f"SAE {shown_path(directory)}: no such directory; check its `path` in the study")
    return directory


@contextmanager
def _told(what: str, settings: SaeSettings) -> Iterator[None]:
    """Turn whatever a library lets through of what its readers raise into `unreadable`."""
    try:
        yield
    except StudyError:
        raise
    except Exception as error:
        raise unreadable(what, settings, error) from error


def unreadable(what: str, settings: SaeSettings, error: Exception) -> StudyError:
    """Return, as one line, that it was not possible to `what` the SAE, for the reason of `error`."""
    kind = "" if isinstance(error, StudyError) else f"{type(error).__name__}: "
    reason = f"{kind}{' '.join(str(error).split())[:300]}"
    return StudyError(
        f"cannot {what} SAE {sae_name(settings)}: {reason}; check its path, or its release and id"
    )
