"""`persona cap`: floors under the assistant axis as files that a model is run with, and what they do."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from persona_assets.base.arrays import Singles
from persona_assets.base.errors import StudyError
from persona_assets.cli.answers import print_if_any, print_rows
from persona_assets.cli.arguments import check_sae
from persona_assets.cli.bar import bar
from persona_assets.cli.drift import answered, named_sources
from persona_assets.drift.transcript import Transcript
from persona_assets.study.study import Study
from persona_assets.warehouse import publish

_SEED = 0  # of the random directions


_HEADER = ("what", "effect", "low", "high", "n", "control_low", "control_high", "p", "left_out")


def write_caps(
    study: Study, files: Sequence[Path], axis: Path | None, quantile: float, to: Path | None,
    saes: Sequence[str], answer: bool, controls: int, output: str,
) -> None:  # fmt: skip
    """Write floors under the assistant axis, or under the one of a file, in the layer whose output each SAE
    reads, and say where they lie; and, of the conversations in `files`, what they do.

    Raises StudyError where the study keeps no vectors, has no axis, or a file holds none of its model.
    """
    from persona_assets.interchange.capping import write_capping_config
    from persona_assets.stages.across_roles import AcrossRoles
    from persona_assets.steering.calibrating import calibrations, cap_of, random_caps
    from persona_assets.steering.caps import write_cap

    for name in saes:
        check_sae(study, name)
    file, beside = _outputs(study, to)
    if not 0 < quantile < 1:
        raise StudyError(f"--quantile {quantile:g}: must lie between 0 and 1")
    if answer and not files:
        raise StudyError(
            "--answer needs conversations whose user is answered: persona cap STUDY FILE --answer"
        )
    sources = named_sources(files)  # what cannot be read is told before anything is written
    across = AcrossRoles.of(study)
    found = calibrations(across, list(dict.fromkeys(saes)) or [study.default_sae])
    directions, about = zip(*(_direction(study, one, axis) for one in found), strict=True)
    cap = cap_of(study, found, directions, quantile, about)
    measured_with = _check_measuring(across, found, answer) if sources else []
    write_cap(cap, file)
    experiment = write_capping_config(cap, beside)
    said = sys.stdout if output == "table" else sys.stderr
    for one, direction, floor in zip(found, directions, cap.floors, strict=True):
        print(
            "\n".join([*_said(one, direction, quantile, floor), *_compared(one, direction, axis)]), file=said
        )
    written = f"written: {file}, and for assistant-axis {beside} (experiment {experiment!r})"
    print("\n".join([*_other_layers(study, found), written, *measured_with]), file=said)
    if sources:
        random = random_caps(study, found, quantile, controls, _SEED)
        effects: list[Any] = []
        try:
            for some in _measured(across, found[0].sae, answered(study, sources), [cap, *random], answer):
                effects += some
        finally:  # what has landed and what is known is not lost where a later part fails
            if effects:
                print_if_any(publish(study).lost, sys.stderr)
                print_rows(
                    _HEADER, [tuple(getattr(one, name) for name in _HEADER) for one in effects], output
                )


def _other_layers(study: Study, found: Sequence[Any]) -> list[str]:
    """Return a line on the layers that could be held besides, or on there being one alone.

    No SAE is loaded for it: one whose configuration is not at hand, or does not tell, is passed over.
    """
    from persona_assets.models.hooks import output_layer
    from persona_assets.models.sae import sae_site

    layers: dict[int | None, str] = {}
    n_known = len(found)
    for name, settings in study.settings.extraction.saes.items():
        if name in {one.sae for one in found}:
            continue
        with suppress(StudyError):
            if (site := sae_site(settings)) is not None:
                n_known += 1
                layers.setdefault(output_layer(site[0]), name)
    held = {one.layer for one in found}
    others = [f"{layer} (--sae {name})" for layer, name in layers.items() if layer not in {None, *held}]
    if others:
        return [f"not held: the study's SAEs also read the output of layer {', '.join(others)}"]
    if len(held) > 1 or n_known < len(study.settings.extraction.saes):
        return []
    return [f"one layer is held: the study's SAEs read the output of layer {found[0].layer} alone"]


def _outputs(study: Study, to: Path | None) -> tuple[Path, Path]:
    """Return the two files to write. Raises StudyError where one is there that is no such file."""
    from persona_assets.interchange.capping import check_capping_config
    from persona_assets.steering.caps import read_cap

    file = to or Path(f"{study.name}-cap.safetensors")
    if file.suffix != ".safetensors":
        raise StudyError(
            f"--to {file}: must end in .safetensors; the .pt file for assistant-axis stands beside"
        )
    beside = file.with_suffix(".pt")
    for one, check in ((file, read_cap), (beside, check_capping_config)):
        if one.exists() or one.is_symlink():
            try:
                check(one)
            except StudyError as error:
                raise StudyError(
                    f"{one}: is there, and `persona cap` has not written it; name another place with --to"
                ) from error
    return file, beside


def _check_measuring(across: Any, found: Sequence[Any], answer: bool) -> list[str]:
    """Return in lines what the drift under a cap of layers' outputs is measured with.

    Raises StudyError, before a model is loaded, where any part of what is measured would be refused.
    """
    from persona_assets.stages.of_conversations import DriftFiles
    from persona_assets.steering.cap_effects import answering, check_reads_cap, costing_answers

    drift = DriftFiles.of(across.study)
    drift.check()
    above = check_reads_cap(across.study, drift.sae, [one.layer for one in found])
    costing_answers(across, found[0].sae)
    if answer:
        answering(across)
    said = []
    if drift.sae not in {one.sae for one in found}:
        said = [f"drift is measured under SAE {drift.sae} (drift.sae)"]
    if above:
        layers = ", ".join(map(str, above))
        said.append(f"SAE {drift.sae} reads below layer {layers}, whose floors do not move what it reads")
    return said


def _measured(
    across: Any,
    sae: str,
    conversations: Sequence[Transcript],
    caps: Sequence[Any],
    answer: bool,
) -> Iterator[list[Any]]:
    """Yield what the first of `caps` does to conversations, and to the anchor's answers."""
    from persona_assets.drift.stage import DriftStage
    from persona_assets.extract.stage import ExtractionStage
    from persona_assets.steering.cap_effects import answered_effects, costs, drift_effects

    extraction = ExtractionStage(across.study)
    stage = DriftStage(extraction)
    try:
        with bar("reading conversations") as progress:
            yield drift_effects(stage, conversations, caps, progress)
        if answer:
            with bar("answering again") as progress:
                yield answered_effects(across, stage, conversations, caps, progress)
    finally:
        extraction.close()
    with bar(f"reading answers of {across.study.settings.analysis.anchor}") as progress:
        yield costs(across, sae, caps, progress)


def _direction(study: Study, found: Any, axis: Path | None) -> tuple[Singles, dict[str, str]]:
    """Return the direction that is held, of length 1, and what the file says of where it is from."""
    if axis is None:
        return found.axis(), {"axis": "the study's own", "axis_file": found.axis_file}
    from persona_assets.lake.fingerprint import file_identity
    from persona_assets.models.loading import text_config
    from persona_assets.steering.calibrating import unit
    from persona_assets.vectors.published import read_axis

    extraction = study.settings.extraction
    config = text_config(extraction.model, extraction.revision)
    published = read_axis(axis, found.layer, found.width, config.num_hidden_layers)
    return unit(published), {"axis": axis.name, "axis_sha256": file_identity(axis)}


def _said(found: Any, direction: Singles, quantile: float, floor: Any) -> list[str]:
    reach = found.reach(direction)
    low, high = reach.interval(quantile)
    below = found.below(direction, floor, quantile)
    within = "" if math.isnan(low) else f", 95 % interval {low:.4g} to {high:.4g} (for other questions)"
    lines = [
        f"floor: in every token the projection of layer {floor.layer}'s output on the axis is held at "
        f"{floor.threshold:.4g} or above; values above it stay as they are",
        f"threshold: quantile {quantile:g} of {len(reach.values)} answers of {found.anchor}, each the mean "
        f"of its tokens{within}",
    ]
    return [*lines, _below(below)] if below.n else lines


def _below(below: Any) -> str:
    """Return what lies below the threshold, with its interval where there is one."""
    of_roles = below.of_roles.values()
    about = f"by role {min(of_roles):.0%} to {max(of_roles):.0%}"
    if not math.isnan(below.low):
        interval = f"95 % interval {below.low:.0%} to {below.high:.0%}"
        about = f"{interval}, roles and questions as random samples; {about}"
    return f"below it lie {below.share:.0%} of the {below.n:,} answers of the other roles ({about})"


def _compared(found: Any, direction: Singles, axis: Path | None) -> list[str]:
    """Return how a file's axis lies to the study's own."""
    own = None if axis is None else found.own_axis()
    if own is None:
        return []
    cosine = float(np.dot(direction.astype(np.float64), own.astype(np.float64)))
    if cosine < 0:
        print(f"{axis}: points away from {found.anchor} here (cosine {cosine:.2f})", file=sys.stderr)
    told = _free_of_noise(found.beside_own_axis(direction))
    return [f"axis: of {axis}; its cosine with the study's own is {cosine:.3f}{told}"]


def _free_of_noise(beside: Any) -> str:
    """Return the cosine with the axis that more answers would make, as far as these tell it (`Aligned`)."""
    [cosine], [half] = beside.cosine, beside.half
    if math.isnan(cosine):
        return "; these answers do not tell how sure that is"
    low, value, high = (min(max(one, -1.0), 1.0) for one in (cosine - half, cosine, cosine + half))
    told = f"; with its noise taken out {value:.2f}"
    if math.isnan(half):
        return told
    return f"{told} (95 % interval {low:.2f} to {high:.2f}, for other wordings and questions)"
