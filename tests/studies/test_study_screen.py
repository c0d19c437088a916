"""Studies on the screen: no word and no number is broken at 80 and 100 columns, years have no
separators, plans are named by what differs, and coverage is compared with the roles of each."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest
from smallworlds import completion_chain, embargo, question

from paxsilica.cli.studies import ALWAYS_SHOWN, cell_text, print_study
from paxsilica.plan.labels import names_by_projects
from paxsilica.report.console.columns import drawn
from paxsilica.report.console.screen import Screen
from paxsilica.studies.alternatives import alternatives
from paxsilica.studies.completion_draws import completion
from paxsilica.studies.frontier import frontier
from paxsilica.studies.information import information
from paxsilica.studies.montecarlo import montecarlo
from paxsilica.studies.replan import replan
from paxsilica.studies.results import Study
from paxsilica.studies.scenarios import compare, side_by_side
from paxsilica.studies.sensitivity import sensitivity, two_way
from paxsilica.studies.stress import stress

CAPEX, DEMAND = "projects.capex_usd_m", "demand.quantity"
NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?(?:e[+-]\d+)?")


@pytest.fixture(scope="module")
def studies() -> Mapping[str, Study]:
    problem = question("2030", ranges=True)
    smaller = problem.with_(budget=25.0)
    plan = problem.solve()
    return {
        "frontier": frontier(problem, along={"budget": [0.0, 25.0, 60.0]}, workers=1),
        "two limits": frontier(
            problem, along={"budget": [25.0, 60.0], "coverage": [0.2, 0.4]}, workers=1
        ),
        "alternatives": alternatives(problem, plans=4, tolerance_usd_m=60.0, workers=1),
        "sensitivity": sensitivity(problem, [CAPEX], plan=plan, workers=1),
        "two-way": two_way(problem, CAPEX, DEMAND, levels=(-1.0, 1.0), plan=plan, workers=1),
        "montecarlo": montecarlo(problem, 3, parameters=[CAPEX], workers=1),
        "completion": completion(completion_chain(), 20, workers=1),
        "information": information(embargo(), workers=1),
        "cases": side_by_side({"one": problem, "two": smaller}, plans={"one": plan}, workers=1),
        "plans": compare(plan, smaller.solve()),
        "stress": stress(problem, plan, lose=["region", "plant"], count=2, workers=1),
        "replan": replan(
            problem.with_(budget=300.0), plan, tables_before=problem.tables, workers=1
        ),
    }


def printed(study: Study, width: int, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    stream = io.StringIO()
    print_study(Screen(stream), study, Path("here"))
    return stream.getvalue()


def texts(study: Study) -> list[str]:
    """Every text that is to be on the screen, each cell for itself."""
    found = [study.title, *study.notes, "Written to here"]
    for name, frame in study.tables.items():
        if name == study.main or name in ALWAYS_SHOWN:
            schema = study.docs[name].schema
            if frame.empty:
                found.append(f"{study.docs[name].title}: none")
                continue
            found.append(f"{study.docs[name].title}:")
            blank = [] if study.blank_columns_shown else frame.columns[frame.isna().all()]
            for column in map(str, frame.columns.drop(blank)):
                found.append(study.heading(column))
                found += [cell_text(value, schema[column]) for value in frame[column]]
    return found


@pytest.mark.parametrize("width", [80, 100])
@pytest.mark.parametrize(
    "name",
    [
        *("frontier", "two limits", "alternatives", "sensitivity", "two-way", "montecarlo"),
        *("completion", "information"),
        *("cases", "plans", "stress", "replan"),
    ],
)
def test_no_word_and_no_number_is_broken(
    studies: Mapping[str, Study], name: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = printed(studies[name], width, monkeypatch)
    assert max(map(len, shown.splitlines())) <= width
    known = {word for text in texts(studies[name]) for word in text.split()}
    words = {word for word in shown.split() if set(word) != {"-"}}
    assert not {word.removesuffix(":") for word in words - known} - known, "parts of words"
    shown_words = words | {word.removesuffix(":") for word in words}
    assert not known - shown_words, "words that are not shown"


def test_a_broken_word_is_noticed() -> None:
    """The same words in narrow columns of a table that folds."""
    lines = [line for line, _ in drawn(["name"], [["nolans-mine-expansion"]], frozenset(), 10)]
    assert lines[-1] == "nolans-mine-expansion"


def test_wide_tables_are_shown_in_parts_and_at_last_as_a_list() -> None:
    heads, row = ["project", "first", "second"], ["a-mine", "12,345.5", "2030"]

    def lines(width: int) -> list[str]:
        return [line for line, _ in drawn(heads, [row], frozenset({1, 2}), width)]

    assert lines(40) == [
        "project     first  second",
        "-------  --------  ------",
        "a-mine   12,345.5    2030",
    ]
    assert lines(18) == [
        *("project     first", "-------  --------", "a-mine   12,345.5", ""),
        *("project  second", "-------  ------", "a-mine     2030"),
    ]
    assert lines(12) == ["project:", "a-mine", "first:", "12,345.5", "second: 2030"]


def test_years_have_no_separators(
    studies: Mapping[str, Study], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("plans", "montecarlo"):
        shown = printed(studies[name], 100, monkeypatch)
        assert "2030" in NUMBER.findall(shown), name
        assert "2,030" not in shown, name


def test_plans_are_named_by_what_differs(studies: Mapping[str, Study]) -> None:
    found = studies["alternatives"].table("plans")
    assert found["plan"].iloc[0] == "best plan"
    for row in found.iloc[1:].to_dict("records"):
        for keys, word in (("joined", "also "), ("left", "without ")):
            if row[keys] and not row["left" if keys == "joined" else "joined"]:
                assert row["plan"].startswith(word)
        if row["joined"] and row["left"]:
            assert " instead of " in row["plan"]
        named = {*row["joined"].split("; "), *row["left"].split("; ")} - {""}
        assert len(named) > 4 or all(key in row["plan"] for key in named)
    for study in ("alternatives", "frontier", "two limits"):
        names = studies[study].table("plans")["plan"].tolist()
        assert len(set(names)) == len(names) > 1
        assert not [name for name in names if re.search(r"plan \d", name)]
    points = studies["frontier"].table()
    assert set(points["plan"].dropna()) == set(studies["frontier"].table("plans")["plan"])


def test_names_of_plans_stay_different() -> None:
    first, names = set("abcdefg"), {"a": "A mine"}
    plans = [first, first - set("abc"), first - set("abd"), first, first | {"x"}]
    where = [f"point {at}" for at in range(5)]
    assert names_by_projects(plans, names, more=where) == [
        "best plan",
        "without A mine, b and c",
        "without A mine, b and d",
        "the same projects",
        "also x",
    ]
    same = names_by_projects([first, first, first], names, more=where)
    assert same[1:] == ["the same projects, point 1", "the same projects, point 2"]
    assert (
        names_by_projects([first, first - set("abc")], names)[1] == "without A mine, b and 1 more"
    )


def test_coverage_of_plans_is_compared_with_their_own_roles(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    signed = question("2030")
    wider = signed.with_(roles={"protected": ["signatory"]})
    first, second = signed.solve(), wider.solve()
    found = compare(first, second)
    keys = ["stage", "year"]
    both = first.coverage.merge(second.coverage, on=keys, how="outer", suffixes=("_1", "_2"))
    for kind in ("standalone", "joint"):
        gap = (both[f"{kind}_coverage_2"] - both[f"{kind}_coverage_1"]).abs()
        expected = set(map(tuple, both.loc[gap > 1e-6, keys].itertuples(index=False)))
        rows = found.table("coverage")
        assert rows is not None
        shown = rows[rows[f"{kind}_difference"].abs() > 1e-6]
        assert set(map(tuple, shown[keys].itertuples(index=False))) == expected
        merged = shown.merge(both, on=keys)
        for side, suffix in (("this", "1"), ("other", "2")):
            assert merged[f"{kind}_{side}"].tolist() == merged[f"{kind}_coverage_{suffix}"].tolist()
    roles = found.table("roles").set_index("key")
    text = roles.loc["roles.protected.participant"]
    assert (text["this"], text["other"]) == ("in every year", "not given")
    shown = printed(found, 100, monkeypatch)
    assert "Roles of regions, with which the coverage of each plan is computed" in shown
    assert "this" not in pd.Series(shown.split()).tolist()


def test_a_year_that_one_plan_does_not_report_is_blank() -> None:
    plan = question("2030").solve()
    shorter = {**plan.tables, "coverage": plan.coverage.iloc[1:]}
    found = compare(plan, type(plan)(**{**vars(plan), "tables": shorter})).table("coverage")
    missing = plan.coverage.iloc[0]
    (row,) = found.to_dict("records")
    assert (row["stage"], row["year"]) == (missing["stage"], missing["year"])
    assert row["standalone_this"] == missing["standalone_coverage"]
    assert pd.isna(row["standalone_other"])
    assert pd.isna(row["standalone_difference"])
