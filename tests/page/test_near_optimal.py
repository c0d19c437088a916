"""The page marks projects that every near-optimal plan has where the study of alternatives is given
for the plan, and says so where it is not."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from paxsilica.api import Question
from paxsilica.cli import app
from paxsilica.errors import InputError
from paxsilica.report.page import render_page
from paxsilica.report.views.named_plan import NamedPlan, case_of
from paxsilica.report.views.near_optimal import NearOptimal, load_near_optimal
from paxsilica.studies.alternatives import alternatives
from report_world import named, save, tables

UNKNOWN = "It is not known which of these projects every near-optimal plan has"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The alternatives of the small world: with ample room no project is in every plan."""
    case = case_of(named().plan)
    found = alternatives(Question(tables(), case), tolerance_usd_m=1.0, plans=1, workers=1)
    return found.save(tmp_path_factory.mktemp("study"))


def with_verdicts(folder: Path, place: Path, **changes: object) -> Path:
    """The study with other content."""
    document = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    place.mkdir()
    (place / "study.json").write_text(json.dumps(document | changes), encoding="utf-8")
    return place


def known(near: NearOptimal) -> NamedPlan:
    return replace(named(), near=near)


def table_of(page: str) -> list[list[str]]:
    """Text of the cells of the table of projects, as on a screen."""
    page = re.sub(r'<b class="print-only".*?</b>', "", page)
    start = page.index('id="a-portfolio"')
    body = page[page.index("<tbody>", start) : page.index("</tbody>", start)]
    rows = re.findall(r"<tr data-project.*?</tr>", body, re.DOTALL)
    return [
        [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)]
        for row in rows
    ]


def test_where_it_is_not_known_the_page_says_so_and_marks_nothing() -> None:
    page = render_page(named())
    assert page.count(UNKNOWN) == 1
    assert "●" not in page
    assert "near-optimal plans with it" not in page
    assert render_page(named(), named(50.0)).count(UNKNOWN) == 2


def test_the_marks_are_the_verdicts_of_the_study(study: Path) -> None:
    near = load_near_optimal(study, named().plan)
    rows = json.loads((study / "study.json").read_text())["tables"]
    assert set(rows) == {"projects", "plans"}
    verdicts = {"new-mine": "must-build", "new-smelter": "must-build"}
    assert near.verdicts == verdicts
    page = render_page(known(near))
    assert UNKNOWN not in page
    assert "has 2 of the 2 projects of this plan" in page
    assert [row[:2] for row in table_of(page)] == [
        ["● New mine", "all"],
        ["● new-smelter", "all"],
    ]
    assert len(re.findall('class="label"[^>]*>●', page)) == 4, "names in both timetables"


def test_a_project_that_can_be_replaced_or_is_open_has_no_mark() -> None:
    verdicts = {"new-mine": "interchangeable", "new-smelter": "undecided", "other": "must-build"}
    near = NearOptimal(1e9, 5.0, verdicts, frozenset({"new-mine", "other"}), True)
    page = render_page(known(near))
    assert [row[:2] for row in table_of(page)] == [
        ["New mine", "some"],
        ["new-smelter", "not decided"],
    ]
    assert "has 0 of the 2 projects of this plan" in page
    assert "Every near-optimal plan also has other, which this plan lacks." in page
    assert "For 1 of the projects of this plan this is not decided." in page
    assert "The study was stopped before its end." in page
    unsure = NearOptimal(1.0, 5.0, {"new-mine": "must-build"}, frozenset(), False)
    assert unsure.words("new-mine") == "not decided"
    assert "This plan itself is not near-optimal" in render_page(known(unsure))


def test_the_study_must_be_of_the_same_case_and_data(study: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"another case .* differs in budget_usd_m"):
        load_near_optimal(study, named(50.0).plan)
    changes: dict[str, dict[str, object]] = {
        "of other data": {"data_digest": "other"},
        "should be a study of `paxsilica alternatives`": {"study": "Frontier"},
        "of this version has written": {"verdicts": None},
    }
    for at, (words, change) in enumerate(changes.items()):
        with pytest.raises(InputError, match=words):
            load_near_optimal(with_verdicts(study, tmp_path / str(at), **change), named().plan)
    with pytest.raises(InputError, match="of this version has written"):
        load_near_optimal(tmp_path, named().plan)


def test_the_command_takes_the_study(study: Path, tmp_path: Path) -> None:
    plan, other = save(60.0, tmp_path / "plan"), save(50.0, tmp_path / "other")
    words = ["report", str(plan), "--alternatives", str(study)]
    found = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "one.html")])
    assert found.exit_code == 0, found.output
    assert UNKNOWN not in (tmp_path / "one.html").read_text(encoding="utf-8")
    both = [*words, "--with", str(other), "--out", str(tmp_path / "two.html")]
    assert CliRunner().invoke(app, both).exit_code == 0
    page = (tmp_path / "two.html").read_text(encoding="utf-8")
    assert page.count(UNKNOWN) == 1, "the other plan answers another case"
    wrong = CliRunner().invoke(app, ["report", str(other), "--alternatives", str(study)])
    assert wrong.exit_code == 2
    assert "another case" in wrong.output
