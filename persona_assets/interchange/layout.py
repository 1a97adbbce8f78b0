"""Where a study's interchange files lie.

responses/<question mode>/<model>/<role>.jsonl
features/<question mode>/<model>_<sae id>/<role>.npz, <role>.jsonl
scores/<question mode>/<model>/<judge>/<role>.json
aggregated/<question mode>/<model>_<sae id>/{mean,max}/per_role.npz
contrasts/<question mode>/<model>_<sae id>/<table>.csv
vectors/<question mode>/<model>_<sae id>/<role>.pt
axis/<question mode>/<model>_<sae id>/assistant_axis.pt
viz_bundle/<model>_<sae id>/bundle.json, features.csv
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from persona_assets.study.settings import SaeSettings
from persona_assets.study.study import Study

Strategy = Literal["mean", "max"]


@dataclass(frozen=True)
class Layout:
    """The paths below `root`; `model` is the last part of the generating model's id."""

    root: Path
    mode: str
    model: str
    sae_ids: dict[str, str]

    @classmethod
    def of(cls, study: Study, root: Path) -> Layout:
        """Return the layout of `study`'s files below `root`."""
        generation = study.generation
        model = generation.model.rstrip("/").rsplit("/", 1)[-1]
        return cls(root, study.settings.questions.mode, model, _sae_ids(study.settings.extraction.saes))

    @property
    def responses(self) -> Path:
        """The folder of the roles' responses."""
        return self.root / "responses" / self.mode / self.model

    def scores(self, judge: str, role: str) -> Path:
        """Return the file of a judge's scores of a role."""
        return self.root / "scores" / self.mode / self.model / judge / f"{role}.json"

    def features(self, sae: str) -> Path:
        """Return the folder of the roles' features under `sae`."""
        return self._of(sae, "features")

    def aggregated(self, sae: str, strategy: Strategy) -> Path:
        """Return the file that holds one vector per role."""
        return self._of(sae, "aggregated") / strategy / "per_role.npz"

    def contrasts(self, sae: str, table: str) -> Path:
        """Return the file of one of the tables of the study's own contrasts."""
        return self._of(sae, "contrasts") / f"{table}.csv"

    def vectors(self, sae: str) -> Path:
        """Return the folder of the roles' vectors in what `sae` reads."""
        return self._of(sae, "vectors")

    def axis(self, sae: str) -> Path:
        """Return the file of the assistant axis in what `sae` reads."""
        return self._of(sae, "axis") / "assistant_axis.pt"

    def _of(self, sae: str, what: str) -> Path:
        return self.root / what / self.mode / f"{self.model}_{self.sae_ids[sae]}"


def _sae_ids(saes: dict[str, SaeSettings]) -> dict[str, str]:
    """Name -> id in the release; the study's own name where it has none, or where two SAEs share one."""
    shared = Counter(settings.id for settings in saes.values())
    return {
        name: settings.id if settings.id is not None and shared[settings.id] == 1 else name
        for name, settings in saes.items()
    }
