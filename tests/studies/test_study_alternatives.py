"""Verdicts on projects against every plan there is."""

from __future__ import annotations

import pytest
from smallworlds import every_plan, question

from paxsilica.errors import InputError
from paxsilica.studies import census
from paxsilica.studies.alternatives import alternatives
from paxsilica.studies.runner import Packed, perform, task


def expected(tolerance: float) -> tuple[dict[str, str], list[float]]:
    plans = every_plan(question("2030"))
    best = min(one.total for one in plans)
    near = [one for one in plans if one.total <= best + tolerance + 1e-6]
    verdicts = {}
    for name in sorted(set().union(*(one.projects for one in plans))):
        has = [name in one.projects for one in near]
        verdicts[name] = "must-build" if all(has) else "interchangeable" if any(has) else "never-build"
    return verdicts, sorted(one.total for one in near)


@pytest.mark.parametrize("tolerance", [0.0, 1.0, 2.5, 12.0, 40.0, 90.0])
def test_verdicts_are_those_of_enumeration(tolerance: float) -> None:
    found = alternatives(question("2030"), tolerance_usd_m=tolerance, plans=1, workers=1).table()
    assert dict(zip(found["project"], found["verdict"], strict=True)) == expected(tolerance)[0]
    assert found["certain"].all()


def test_distinct_plans_are_the_cheapest_ones_in_order() -> None:
    found = alternatives(question("2030"), tolerance_usd_m=12.0, plans=8, workers=1)
    near = expected(12.0)[1]
    listed = found.table("plans")
    assert listed.loc[listed["near_optimal"], "objective_usd_m"].tolist() == pytest.approx(near)
    assert not listed["near_optimal"].iloc[-1]  # the next plan is beyond the limit, and the list ends with it
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
    asked = question("2030")
    plan = asked.solve()
    found = alternatives(asked, 0.1, plans=1, workers=1)
    assert plan.objective is not None
    assert found.limit_usd_m == pytest.approx(plan.objective + 0.1 * plan.capital_decided_usd_m)


def nothing_found(tables: object, case: object, arguments: object) -> dict[str, object]:
    return {"status": "no_plan", "objective": None, "bound": None, "proved_none": False, "found": {}}


MEANS = {
    "flips": "plans found",
    "relaxations": "proof by relaxation",
    "batch": "proof for many at once",
    "forced": "proof for this project",
}


@pytest.mark.parametrize("means", MEANS)
def test_each_means_is_right_on_its_own(means: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for other in MEANS:
        if other != means:
            monkeypatch.setattr(f"paxsilica.studies.alternatives.{other}", nothing_found)
    found = alternatives(question("2030"), tolerance_usd_m=12.0, plans=1, workers=1).table()
    right = expected(12.0)[0]
    decided = found[found["verdict"] != "undecided"]
    assert all(right[name] == verdict for name, verdict in zip(decided["project"], decided["verdict"], strict=True))
    assert MEANS[means] in set(decided["decided_by"])
    if means in ("batch", "forced"):
        assert len(decided) == len(found)


def test_what_the_gap_leaves_open_is_said() -> None:
    loose = question("2030", solver={"gap": 0.9})
    found = alternatives(loose, tolerance_usd_m=0.5, plans=1, workers=1)
    table = found.table()
    # a plan within the limit of the best known need not be near the true optimum: only proofs are certain
    assert not table.loc[table["verdict"] == "interchangeable", "certain"].any()


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
    for means in MEANS:
        monkeypatch.setattr(f"paxsilica.studies.alternatives.{means}", nothing_found)
    found = alternatives(question("2030"), tolerance_usd_m=12.0, plans=1, workers=1).table()
    assert set(found["verdict"]) == {"undecided"}
    assert not found["certain"].any()


def test_projects_that_cannot_be_committed_are_never_built() -> None:
    asked = question("2030", trusted=["signatory"])
    found = alternatives(asked, tolerance_usd_m=1000.0, plans=1, workers=1).table().set_index("project")
    assert found.loc["a-mine-2", "verdict"] == "interchangeable"


def test_a_batch_that_proves_nothing_more_is_possible() -> None:
    asked = question("2030")
    packed = Packed.of(asked.tables)
    plan = asked.solve()
    assert plan.objective is not None
    start = {"decision": {"a-mine-2": [2030, 4.0], "a-smelt": [2030, 3.0]}, "tickets": []}
    job = task(census.batch, packed, asked.case, side="in", projects=["b-smelt-big", "c-smelt"], limit=plan.objective + 5.0, start=start)
    assert perform(job)["proved_none"]


@pytest.mark.parametrize("options", [{"tolerance": -0.1}, {"plans": 0}, {"distance": 0}, {"tolerance_usd_m": -1.0}])
def test_questions_without_sense_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(InputError, match="should be at least"):
        alternatives(question("2030"), **options)  # type: ignore[arg-type]


def test_figure() -> None:
    found = alternatives(question("2030"), tolerance_usd_m=12.0, plans=4, workers=1)
    labels = [text.get_text() for text in found.figure().axes[0].get_yticklabels()]
    assert "a-mine-2" in labels
    assert "b-smelt-big" not in labels
