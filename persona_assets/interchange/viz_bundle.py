"""A study's atlas in the layout of the field's viewers: `viz_bundle/<model>_<sae id>/`."""

from __future__ import annotations

from persona_assets.atlas.tables import AtlasTables
from persona_assets.interchange.bundle import Dataset, FeatureLabel, make_bundle, write_bundle
from persona_assets.interchange.layout import Layout
from persona_assets.lake.schema import ATLAS_TABLES, FEATURE_LABELS, TABLES
from persona_assets.stages.across_roles import AcrossRoles


def write_viz_bundle(across: AcrossRoles, layout: Layout, sae: str) -> bool:
    """Write `bundle.json` and `features.csv` below `layout`; False where the SAE has no fresh atlas.

    Raises StudyError where a file of the lake is damaged, or the disk is full or read-only.
    """
    files, lake = across.files(ATLAS_TABLES, sae), across.study.lake
    if files is None:
        return False
    settings = across.study.settings.atlas
    tables = AtlasTables(*(lake.read(TABLES[name], file) for name, file in files.items()))
    dataset = Dataset(
        layout.features(sae).name,
        layout.aggregated(sae, settings.strategy).relative_to(layout.root).as_posix(),
        layout.features(sae).relative_to(layout.root).as_posix(),
    )
    folder = layout.root / "viz_bundle" / dataset.name
    write_bundle(folder, make_bundle(tables, dataset, settings, _labels(across, sae)))
    return True


def _labels(across: AcrossRoles, sae: str) -> dict[int, FeatureLabel]:
    file = across.file(FEATURE_LABELS, sae)
    rows = across.study.lake.read(FEATURE_LABELS, file).to_pylist() if file is not None else []
    preferred = (row for row in rows if row["rank"] == 0)
    return {row["feature_id"]: FeatureLabel(row["description"], row["url"]) for row in preferred}
