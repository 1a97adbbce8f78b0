from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image

from persona_assets.base.errors import StudyError
from persona_assets.cli import main
from persona_assets.cli.plot import plot
from persona_assets.plots.picture import picture
from persona_assets.study.study import Study, load_study
from persona_assets.warehouse import connect, publish
from tests.conftest import write_study
from tests.warehouse.world import ALWAYS_ON, DEAD, OF_PIRATE_ALONE, publish_compared, write_catalog

Draw = Callable[..., Path]
NO_AXIS = """create temp table role_axes as
select * replace (null::double as position, 'the anchor was not read' as reason)
from warehouse.role_axes where axis = 'assistant'"""
MARKED = """create temp table role_contrasts as
select * replace (
    if(feature_id % 2 = 0, 0.8, 0.2) as auroc_low, if(feature_id % 2 = 0, 0.95, 0.4) as auroc_high
) from warehouse.role_contrasts"""


@pytest.fixture(scope="module")
def drawn_study(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Study]:
    """A study with everything published; its role `1984` takes no part in comparisons."""
    folder = tmp_path_factory.mktemp("drawn")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PERSONA_LAKE", str(folder / "lake"))
        patch.delenv("PERSONA_WAREHOUSE", raising=False)
        settings = write_catalog(folder / "catalog") | {"analysis.exclude": ["1984"]}
        study = load_study(write_study(folder / "small", settings))
        publish_compared(study)
        yield study


def words(file: Path) -> str:
    """The text in an SVG."""
    texts = ElementTree.parse(file).iter("{http://www.w3.org/2000/svg}text")
    return " ".join(text.text or "" for text in texts)


@pytest.mark.parametrize(
    ("typed", "file"),
    [
        (["similarity"], "small-similarity.png"),
        (["line"], "small-line.png"),
        (["axes"], "small-axes.png"),
        (["atlas", "--sae", "second"], "small-second-atlas.png"),
        (["feature", "5"], "small-feature-5.png"),
        (["role", "pirate"], "small-role-pirate.png"),
    ],
)
def test_a_picture_is_named_after_what_it_shows_and_lies_in_the_current_directory(
    drawn_study: Study,
    typed: list[str],
    file: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["persona", "plot", str(drawn_study.file), *typed])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 0
    assert capsys.readouterr().out == f"{file}\n"
    assert [path.name for path in tmp_path.iterdir()] == [file]
    with Image.open(file) as image:
        image.verify()


def test_a_feature_is_drawn_with_its_label_and_the_compared_roles(drawn_study: Study, tmp_path: Path) -> None:
    said = words(plot(drawn_study, "feature", str(OF_PIRATE_ALONE), None, tmp_path / "x.svg"))
    assert (
        f"Feature {OF_PIRATE_ALONE} in 3 roles · small, SAE first: the open sea, and voyages over it" in said
    )
    assert "pirate" in said
    assert "1984" not in said


def test_a_role_is_drawn_with_the_labels_of_its_features(drawn_study: Study, tmp_path: Path) -> None:
    said = words(plot(drawn_study, "role", "pirate", None, tmp_path / "x.SVG"))
    assert f"the open sea, and voyages over it  {OF_PIRATE_ALONE}" in said


def test_the_anchor_marked_is_the_one_the_snapshot_was_made_with(drawn_study: Study, tmp_path: Path) -> None:
    said = words(plot(drawn_study, "axes", None, None, tmp_path / "x.svg"))
    assert "the anchor, default" in said


@pytest.mark.parametrize(
    ("subject", "name", "sae", "complaint"),
    [
        ("role", "pirat", None, "has no role 'pirat'; its roles: 1984, default"),
        ("role", "1984", None, "role 1984 takes no part in comparisons"),
        ("role", None, None, "which role\\?"),
        ("feature", None, None, "which feature\\?"),
        ("feature", "x", None, "'x' is no feature's id"),
        ("feature", "-1", None, "'-1' is no feature's id"),
        ("feature", str(DEAD), None, f"feature {DEAD} fires in no response"),
        ("atlas", "5", None, "takes no name; leave '5' out"),
        ("atlas", None, "third", "no SAE 'third'; its SAEs: first, second"),
    ],
)
def test_what_cannot_be_drawn_is_one_line_and_no_file(
    drawn_study: Study, subject: str, name: str | None, sae: str | None, complaint: str, tmp_path: Path
) -> None:
    with pytest.raises(StudyError, match=complaint) as error:
        plot(drawn_study, subject, name, sae, tmp_path / "x.png")
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_name_with_a_slash_is_no_folder_of_the_picture(drawn_study: Study) -> None:
    with pytest.raises(StudyError, match="has no role 'a/b'"):
        plot(drawn_study, "role", "a/b", None, None)


def test_without_an_assistant_axis_the_line_is_refused_with_the_atlas_s_reason(drawn_study: Study) -> None:
    with connect(drawn_study) as connection:
        connection.execute(NO_AXIS)
        with pytest.raises(
            StudyError, match=r"^small: no assistant axis under SAE first: the anchor was not read$"
        ):
            picture(drawn_study, connection, "line", None, None)


def test_an_atlas_without_a_role_on_an_axis_is_one_line(drawn_study: Study) -> None:
    with connect(drawn_study) as connection:
        connection.execute("create temp table role_axes as from warehouse.role_axes limit 0")
        with pytest.raises(StudyError, match="^small, SAE first: the atlas has no role on an axis"):
            picture(drawn_study, connection, "axes", None, None)


def test_a_mark_s_sentence_is_of_the_side_that_has_more_of_it(drawn_study: Study) -> None:
    with connect(drawn_study) as connection:
        connection.execute(MARKED)
        figure = picture(drawn_study, connection, "line", None, None)
    told = [text for text in figure.axes[1].texts if "the sentence:" in text.get_text()]
    middle = figure.axes[1].get_xlim()[1] / 2
    right = {text.get_text().split(": ")[-1] for text in told if text.get_position()[0] > middle}
    left = {text.get_text().split(": ")[-1] for text in told if text.get_position()[0] < middle}
    assert right == {"default"} and left and not left & {"default"}


def test_a_feature_that_the_sae_cannot_have(drawn_study: Study, study: Study, tmp_path: Path) -> None:
    publish(study)
    with pytest.raises(StudyError, match="no feature 2048: SAE demo has 2,048 features"):
        plot(study, "feature", "2048", None, tmp_path / "x.png")


@pytest.mark.parametrize("file", ["x.pdf", "x", ".png", "x.svgz"])
def test_a_file_of_another_kind_is_refused_before_anything_is_read(study: Study, file: str) -> None:
    with pytest.raises(StudyError, match="a picture's name ends in .png or .svg"):
        plot(study, "atlas", None, None, Path(file))


@pytest.mark.parametrize(("subject", "name"), [("line", None), ("axes", None), ("atlas", None)])
def test_where_there_is_no_atlas_yet_the_line_says_what_to_run(
    study: Study, subject: str, name: str | None, tmp_path: Path
) -> None:
    publish(study)
    with pytest.raises(StudyError, match="there is no atlas yet under SAE demo .*; run `persona run small`"):
        plot(study, subject, name, None, tmp_path / "x.png")


@pytest.mark.parametrize(("subject", "name"), [("feature", "7"), ("role", "pirate")])
def test_where_nothing_is_compared_yet_the_line_says_what_to_run(
    study: Study, subject: str, name: str, tmp_path: Path
) -> None:
    publish(study)
    with pytest.raises(
        StudyError, match="roles are not compared yet under SAE demo .*; run `persona run small`"
    ):
        plot(study, subject, name, None, tmp_path / "x.png")


def test_a_file_that_cannot_be_written_keeps_the_earlier_one(drawn_study: Study, tmp_path: Path) -> None:
    (tmp_path / "x.png").mkdir()
    with pytest.raises(StudyError, match="cannot write .*; check the path and the disk, or write elsewhere"):
        plot(drawn_study, "feature", str(ALWAYS_ON), None, tmp_path / "x.png")
    assert [path.name for path in tmp_path.iterdir()] == ["x.png"]
