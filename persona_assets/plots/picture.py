"""A study's pictures, drawn from what one snapshot says."""

from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa
from matplotlib.figure import Figure

from persona_assets.base.duck import exact_path
from persona_assets.base.errors import StudyError
from persona_assets.base.given import shown
from persona_assets.base.queries import query
from persona_assets.plots.atlas import atlas_figure
from persona_assets.plots.axes import axes_figure
from persona_assets.plots.doses import doses_figure
from persona_assets.plots.feature import feature_figure
from persona_assets.plots.line import N_MARKS, line_figure
from persona_assets.plots.role import role_figure
from persona_assets.plots.similarity import similarity_figure
from persona_assets.study.study import Study

_OF_ALL = ("line", "similarity", "axes", "atlas")
_OF_ONE = ("feature", "role", "doses")


def picture(
    study: Study, connection: duckdb.DuckDBPyConnection, subject: str, name: str | None, sae: str | None
) -> Figure:
    """Return the picture of `subject`: line, similarity, axes, atlas, or the feature, role or doses `name`.

    `connection` is to the study's snapshot, and `sae` the study's first unless named. Raises StudyError where
    there is no such thing to draw.
    """
    if subject not in (*_OF_ALL, *_OF_ONE):
        raise StudyError(f"no picture {subject!r}; there are {', '.join([*_OF_ALL, *_OF_ONE])}")
    if subject in _OF_ALL and name is not None:
        raise StudyError(f"the picture {subject} takes no name; leave {name!r} out")
    if subject in _OF_ONE and (name is None or (subject == "feature" and not name.isdecimal())):
        raise StudyError(f"which {subject}? name one" + (" by its number" if subject == "feature" else ""))
    return _figure(_Snapshot(study, sae or study.default_sae, connection), subject, name)


def _figure(snapshot: _Snapshot, subject: str, name: str | None) -> Figure:
    about = f"{snapshot.study.name}, SAE {snapshot.sae}"
    if subject == "feature":
        feature = int(name or "")
        condition, silent = (
            "feature_id = $feature",
            f"feature {feature} fires in no response of a compared role",
        )
        contrasts = snapshot.contrasts(condition, silent, feature=feature)
        label, worth = snapshot.label(feature)
        return feature_figure(contrasts, feature, label, about, worth)
    if subject == "role":
        excluded = (
            f"role {name} takes no part in comparisons; `persona status {snapshot.study.name}` says why"
        )
        contrasts = snapshot.contrasts("role = $role", excluded, role=name)
        return role_figure(contrasts, snapshot.rows("preferred_labels"), str(name), about)
    if subject == "doses":
        return doses_figure(snapshot.effects(str(name)), about)
    summary = snapshot.atlas_summary()
    if subject == "line":
        axis, anchor = snapshot.assistant_axis(), snapshot.anchor()
        toward, away = snapshot.marks(anchor, 1), snapshot.marks(anchor, -1)
        return line_figure(axis, toward, away, anchor, about)
    if subject == "similarity":
        return similarity_figure(snapshot.rows("role_similarity"), about)
    if subject == "axes":
        role_axes = snapshot.rows("role_axes")
        if not role_axes.num_rows:
            raise StudyError(f"{about}: the atlas has no role on an axis: there is nothing to draw")
        return axes_figure(role_axes, summary, snapshot.anchor(), about)
    return atlas_figure(snapshot.rows("atlas"), summary, about)


class _Snapshot:
    """What one snapshot says under one SAE."""

    def __init__(self, study: Study, sae: str, connection: duckdb.DuckDBPyConnection) -> None:
        self.study = study
        self.sae = sae
        self._connection = connection

    def rows(self, table: str, condition: str = "true", **values: Any) -> pa.Table:
        """Return the rows of `table` that `condition` holds of."""
        query = f"from {table} as t where t.sae = $sae and {condition}"
        return self._ask(query, {"sae": self.sae} | values)

    def atlas_summary(self) -> pa.Table:
        """Return the row of atlas_summary. Raises StudyError where there is no atlas."""
        return self._some(self.rows("atlas_summary"), "there is no atlas yet")

    def contrasts(self, condition: str, what_if_none: str, **values: Any) -> pa.Table:
        """Return rows of role_contrasts. Raises StudyError where there are none."""
        found = self.rows("role_contrasts", condition, **values)
        if not found.num_rows:
            any_of_them = "select 1 from role_contrasts where sae = $sae limit 1"
            self._some(self._ask(any_of_them, {"sae": self.sae}), "roles are not compared yet")
            raise StudyError(
                f"{self.study.name}: {what_if_none}, under SAE {self.sae}: there is nothing to draw"
            )
        return found

    def effects(self, intervention: str) -> pa.Table:
        """Return an intervention's effects. Raises StudyError where it has none, or a single strength."""
        found = self.rows("intervention_effects", "t.intervention = $name", name=intervention)
        if not found.num_rows:
            known = sorted(set(self.rows("intervention_effects")["intervention"].to_pylist()))
            told = f"there are {', '.join(known)}" if known else "there are none yet"
            raise StudyError(
                f"{self.study.name}: no effects of {shown(intervention)} in the snapshot; {told}"
            )
        if len(set(found["strength"].to_pylist())) < 2:
            raise StudyError(
                f"{self.study.name}: {intervention} has a single strength, and no doses to draw; "
                f"give it more (interventions.{intervention}.strengths)"
            )
        return found

    def label(self, feature: int) -> tuple[str | None, str | None]:
        """Return the feature's preferred description, and what it is worth where that was scored."""
        found = self.rows("preferred_labels", "t.feature_id = $feature", feature=feature).to_pylist()
        return (found[0]["description"], found[0]["label_worth"]) if found else (None, None)

    def marks(self, role: str, sign: int) -> list[dict[str, Any]]:
        """Return what the role has more of than the others (`sign` 1) or less of, with evidence.

        Those of q < 0.05 come first, then those whose AUROC's 95% interval lies on that side of 1/2.
        """
        asked = {"sae": self.sae, "role": role, "sign": sign}
        found = self._ask(query("explorer/marks"), asked | {"limit": N_MARKS}).to_pylist()
        features = [mark["feature_id"] for mark in found]
        shown = {
            row["feature_id"]: {"from_role": row["role"], "pieces": row["pieces"]}
            | {"activations": row["activations"]}
            for row in self._strongest_evidence(features, role, sign)
        }
        none = dict.fromkeys(("from_role", "pieces", "activations"))
        return [mark | shown.get(mark["feature_id"], none) for mark in found]

    def _strongest_evidence(self, features: list[int], role: str, sign: int) -> list[dict[str, Any]]:
        """Return one row per feature, of the role itself (`sign` 1) or of the other roles."""
        known = self._ask("select role from roles", {})["role"].to_pylist()
        roles = [one for one in known if (one == role) == (sign > 0)]
        files = self._ask(query("explorer/role_files"), {"sae": self.sae, "roles": roles}).to_pylist()
        evidence = [exact_path(file["path"]) for file in files if file["table_name"] == "evidence"]
        if not evidence or not features:
            return []
        asked = {"evidence": evidence, "features": features}
        return self._ask(query("explorer/strongest_evidence"), asked).to_pylist()

    def assistant_axis(self) -> pa.Table:
        """Return its rows of role_axes. Raises StudyError, with the atlas's reason, where there is none."""
        found = self.rows("role_axes", "t.axis = 'assistant'")
        if found["position"].null_count == found.num_rows:
            reasons = found["reason"].drop_null().to_pylist() or ["the atlas has no role on it"]
            raise StudyError(f"{self.study.name}: no assistant axis under SAE {self.sae}: {reasons[0]}")
        return found

    def anchor(self) -> str:
        """Return the role that the snapshot's assistant axis leads to."""
        found = self._ask("select settings->>'$.analysis.anchor' as anchor from study", {})
        return str(found["anchor"][0].as_py())

    def _some(self, found: pa.Table, what_is_missing: str) -> pa.Table:
        if found.num_rows:
            return found
        name = self.study.name
        raise StudyError(
            f"{name}: {what_is_missing} under SAE {self.sae} in the snapshot; run `persona run {name}`"
        )

    def _ask(self, query: str, values: dict[str, Any]) -> pa.Table:
        try:
            return self._connection.execute(query, values).to_arrow_table()
        except duckdb.Error as error:
            name, reason = self.study.name, str(error).splitlines()[0]
            raise StudyError(
                f"{name}: the snapshot cannot tell ({reason}); publish again: `persona run {name}`"
            ) from error
