"""Labels of a study's features by rule: the tokens on which each fires most.

``python -m tests.toy.labels STUDY`` writes them from the evidence in the study's warehouse to the file that
its `labels.cache` names. They say what is there, and nothing of what it may mean.
"""

from __future__ import annotations

import argparse
import json
import re
from itertools import groupby
from pathlib import Path

from persona_assets.base.atomic import placed
from persona_assets.base.queries import query
from persona_assets.study.study import Study, load_study
from persona_assets.warehouse import connect

_LETTERS = r"[^\W_]+(?:['’-][^\W_]+)*"  # of one word
_ENDS_IN_WORD, _BEGINS_WITH_WORD = re.compile(rf"{_LETTERS}['’-]?\Z"), re.compile(rf"\A['’-]?{_LETTERS}")


def labels_by_rule(study: Study) -> dict[int, str]:
    """A description of every feature that has evidence under the study's first SAE, by feature.

    Raises StudyError where nothing is published yet.
    """
    with connect(study) as warehouse:
        rows = warehouse.execute(query("demo/strongest_tokens"), {"sae": study.default_sae}).fetchall()
    return {
        feature: f"fires most on {', '.join(shown(*token) for _, *token in tokens)}"
        for feature, tokens in groupby(rows, key=lambda row: row[0])
    }


def shown(before: str, piece: str, after: str) -> str:
    """A token, as Python writes it, and the word that it is only a part of, as far as that can be seen."""
    left = _ENDS_IN_WORD.search(before) if piece[:1].isalnum() else None
    right = _BEGINS_WITH_WORD.search(after) if piece[-1:].isalnum() else None
    word = f"{left.group() if left else ''}{piece.strip()}{right.group() if right else ''}"
    return repr(piece) if word == piece.strip() else f"{piece!r} ({word})"


def write_labels(study: Study, file: Path) -> int:
    """Write the labels to `file`, as `labels.cache` reads them; how many there are."""
    labels = labels_by_rule(study)
    with placed(file) as beside:
        beside.write_text(json.dumps(labels, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    return len(labels)


def main() -> None:
    """Parse the command line and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", help="its name, or the path of its folder")
    study = load_study(parser.parse_args().study)
    assert study.settings.labels.cache is not None, "where the labels go"
    file = study.path(study.settings.labels.cache)
    print(f"{file}: {write_labels(study, file)} features")


if __name__ == "__main__":
    main()
