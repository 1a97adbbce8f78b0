"""What Dagster is told of a role that landed, or of files that the lake holds: an event with a data version.

The version is the stem of the file, so that what is found fresh and reported again is nothing new to what
depends on it. Dagster gives one version to all partitions of a run; here each has its own, and says which
versions of what it depends on it was made from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import dagster as dg
from dagster._core.definitions.data_version import (
    CODE_VERSION_TAG,
    DATA_VERSION_IS_USER_PROVIDED_TAG,
    DATA_VERSION_TAG,
    NULL_EVENT_POINTER,
    extract_data_version_from_entry,
    get_input_data_version_tag,
    get_input_event_pointer_tag,
)
from dagster._core.definitions.source_asset import SYSTEM_METADATA_KEY_SOURCE_ASSET_OBSERVATION

from persona_assets.lake.fingerprint import fingerprint
from persona_assets.lake.lake_file import LakeFile

# Dagster's own mark of a step that has reported its partitions by events of its own, versions and all.
REPORTED = {SYSTEM_METADATA_KEY_SOURCE_ASSET_OBSERVATION: True}

_NOTHING = "nothing"  # the version of what does not exist yet


class Landed(NamedTuple):
    """What landed: its data version, and the metadata that people see beside it.

    `warning` is what they should know before more of it is made.
    """

    version: str
    metadata: Mapping[str, Any]
    warning: str | None = None


def result(landed: Landed) -> dg.MaterializeResult:
    """Return what a step says of what landed."""
    return dg.MaterializeResult(metadata=landed.metadata, data_version=dg.DataVersion(landed.version))


def version_of(files: Iterable[LakeFile]) -> str:
    """Return the data version of files that land together: the stem, or of several what all stems decide."""
    stems = sorted(file.stem for file in files)
    if not stems:
        return _NOTHING
    return stems[0] if len(stems) == 1 else fingerprint({"stems": stems})


def materialization(
    instance: dg.DagsterInstance,
    key: dg.AssetKey,
    depends_on: Iterable[dg.AssetKey],
    landed: Landed,
    partition: str | None,
    code_version: str | None = None,
) -> dg.AssetMaterialization:
    """Return the event that tells Dagster of `landed`, made from what Dagster knows of `depends_on` now."""
    tags = {
        CODE_VERSION_TAG: code_version or "lake",
        DATA_VERSION_TAG: landed.version,
        DATA_VERSION_IS_USER_PROVIDED_TAG: "true",
    }
    for dependency in depends_on:
        tags |= _made_from(instance, dependency, partition)
    return dg.AssetMaterialization(key, partition=partition, metadata=landed.metadata, tags=tags)


def knows(
    instance: dg.DagsterInstance, key: dg.AssetKey, landed: Landed, partition: str | None = None
) -> bool:
    """Return whether `landed` is the last that Dagster has heard of the asset."""
    record = instance.get_latest_data_version_record(key, partition_key=partition)
    version = extract_data_version_from_entry(record.event_log_entry) if record is not None else None
    return version is not None and version.value == landed.version


def _made_from(instance: dg.DagsterInstance, key: dg.AssetKey, partition: str | None) -> dict[str, str]:
    record = instance.get_latest_data_version_record(key, partition_key=partition)
    if record is None and partition is not None:  # not partitioned, or by something else
        record = instance.get_latest_data_version_record(key)
    version = extract_data_version_from_entry(record.event_log_entry) if record is not None else None
    return {
        get_input_data_version_tag(key): version.value if version is not None else _NOTHING,
        get_input_event_pointer_tag(key): str(record.storage_id)
        if record is not None
        else NULL_EVENT_POINTER,
    }
