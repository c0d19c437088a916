"""Text of the data that is code elsewhere: to a terminal, to a spreadsheet, to a file system."""

from __future__ import annotations

import csv
import io
import itertools
import json
from dataclasses import replace
from pathlib import Path

import pytest

from paxsilica.cli.output import print_json
from paxsilica.errors import Problem
from paxsilica.plan.result import Plan, table_text
from paxsilica.report.console.screen import STEERING, Screen, print_problems, visible
from paxsilica.report.console.summary import print_summary
from paxsilica.report.export import export_plan
from paxsilica.report.views.named_plan import NamedPlan
from paxsilica.serialize import FORMULA_STARTS
from paxsilica.studies.scenarios import compare
from report_world import named

STEER = [*map(chr, [*range(9), *range(11, 32), *range(127, 160)]), "\u202e", "\u2066"]
ESCAPES = ["\x1b]0;title\x07", "\x1b[2J", "\x1b[31mred", "\x9b31m", "a\rb", "\u202egnp.exe"]


def hostile(text: str) -> NamedPlan:
    """The plan with ``text`` in every column of text, every note, title and name."""
    tables = {}
    for name, frame in named().plan.tables.items():
        kept = {"state", "stage", "region", "mode", "project", "funder", "status", "commodity"}
        texts = [key for key in frame if frame[key].dtype.kind not in "biuf" and key not in kept]
        tables[name] = frame.assign(**{str(key): text for key in texts if len(frame)})
    plan = replace(
        named().plan,
        tables=tables,
        title=text,
        question=text,
        case=text,
        notes=(text, *named().plan.notes),
    )
    return NamedPlan(plan, None, text)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("text", ESCAPES)
@pytest.mark.parametrize("kind", [io.StringIO, Terminal])
def test_no_character_that_steers_reaches_the_terminal(
    text: str, kind: type[io.StringIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    out = kind()
    screen = Screen(out)
    view = hostile(text)
    plan: Plan = view.plan
    print_summary(screen, view)
    screen.show(text)
    screen.print(text)
    print_problems(screen, [Problem(text, text, text, text, text)])
    print_json(screen, plan.result() | {"portfolio": plan.portfolio})
    left = [char for char in STEERING.findall(out.getvalue()) if char != "\x1b"]
    assert not left
    for part in ("]0;", "[2J", "[31m"):
        assert f"\x1b{part}" not in out.getvalue()


def test_json_stays_what_it_was() -> None:
    out = io.StringIO()
    text = "".join(STEER) + "ä\U0001f600"
    print_json(Screen(out), {"x": text})
    assert json.loads(out.getvalue()) == {"x": text}
    assert not STEERING.search(out.getvalue())


@pytest.mark.parametrize("char", STEER)
def test_visible_leaves_none(char: str) -> None:
    assert not STEERING.search(visible(f"a{char}b"))
    assert visible("tab\tand\nline ä") == "tab\tand\nline ä"


STARTS = [
    f"{start}{rest}" for start, rest in itertools.product(FORMULA_STARTS, ("1+1", "cmd|x", ""))
]


@pytest.mark.parametrize("text", STARTS)
@pytest.mark.parametrize("format_", ["csv", "iamc"])
def test_no_cell_of_text_is_a_formula(tmp_path: Path, text: str, format_: str) -> None:
    place = export_plan(hostile(text), format_, None, tmp_path / "out")
    files = sorted(place.glob("*.csv")) if place.is_dir() else [place]
    assert files
    found = 0
    for path in files:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.reader(file):
                for cell in row:
                    found += cell == f"'{text}"
                    assert not cell.startswith(FORMULA_STARTS) or is_number(cell), (path, cell)
    assert found


@pytest.mark.parametrize("text", STARTS)
def test_no_cell_of_a_study_is_a_formula(tmp_path: Path, text: str) -> None:
    study = compare(named().plan, named().plan)
    texts = {
        name: frame.assign(
            **{str(key): text for key in frame if frame[key].dtype.kind not in "biuf"}
        )
        for name, frame in study.tables.items()
    }
    replace(study, tables=texts).save(tmp_path / "study")
    found = 0
    for path in (tmp_path / "study").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            for cell in itertools.chain(*csv.reader(file)):
                found += cell == f"'{text}"
                assert not cell.startswith(FORMULA_STARTS) or is_number(cell), (path, cell)
    assert found


@pytest.mark.parametrize("text", ["a\rb", "\r\n=x", "a\nb", '"', "NA", "007", " x ", "\x1b[0m"])
def test_plan_tables_keep_every_text(tmp_path: Path, text: str) -> None:
    plan = hostile(text).plan
    plan.save(tmp_path / "plan")
    assert set(Plan.load(tmp_path / "plan").portfolio["name"]) == {text}
    assert table_text(Plan.load(tmp_path / "plan").costs) == table_text(plan.costs)


def is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("case", ["../../=evil", "/etc/x", "..", "a/b", "\x1b[31m", ""])
def test_exports_stay_in_their_folder(tmp_path: Path, case: str) -> None:
    plan = replace(named().plan, case=case)
    place = tmp_path / "one" / "plan"
    plan.save(place)
    before = sorted(tmp_path.rglob("*"))
    for format_ in ("csv", "json", "iamc", "xlsx"):
        export_plan(NamedPlan(plan, None, ""), format_, place, None)
    new = set(tmp_path.rglob("*")) - set(before)
    assert new
    assert all(path.is_relative_to(place) for path in new)
