"""Cases side by side, and plans compared, against running each by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from smallworlds import HARD, question

from paxsilica.errors import InputError
from paxsilica.studies.parallel import Packed, perform, task
from paxsilica.studies.scenarios import compare, side_by_side
from paxsilica.studies.tasks import decision_in, run_plan, solve_case

CASES = {
    "small": question("2030", budget_usd_m=25.0),
    "large": question("2030"),
    "alone": question("2030", roles={"protected": ["signatory"]}),
}


def test_a_plan_in_its_own_case_costs_what_it_cost() -> None:
    for problem in CASES.values():
        packed = Packed.of(problem.tables)
        best = perform(task(solve_case, packed, problem.case))
        again = perform(task(run_plan, packed, problem.case, decision=best["decision"]))
        assert again["cost"] == pytest.approx(best["objective"])
        assert again["decision"] == best["decision"]
        assert again["within_money"]
        assert again["missing"] == []


def test_regret_is_the_distance_from_the_best_for_the_case() -> None:
    found = side_by_side(CASES, workers=1)
    table = found.table().set_index(["plan", "case"])
    for name, problem in CASES.items():
        plan = problem.solve()
        assert plan.objective is not None
        assert table.loc[(name, name), "regret_usd_m"] == pytest.approx(0.0, abs=1e-5)
        for other in CASES:
            row = table.loc[(other, name)]
            assert row["regret_usd_m"] == pytest.approx(
                row["cost_usd_m"] - plan.objective, abs=1e-4
            )
            assert row["regret_usd_m"] <= row["regret_most_usd_m"] + 1e-6
            if row["within_money"]:
                assert row["regret_usd_m"] >= -1e-6
    # the large plan costs 51, of which the small budget pays 25
    assert not table.loc[("large", "small"), "within_money"]
    worst = found.table("worst").set_index("plan")
    for name in CASES:
        assert worst.loc[name, "largest_regret_usd_m"] == pytest.approx(
            table.loc[name]["regret_usd_m"].max()
        )
    assert "cannot run" not in [text.get_text() for text in found.figure().axes[0].texts]


def test_projects_that_a_case_does_not_have_are_named() -> None:
    wide, narrow = question("2030"), question("2030", funding=["signatory"])
    decision = {"c-mine": [2030, 2.0], "unheard-of": [2030, 1.0]}
    found = perform(task(run_plan, Packed.of(wide.tables), narrow.case, decision=decision))
    assert found["missing"] == ["unheard-of"]
    assert set(found["decision"]) == {"c-mine"}


def test_a_plan_that_cannot_be_run_has_no_regret() -> None:
    strict = question("2030", coverage=HARD)
    found = side_by_side({"strict": strict, "small": CASES["small"]}, workers=1)
    table = found.table().set_index(["plan", "case"])
    assert table.loc[("small", "strict"), "status"] == "infeasible"
    assert found.table("worst").set_index("plan")["largest_regret_usd_m"].isna().to_dict() == {
        "strict": False,
        "small": True,
    }
    assert "cannot run" in [text.get_text() for text in found.figure().axes[0].texts]


def test_known_plans_take_part() -> None:
    plan = CASES["small"].solve()
    found = side_by_side({"large": CASES["large"]}, plans={"thrift": plan}, workers=1)
    assert set(found.table()["plan"]) == {"large", "thrift"}
    assert set(found.table()["case"]) == {"large"}
    own = side_by_side(CASES, plans={"small": plan}, workers=1)
    fresh, known = side_by_side(CASES, workers=1).table("cases"), own.table("cases")
    assert list(known["case"]) == list(fresh["case"])
    for column in known.select_dtypes("number"):
        assert known[column].tolist() == pytest.approx(fresh[column].tolist(), rel=1e-9, abs=1e-9)


def test_comparison_of_plans() -> None:
    small, large = CASES["small"].solve(), CASES["large"].solve()
    found = compare(small, large)
    headline = found.table("headline").set_index("what")
    assert headline.loc["all cost", "difference"] == pytest.approx(
        (large.objective or 0) - (small.objective or 0)
    )
    assert headline.loc["projects", "this"] == len(small.portfolio)
    assert found.table("costs")["difference"].sum() == pytest.approx(
        headline.loc["all cost", "difference"]
    )
    names = set(small.portfolio["project"]) ^ set(large.portfolio["project"])
    assert set(found.table("projects")["project"]) >= names
    assert set(found.table("coverage")["stage"]) <= {"ore", "metal"}
    assert found.table("coverage")["standalone_difference"].max() > 0
    assert found.figure().axes[0].get_xlabel().startswith("other plan less this plan")
    assert found.notes[0].startswith("They answer different questions (budget_usd_m: ")
    same = compare(large, large)
    assert same.notes == ()
    assert all(same.table(name).empty for name in ("projects", "coverage"))


def test_a_comparison_says_first_what_makes_it_doubtful() -> None:
    small, large = CASES["small"].solve(), CASES["large"].solve()
    assert [note.split(" (")[0] for note in compare(small, large).notes] == [
        "They answer different questions"
    ]
    # a bound below the other plan leaves open which question has the better best plan
    assert "do not show which case" in compare(replace(small, bound=0.0), large).notes[-1]
    closer = CASES["small"].with_(gap=0.25).solve()
    assert compare(small, closer).notes == ()  # a gap is no question
    case = small.manifest["case"] | {"partners": ["A=money:A"]}
    named = replace(small, manifest=small.manifest | {"case": case})
    assert compare(small, named).notes == ()  # nor are the players of another study
    other = replace(small, manifest={**small.manifest, "data_digest": "another"})
    assert compare(small, other).notes == ("They were made from different data.",)


def test_there_must_be_something_to_compare() -> None:
    none = question("2030", coverage=HARD, budget_usd_m=0.0).solve()
    assert none.objective is None
    with pytest.raises(InputError, match="no plan to compare"):
        compare(none, none)
    with pytest.raises(InputError, match="no case"):
        side_by_side({})
    found = side_by_side(
        {"none": question("2030", coverage=HARD, budget_usd_m=0.0), "large": CASES["large"]},
        workers=1,
    )
    assert any("no plan for none" in note for note in found.notes)


def test_a_project_whose_size_is_a_choice_keeps_it() -> None:
    problem = question("2030")
    plan = problem.solve()
    assert decision_in(plan) == {
        name: [int(year), float(size)]
        for name, year, size in plan.portfolio[["project", "committed_year", "size"]].itertuples(
            index=False, name=None
        )
    }
