"""What a wheel brings along beside its modules: SQL, the explorer's pages and what `persona init` lays out.

In the repository these lie where people edit them; the wheel gets copies below `persona_assets/shipped/`
(see `persona_assets/base/shipped.py`). An editable installation reads the repository's own.
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist
from setuptools.errors import SetupError

HERE = Path(__file__).resolve().parent
SHIPPED = (
    "dagster.yaml",
    "data/README.md",
    "data/extraction_questions.jsonl",
    "data/roles",
    "data/smollm2",
    "persona_assets/defs/gemma_3_27b",  # these two: studies of one's own in a checkout are nobody else's
    "persona_assets/defs/smollm2",
    "sql",
)
PAGES = "persona_assets/explorer/web/dist"


def check() -> None:
    """Raise SetupError, in one line, where something that belongs into a wheel is missing."""
    if not (HERE / PAGES / "index.html").is_file() or not any((HERE / PAGES / "assets").glob("*.js")):
        raise SetupError(f"{PAGES}: the explorer's pages are not built; run `make explorer` first")
    if not (HERE / PAGES / "licenses.txt").is_file():
        raise SetupError(
            f"{PAGES}: an earlier build, without the licenses of what it holds; run `make explorer`"
        )
    for name in SHIPPED:
        if not any(files_below(HERE / name)):
            raise SetupError(f"{name}: is missing; build from a whole checkout or source distribution")
    if not any((HERE / "sql").rglob("*.sql")):
        raise SetupError("sql: holds no queries; build from a whole checkout or source distribution")


def files_below(place: Path) -> list[Path]:
    """The file itself, or all files of the folder but hidden ones and what Python compiled."""
    if not place.is_dir():
        return [place] if place.is_file() else []
    found = (file for file in sorted(place.rglob("*")) if file.is_file())
    return [file for file in found if not file.name.startswith(".") and file.suffix not in (".py", ".pyc")]


class BuildWithShipped(build_py):
    """Check first, then copy what is shipped beside the modules."""

    def run(self) -> None:
        """Build; nothing is checked or copied for an editable installation."""
        if self.editable_mode:
            super().run()
            return
        check()
        super().run()
        package = Path(self.build_lib) / "persona_assets"
        self._copy(HERE / PAGES, package / "explorer" / "web" / "dist")
        for name in SHIPPED:
            self._copy(HERE / name, package / "shipped" / name)

    def _copy(self, source: Path, target: Path) -> None:
        shutil.rmtree(target, ignore_errors=True)  # what an earlier build left there
        for file in files_below(source):
            place = target / file.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)


class CheckedSdist(sdist):
    """A source distribution from which a wheel can be built without Node."""

    def run(self) -> None:
        """Check, then build."""
        check()
        super().run()


setup(cmdclass={"build_py": BuildWithShipped, "sdist": CheckedSdist})
