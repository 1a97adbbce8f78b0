"""`persona dataset` and `persona pull`."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from persona_assets.base.counts import counted
from persona_assets.base.errors import StudyError
from persona_assets.base.given import one_line, shown
from persona_assets.cli.bar import bar
from persona_assets.cli.made import questions
from persona_assets.cli.units import size
from persona_assets.dataset.fetch import checked_address
from persona_assets.dataset.hub import check_token, hub_address, refuse_other_repository, send
from persona_assets.dataset.pull import pull as pull_dataset
from persona_assets.dataset.write import checked, refuse_other, write_dataset
from persona_assets.study.dataset import DataSet
from persona_assets.study.study import Study, load_study

_LICENSE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]{0,60}")


def dataset(
    study: Study, folder: Path, license_: str, url: str | None, upload: str | None, private: bool
) -> None:
    """Write the data set, send it where that is wanted, and say what was written."""
    if not _LICENSE.fullmatch(license_):
        raise StudyError(f"--license {shown(license_)}: give a short name, such as mit or cc-by-4.0")
    if url is not None:
        checked_address(url)
    if private and upload is None:
        raise StudyError("--private says who reads a data set on the hub: give --upload OWNER/NAME, too")
    if upload is not None:
        address = hub_address(upload)
        check_token()
        refuse_other_repository(upload, study.name)
        url = url or address
    refuse_other(folder)
    with bar("reading the study") as progress:
        check = checked(study, progress)
    verified = check.verified
    print(f"read {counted(verified.n_files, 'file')}, {size(verified.n_bytes)}: all are whole and agree")
    with bar("writing tables") as progress:
        made = write_dataset(study, folder, license_, url, check, progress)
    tables = counted(len({file.mart or file.table for file in made.files}), "table")
    print(f"{folder}: {tables} in {counted(len(made.files), 'file')}, {size(made.n_bytes)}")
    if upload is not None:
        print(f"sent: {send(folder, upload, study.name, private)}")
    there = upload is not None and not private  # `persona pull` asks the hub as nobody in particular
    print(f"try it: persona pull {shlex.quote(str(url) if there else str(folder))} copy")


def pull(source: str, folder: Path) -> None:
    """Bring the data set, and say how to ask it."""

    def begin(found: DataSet, to_come: int) -> None:
        print(
            f"{found.study}: snapshot {one_line(found.snapshot, 40)} of {found.published_at[:10]}, "
            f"{found.made_by}, license {found.license}"
        )
        there = f" ({size(to_come)} still to come)" if to_come < found.n_bytes else ""
        print(f"{counted(len(found.files), 'file')}, {size(found.n_bytes)}{there}", flush=True)

    with bar("fetching") as progress:
        pull_dataset(source, folder, progress, begin)
    named = shlex.quote(str(folder) if "/" in str(folder) else f"./{folder}")
    print(f"{folder}: is whole; ask it:")
    brought = load_study(str(folder.absolute()))
    for question in questions(brought, brought.role_names, named):
        print(f"  {question}")
    print(f"  persona explore {named}")
