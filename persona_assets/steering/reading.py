"""A study's interventions: what each of them edits, and what that does to the answers that it reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from persona_assets.base.arrays import Floats, Singles
from persona_assets.base.errors import StudyError
from persona_assets.base.queries import query
from persona_assets.extract.backbone import Backbone
from persona_assets.extract.conversation import Conversation
from persona_assets.extract.stage import ExtractionStage
from persona_assets.generate.prompts import Prompt
from persona_assets.lake.schema import ROLE_CONTRASTS, ROLE_FEATURES
from persona_assets.models.hooks import HookPoint, check_fits, check_site, output_layer
from persona_assets.models.loading import text_config
from persona_assets.models.sae import Sae, check_directions, load_sae
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.stages.dtypes import decided_extraction
from persona_assets.steering.answers import Answers, Standing, Towards, standing
from persona_assets.steering.edits import check_writes
from persona_assets.steering.plans import Activity, DirectionPlan, FeaturePlan, Planned, matched, nothing
from persona_assets.steering.readings import AnswerReader
from persona_assets.steering.whole import device_of, whole_backbone
from persona_assets.study.settings import InterventionSettings
from persona_assets.vectors.published import read_axis, read_origin, read_role_vector

Row = dict[str, Any]


class Interventions:
    """The interventions of a study under one SAE; model and SAE are loaded when they are first needed.

    They are those of the stage that `reads` where it holds them in this process. Only of those that are
    `written` in the study's file do errors name keys.
    """

    def __init__(
        self, across: AcrossRoles, sae: str, *, written: bool = True, reads: ExtractionStage | None = None
    ) -> None:
        self.across, self.sae, self._written, self._reads = across, sae, written, reads
        self._settings = across.study.settings.interventions
        self._extraction = decided_extraction(across.study)
        self._placed: dict[tuple[int, int], dict[str, list[Conversation]]] = {}
        self._standing: dict[tuple[int, int], Standing] = {}
        self._directions_checked = False
        self._planned: dict[tuple[str, str], list[Planned]] = {}

    def answers(self, name: str) -> list[tuple[str, Conversation]]:
        """Return the answers that an intervention reads, each with its role.

        Raises StudyError, before a model is loaded, where it has nothing to edit, or no answers.
        """
        return self.check(self._settings[name], f"interventions.{name}: ")

    def check(self, settings: InterventionSettings, key: str = "") -> list[tuple[str, Conversation]]:
        """As `answers`, of settings that need not be the study's; `key` is what errors call them."""
        if settings.of_features:
            self._targets(settings)
        found = {role: self._answers.to_edit(role, settings.questions) for role in settings.read}
        for role, answers in found.items():
            if not answers:
                raise self._refused(
                    f"{key}role {role} has no answers here that can be read again", "leave it out of `roles`"
                )
        return [(role, one) for role, answers in found.items() for one in answers]

    def _refused(self, why: str, remedy: str) -> StudyError:
        return StudyError(f"{self.across.study.name}: {why}{f'; {remedy}' if self._written else ''}")

    def given(self, prompts: Sequence[Sequence[int]], answers: Sequence[Sequence[int]]) -> list[Conversation]:
        """Return other answers to prompts as those of roles are read (`Answers.given`)."""
        return self._answers.given(prompts, answers)

    def prompts(self, name: str, role: str) -> list[Prompt]:
        """Return what a role is asked under each edit of an intervention. Raises StudyError as `answers`."""
        self.answers(name)
        return self._answers.prompts(role, self._settings[name].answers)

    def read(self, name: str, role: str, answer: Conversation) -> list[Row]:
        """Return what each edit of an intervention does to an answer of a role.

        Raises StudyError where the stream cannot be edited, or model or SAE are not to be had.
        """
        settings = self._settings[name]
        readout, planned = self.towards(name, role).row, self.edits(name, role)
        reader = AnswerReader(self.backbone, [self.point], settings.tokens == "all")
        moved = reader.moved(answer, readout, [[one.edit] for one in planned])
        return [
            {
                "intervention": name,
                "role": role,
                "target": one.target,
                "feature_id": one.feature_id,
                "operation": settings.operation,
                "strength": one.strength,
                "control": one.control,
                "level": one.level,
                "response_id": answer.response_id,
                "n_tokens": answer.n_selected,
                **vars(move),
            }
            for one, move in zip(planned, moved, strict=True)
        ]

    def towards(self, name: str, role: str) -> Towards:
        """Return the way to an intervention's role, or to `role` where it names none."""
        settings = self._settings[name]
        return self._where(settings, settings.role or role).towards(settings.role or role, self.device)

    @property
    def point(self) -> HookPoint:
        """Where the SAE reads."""
        return self._sae.point

    def release(self) -> None:
        """Give back the model's memory, but for that which `reads`, until it is needed again."""
        vars(self).pop("backbone", None)
        if self.device != "cpu":
            torch.cuda.empty_cache()  # for an engine, in a process of its own

    @cached_property
    def _answers(self) -> Answers:
        return Answers(self.across, self.sae, getattr(self._config, "max_position_embeddings", None))

    @property
    def _config(self) -> Any:
        return text_config(self._extraction.model, self._extraction.revision)

    @cached_property
    def device(self) -> str:
        """Where the model runs."""
        return device_of(self._extraction)

    @cached_property
    def _sae(self) -> Sae:
        held = None if self._reads is None else self._reads.sae(self.sae)
        sae, config = held or load_sae(self._extraction.saes[self.sae], self.device), self._config
        check_site(sae.point, config, self.sae)
        check_fits(sae.point, sae.d_in, self.sae, config, self._extraction.model)
        check_writes(sae, self.sae)
        return sae

    @cached_property
    def backbone(self) -> Backbone:
        """The whole model that reads answers, loaded when it is first needed."""
        held = None if self._reads is None else self._reads.whole()
        if held is None:
            return whole_backbone(self._extraction)
        return replace(held, n_layers=len(held.layers))  # the SAEs need fewer

    @cached_property
    def _directions(self) -> torch.Tensor:
        return self._sae.directions().to(self.device)

    def _check_directions(self, answer: Conversation) -> None:
        """Raise StudyError where the SAE's features have no directions, as is seen on an answer's tokens."""
        if not self._directions_checked:
            with torch.inference_mode():
                rows = self.backbone.selected_rows([answer], [self._sae.point])[self._sae.point]
                check_directions(self._sae, self._directions, rows, f"interventions: SAE {self.sae}")
            self._directions_checked = True

    def _where(self, settings: InterventionSettings, role: str) -> Standing:
        """Return where the roles lie, by answers to other questions than those that are edited.

        Raises StudyError, before the model is loaded, where `role` has none of these, or all others.
        """
        key = settings.questions, settings.reference
        if key not in self._placed:
            self._placed[key] = self._answers.to_place(*key)
        placed = self._placed[key]
        if role not in placed or len(placed) < 2:
            lacks = "the other roles have" if role in placed else f"role {role} has"
            edited = f"the {settings.questions} whose answers are edited" if self._written else "the first"
            raise self._refused(
                f"{lacks} no answers to other questions than {edited}, to tell where it lies",
                "lower `questions`",
            )
        if key not in self._standing:
            self._standing[key] = standing(
                self.backbone, self._sae.point, list(placed), list(placed.values())
            )
        return self._standing[key]

    def edits(self, name: str, role: str) -> list[Planned]:
        """Return the edits of a role's answers, the same of each; strength 0 is among them.

        Raises StudyError as `read`.
        """
        if (name, role) not in self._planned:
            self._planned[name, role] = self.planned(self._settings[name], role)
        return self._planned[name, role]

    def planned(self, settings: InterventionSettings, role: str) -> list[Planned]:
        """As `edits`, of settings that need not be the study's."""
        if settings.of_features:
            self._check_directions(self._answers.to_edit(role, 1)[0])
        random = np.random.default_rng([settings.seed, *role.encode()])
        of = self._of_features if settings.of_features else self._of_direction
        return [*of(settings, role, random), nothing(self._directions[0])]

    def _of_direction(
        self, settings: InterventionSettings, role: str, random: np.random.Generator
    ) -> Iterator[Planned]:
        if settings.target == "role_file":
            plan = DirectionPlan("vector of the file", self._ends(settings), 1, False, self.device)
            return plan.edits(settings, random)
        is_axis = settings.along_an_axis
        to = self.across.study.settings.analysis.anchor if is_axis else str(settings.role)
        way = None if settings.file is None else torch.from_numpy(self._published(settings.file, read_axis))
        where = self._where(settings, to)
        named = {"assistant_axis": "assistant axis", "axis_file": "axis of the file"}
        told = named.get(settings.target, f"vector of {to}")
        plan = DirectionPlan(told, where.edited, where.roles.index(to), is_axis, self.device, way)
        return plan.edits(settings, random)

    def _ends(self, settings: InterventionSettings) -> Floats:
        """Return what a role of a file is told from, and the role, float64[2, width].

        Raises StudyError where a file holds none of the model's, or both hold the same.
        """
        assert settings.file is not None and settings.from_file is not None
        origin = self._published(settings.from_file, read_origin)
        role = self._published(settings.file, read_role_vector)
        if np.array_equal(origin, role):
            raise self._refused(
                f"{settings.file} and {settings.from_file} hold the same vector, so that none leads from one "
                "to the other",
                "name another `from_file`",
            )
        return np.stack([origin, role]).astype(np.float64)

    def _published(self, written: str, read: Callable[[Path, int, int, int], Singles]) -> Singles:
        """Return what a file has of the stream that the SAE reads. Raises StudyError where it has nothing."""
        point, config = self._sae.point, self._config
        if (layer := output_layer(point)) is None:
            raise self._refused(
                f"{written} is of layers' outputs, and the SAE reads {point}", "take another SAE"
            )
        file = self.across.study.path(written)
        return read(file, layer, config.hidden_size, config.num_hidden_layers)

    def _of_features(
        self, settings: InterventionSettings, role: str, random: np.random.Generator
    ) -> Iterator[Planned]:
        targets = self._targets(settings)
        controls = matched(self._activity(role), targets, settings.controls, random)
        peaks = self._peaks([*targets, *controls])
        plan = FeaturePlan(self._sae, self.sae, self._directions, peaks)
        return plan.edits(settings, targets, controls, random)

    def _targets(self, settings: InterventionSettings) -> list[int]:
        """Return the features to edit. Raises StudyError where the SAE lacks one, or none tells the role."""
        if settings.features:
            if (last := max(settings.features)) >= self._sae.d_sae:
                raise StudyError(
                    f"{self.across.study.file}: interventions: SAE {self.sae} has features 0 to "
                    f"{self._sae.d_sae - 1}, and no feature {last}; correct `features`"
                )
            return settings.features
        if not (found := self._top(str(settings.role), settings.top)):
            raise StudyError(
                f"{self.across.study.name}: no feature of SAE {self.sae} sets role {settings.role} apart "
                "(AUROC above 0.5); name some with `target: features`"
            )
        return found

    def _top(self, role: str, n: int) -> list[int]:
        file, lake = self.across.file(ROLE_CONTRASTS, self.sae), self.across.study.lake
        assert file is not None
        with lake.readable([file]) as [path], lake.connection() as connection:
            asked = {"file": path, "role": role, "top": n}
            return [one for (one,) in connection.execute(query("steering/top"), asked).fetchall()]

    def _peaks(self, features: list[int]) -> dict[int, float]:
        lake = self.across.study.lake
        files = [activations for activations, _ in self.across.compared(self.sae).values()]
        with lake.readable(files) as paths, lake.connection() as connection:
            connection.register("chosen", pa.table({"feature_id": pa.array(features, pa.int32())}))
            return dict(connection.execute(query("steering/peaks"), {"files": paths}).fetchall())

    def _activity(self, role: str) -> Activity:
        file = self.across.roles[role].file(ROLE_FEATURES, self.sae)
        assert file is not None
        found = self.across.study.lake.read(ROLE_FEATURES, file).sort_by("feature_id")
        ids, rate, mean = (found[name].to_numpy() for name in ("feature_id", "firing_rate", "mean"))
        return Activity(ids, rate, mean * self._directions.norm(dim=1).cpu().numpy()[ids])
