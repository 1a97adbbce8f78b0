"""Axes and caps in files that whoever starts the explorer offers its page Steer, each by its file's name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from persona_assets.base.errors import StudyError
from persona_assets.base.given import printable
from persona_assets.models.hooks import output_layer
from persona_assets.models.loading import text_config
from persona_assets.models.sae import point_of
from persona_assets.study.study import Study
from persona_assets.vectors.published import read_axis

if TYPE_CHECKING:
    from persona_assets.steering.caps import Cap


@dataclass(frozen=True)
class Offered:
    """Under each SAE the files of `axes` that have the stream it reads; and `caps`. By default nothing."""

    axes: Mapping[str, Mapping[str, Path]] = field(default_factory=dict)
    caps: Mapping[str, Cap] = field(default_factory=dict)

    @classmethod
    def read(cls, study: Study, axes: Sequence[Path], caps: Sequence[Path]) -> Offered:
        """Return what files hold, no model loaded.

        Raises StudyError where one holds nothing of the study's model, or two of a kind have one name.
        """
        from persona_assets.steering.caps import check_fits_model, read_cap

        extraction = study.settings.extraction
        config = text_config(extraction.model, extraction.revision)
        held = {name: read_cap(file) for name, file in _named(caps, "--cap-file")}
        for name, cap in held.items():
            check_fits_model(cap, config.num_hidden_layers, config.hidden_size, f"--cap-file {name}")
        found: dict[str, dict[str, Path]] = {sae: {} for sae in extraction.saes}
        for name, file in _named(axes, "--axis-file"):
            for sae in _saes_of(study, file, config):
                found[sae][name] = file.absolute()
        return cls(found, held)


def _saes_of(study: Study, file: Path, config: Any) -> list[str]:
    """Return the SAEs whose stream an axis's file has. Raises StudyError where it has that of none."""
    fit, why_not = list[str](), list[StudyError]()
    for sae, settings in study.settings.extraction.saes.items():
        if (layer := output_layer(point_of(settings))) is None:
            continue
        try:
            read_axis(file, layer, config.hidden_size, config.num_hidden_layers)
        except StudyError as error:
            why_not.append(error)
        else:
            fit.append(sae)
    if not fit:
        unread = StudyError(f"{file}: is of layers' outputs, which no SAE of the study reads")
        raise next(iter(why_not), unread)
    return fit


def _named(files: Iterable[Path], option: str) -> list[tuple[str, Path]]:
    """Return files by the names that a page can show. Raises StudyError where two have the same."""
    named = dict[str, Path]()
    for file in files:
        if (name := printable(file.name)) in named:
            raise StudyError(f"{option}: two files are called {name}; give one of them another name")
        named[name] = file
    return list(named.items())
