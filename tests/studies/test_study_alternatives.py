"""Verdicts on projects against every plan there is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest
from smallworlds import every_plan, question

from paxsilica.case import Case
from paxsilica.errors import InputError
from paxsilica.solver.resolve import write
from paxsilica.studies.alternatives import alternatives
from paxsilica.studies.branching import Region, grown
from paxsilica.studies.near_optimal import NearOptimalSet, forced, related_projects
from paxsilica.studies.parallel import Packed, Result, Runner, perform, task
from paxsilica.studies.tasks import solve_case
from paxsilica.tables import Tables
from worlds import some


def expected(tolerance: float) -> tuple[dict[str, str], list[float]]:
    plans = every_plan(question("2030"))
    best = min(one.total for one in plans)
    near = [one for one in plans if one.total <= best + tolerance + 1e-6]
    verdicts = {}
    for name in sorted(set().union(*(one.projects for one in plans))):
        has = [name in one.projects for one in near]
        verdicts[name] = (
            "must-build" if all(has) else "interchangeable" if any(has) else "never-build"
        )
    return verdicts, sorted(one.total for one in near)


def test_projects_that_presuppose_or_exclude_each_other_are_related() -> None:
    problem = question("2030")
    found = related_projects(write(problem.tables, problem.case))
    pairs = [{"b-smelt", "b-smelt-big"}, {"c-mine", "c-smelt"}]
    alone = {name for name in found if len(found[name]) == 1}
    assert alone == {"a-mine-2", "b-mine", "a-smelt"}
    assert all(found[name] == pair for pair in pairs for name in pair)
    joined = problem.tables.edited(
        "projects", lambda row: {"exclusive_group": "b"} if row.project == "c-smelt" else None
    )
    again = related_projects(write(joined, problem.case))
    assert all(again[name] == pairs[0] | pairs[1] for pair in pairs for name in pair)


@pytest.mark.parametrize("tolerance", some([2.5, 40.0, 0.0, 1.0, 12.0, 90.0], 2))
def test_verdicts_are_those_of_enumeration(tolerance: float) -> None:
    found = alternatives(question("2030"), tolerance_usd_m=tolerance, plans=1, workers=1).table()
    assert dict(zip(found["project"], found["verdict"], strict=True)) == expected(tolerance)[0]
    assert found["certain"].all()


@pytest.mark.slow
def test_distinct_plans_are_the_cheapest_ones_in_order() -> None:
    found = alternatives(question("2030"), tolerance_usd_m=12.0, plans=8, workers=1)
    near = expected(12.0)[1]
    listed = found.table("plans")
    assert listed.loc[listed["near_optimal"], "objective_usd_m"].tolist() == pytest.approx(near)
    assert not listed["near_optimal"].iloc[
        -1
    ]  # the next plan is beyond the limit, and the list ends with it
    assert listed["extra_usd_m"].iloc[0] == 0.0


def test_distance_keeps_plans_apart() -> None:
    found = alternatives(question("2030"), tolerance_usd_m=200.0, plans=4, distance=3, workers=1)
    decisions = [set(one) for one in found.decisions.values()]
    assert len(decisions) == 4
    assert min(len(a ^ b) for at, a in enumerate(decisions) for b in decisions[:at]) >= 3
    plans = every_plan(question("2030"))
    second = min(one.total for one in plans if len(one.projects ^ decisions[0]) >= 3)
    assert found.table("plans")["objective_usd_m"].iloc[1] == pytest.approx(second)


def test_the_tolerance_is_a_share_of_the_capital_decided() -> None:
    problem = question("2030")
    plan = problem.solve()
    found = alternatives(problem, 0.1, plans=1, workers=1)
    assert plan.objective is not None
    assert found.limit_usd_m == pytest.approx(plan.objective + 0.1 * plan.capital_decided_usd_m)


def nothing_found(tables: object, case: object, arguments: object) -> dict[str, object]:
    return {"status": "no_plan", "objective": None, "bound": None, "least": None}


def nothing_bounded(
    tables: object, case: object, arguments: Mapping[str, Any]
) -> dict[str, object]:
    return {"bound": -1e9, "found": [[name, side, -1e9, []] for name, side in arguments["places"]]}


def nothing_near(tables: object, case: object, arguments: object) -> dict[str, object]:
    return {"found": []}


def nothing_split(tables: object, case: object, arguments: object) -> dict[str, object]:
    return {"bound": -1e9, "column": None}


METHODS = {
    "branching.relaxations": (nothing_bounded, "proof by relaxation"),
    "branching.split": (nothing_split, ""),
    "alternatives.neighbours": (nothing_near, "plans found"),
    "alternatives.repaired": (nothing_found, "plans found"),
    "alternatives.forced": (nothing_found, "proof for this project"),
}


@pytest.mark.parametrize(
    ("kept", "decided_by"),
    [
        (("branching.relaxations",), "proof by relaxation"),
        (("branching.relaxations", "branching.split"), "proof by relaxation"),
        (("branching.relaxations", "alternatives.repaired"), "plans found"),
        (("alternatives.neighbours",), "plans found"),
        (("alternatives.forced",), "proof for this project"),
    ],
)
def test_each_method_is_right_on_its_own(
    kept: tuple[str, ...], decided_by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for method, (instead, _) in METHODS.items():
        if method not in kept:
            monkeypatch.setattr(f"paxsilica.studies.{method}", instead)
    found = alternatives(question("2030"), tolerance_usd_m=12.0, plans=1, workers=1).table()
    right = expected(12.0)[0]
    decided = found[found["verdict"] != "undecided"]
    assert all(
        right[name] == verdict
        for name, verdict in zip(decided["project"], decided["verdict"], strict=True)
    )
    assert decided_by in set(decided["decided_by"])
    if kept == ("alternatives.forced",):
        assert len(decided) == len(found)


def test_the_best_plan_is_solved_to_the_gap_that_the_tolerance_needs() -> None:
    loose = question("2030", solver={"gap": 0.9})
    found = alternatives(loose, tolerance_usd_m=12.0, plans=1, workers=1).table()
    assert dict(zip(found["project"], found["verdict"], strict=True)) == expected(12.0)[0]
    assert found["certain"].all()


def poorly_proved(tables: Tables, case: Case, arguments: Mapping[str, Any]) -> Result:
    found = solve_case(tables, case, arguments)
    return found | {"bound": found["bound"] - 100.0}


def test_what_the_bound_leaves_open_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paxsilica.studies.alternatives.solve_case", poorly_proved)
    monkeypatch.setattr("paxsilica.studies.alternatives.grown", lambda *_: [Region((), -math.inf)])
    found = alternatives(question("2030"), tolerance_usd_m=12.0, plans=1, workers=1)
    table = found.table()
    assert dict(zip(table["project"], table["verdict"], strict=True)) == expected(12.0)[0]
    # a plan within the limit of the best known need not be near the true optimum: only proofs are
    # certain
    assert table["certain"].equals(table["verdict"] != "interchangeable")
    assert any("not certain" in note for note in found.notes)


def test_a_better_plan_on_the_way_moves_the_limit() -> None:
    loose = question("2030", solver={"gap": 0.9})
    first = loose.solve()
    found = alternatives(loose, tolerance_usd_m=12.0, plans=3, workers=1)
    assert first.objective is not None
    assert found.limit_usd_m <= first.objective + 12.0
    assert found.table("plans")["extra_usd_m"].min() == 0.0
    near = [one for one in every_plan(question("2030")) if one.total <= found.limit_usd_m + 1e-6]
    for row in found.table().itertuples():
        has = [row.project in one.projects for one in near]
        right = "must-build" if all(has) else "interchangeable" if any(has) else "never-build"
        assert row.verdict in (right, "undecided")


def test_a_time_limit_leaves_projects_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    for method, (instead, _) in METHODS.items():
        monkeypatch.setattr(f"paxsilica.studies.{method}", instead)
    found = alternatives(question("2030"), tolerance_usd_m=12.0, plans=1, workers=1)
    assert set(found.table()["verdict"]) == {"undecided"}
    assert not found.table()["certain"].any()
    assert any("undecided" in note for note in found.notes)


def test_projects_that_cannot_be_committed_are_never_built() -> None:
    problem = question("2030", roles={"protected": ["signatory"]})
    found = (
        alternatives(problem, tolerance_usd_m=1000.0, plans=1, workers=1)
        .table()
        .set_index("project")
    )
    assert found.loc["a-mine-2", "verdict"] == "interchangeable"


@pytest.mark.parametrize("extra", [-0.5, 0.5])
def test_one_project_is_decided_at_any_gap(extra: float) -> None:
    problem = question("2030", solver={"gap": 0.9})
    plans = every_plan(question("2030"))
    least = min(one.total for one in plans if "c-smelt" in one.projects)
    best = min(plans, key=lambda one: one.total)
    shared = {
        "start": {"decision": {name: [2030, 0.0] for name in best.projects}, "tickets": []},
        "settled": {},
    }
    job = task(
        forced,
        Packed.of(problem.tables),
        problem.case,
        project="c-smelt",
        side="in",
        limit=least + extra,
        **shared,
    )
    found = perform(job)
    if extra > 0:
        assert found["value"] <= least + extra
    else:
        assert found["least"] > least + extra


@pytest.mark.parametrize("tolerance", [2.5, 40.0, 90.0])
def test_regions_hold_every_plan_near_the_best(tolerance: float) -> None:
    problem = question("2030")
    plans = every_plan(problem)
    limit = min(one.total for one in plans) + tolerance
    packed = Packed.of(problem.tables)
    with Runner(1) as runner:
        regions = grown(packed, problem.case, {}, limit, math.inf, runner)
        assert any(region.branches for region in regions)
        for one in plans:
            if one.total > limit:
                continue
            # the project determines the year: only one year is possible
            holding = [
                region
                for region in regions
                if all(
                    (name in one.projects) == (value > 0.5) for name, _, value in region.branches
                )
            ]
            assert len(holding) == 1
            assert holding[0].bound <= one.total + 1e-6


def test_proofs_stay_valid_when_the_limit_falls() -> None:
    best = {"value": 100.0, "decision": {"a": [2030, 1.0]}, "tickets": []}
    near_set = NearOptimalSet(["a", "b"], best, 90.0, 10.0)
    near_set.see(best)
    near_set.prove(("b", "in"), 111.0, "proof")
    assert near_set.verdict("b") == "never-build"
    near_set.prove(("a", "out"), 105.0, "proof")
    near_set.see({"value": 109.0, "decision": {}, "tickets": []})
    assert near_set.verdict("a") == "interchangeable"
    near_set.see({"value": 93.0, "decision": {"a": [2030, 2.0]}, "tickets": []})
    # the limit is now 103: what cost 109 is too dear, and the bound of 105 is a proof
    assert near_set.verdict("a") == "must-build"
    assert near_set.verdict("b") == "never-build"


@pytest.mark.parametrize(
    "options", [{"tolerance": -0.1}, {"plans": 0}, {"distance": 0}, {"tolerance_usd_m": -1.0}]
)
def test_invalid_questions_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(InputError, match="should be at least"):
        alternatives(question("2030"), **options)  # type: ignore[arg-type]


def test_figure() -> None:
    found = alternatives(question("2030"), tolerance_usd_m=12.0, plans=4, workers=1)
    labels = [text.get_text() for text in found.figure().axes[0].get_yticklabels()]
    assert "a-mine-2" in labels
    assert "b-smelt-big" not in labels
