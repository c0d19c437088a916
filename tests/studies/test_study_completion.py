"""Random completion of a plan, against enumeration and the model's credit."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from smallworlds import completion_chain as chain

from paxsilica.api import Question
from paxsilica.errors import InfeasibleError, InputError
from paxsilica.instance.completion import Completion
from paxsilica.model.investment import capacity_terms
from paxsilica.plan.completed import DrawnTest, committed, drawn_capacity, drawn_delays
from paxsilica.plan.coverage import CoverageTests, ready
from paxsilica.plan.extract import total
from paxsilica.plan.result import Plan
from paxsilica.solver import Values
from paxsilica.solver.resolve import search, write
from paxsilica.studies.completion_draws import CompletionStudy, completion
from worlds import approx, case


def test_the_distribution_is_that_of_an_enumeration() -> None:
    # Both are committed in 2030. In 2031 the mine gives 10 if on time, 8 if a year late, else
    # nothing; the smelter 10 if on time, nothing if two years late. In 2032 the mine gives 10 on
    # time or a year late, and the smelter always 10.
    # 2031: 1.0 with 0.5 * 0.9, 0.8 with 0.3 * 0.9, else 0: mean 0.666. Stated: the ore, 5 + 2.4.
    # 2032: 1.0 with 0.8, else 0: mean 0.8. Stated: 0.8.
    found = completion(chain(), 1000, workers=1)
    table = found.table().set_index("year")
    assert table["stated"].tolist() == approx([0.74, 0.8])
    error = table["standard_error"]
    assert abs(table.loc[2031, "mean"] - 0.666) < 3 * error[2031]
    assert table.loc[2032, "mean"] == approx(0.8)  # one project alone is stratified exactly
    assert table.loc[2032, "met"] == approx(0.8)
    assert abs(table.loc[2031, "met"] - 0.72) < 0.04
    assert (table["overstated"] >= -1e-9).all()
    assert table.loc[2031, ["p10", "p50", "p90"]].tolist() == approx([0, 0.8, 1])
    draws = found.table("draws")
    assert set(draws.loc[draws["year"] == 2031, "joint"]) == {0.0, 0.8, 1.0}
    assert (draws["met"] == (draws["joint"] >= 0.6)).all()


def test_projects_are_ranked_by_what_their_failure_costs() -> None:
    # Without the mine nothing is made: 0.9 of 2031 and 1 of 2032 are lost. The smelter is always
    # completed, so nothing is known of its failure.
    found = completion(chain(), 1000, workers=1).table("projects").set_index("project")
    mine, smelter = found.loc["a-mine"], found.loc["a-smelt"]
    assert mine["loss"] == pytest.approx((0.9 + 1.0) / 2, abs=3 * mine["standard_error"])
    assert (mine["never"], mine["draws_never"]) == approx((0.2, 200))
    assert mine["expected_loss"] == approx(0.2 * mine["loss"])
    assert smelter[["loss", "standard_error", "expected_loss"]].isna().all()
    inputs = completion(chain(), 1000, workers=1).table("inputs").set_index(["year", "commodity"])
    # all misses of 2032 are the mine's; in 2031 the smelter may be late
    assert inputs.loc[2032].index.tolist() == ["ore"]
    assert inputs.loc[(2032, "ore"), "share"] == 1.0
    assert set(inputs.loc[2031].index) == {"ore", "metal"}


def drawn_tests(question: Question) -> tuple[list[DrawnTest], Values]:
    of = write(question.tables, question.case)
    found = search(of.program, question.case.solver).values
    assert found is not None
    values = ready(of.program, of.instance, found)
    read = Values(of.program, values)
    tests = CoverageTests(of.program, of.instance, question.case.solver)
    shift = tests.shift(values)
    return [DrawnTest.of(test, shift, read) for test in tests], read


def test_the_mean_of_drawn_capacity_is_the_credit() -> None:
    question = chain(required=0.7)
    drawn, values = drawn_tests(question)
    instance = drawn[0].test.tests.instance
    for candidate in committed(instance, values):
        chances = dict(candidate.completion.delays)
        for year in instance.years:
            mean = sum(
                chance * drawn_capacity(values, candidate, year, delay)
                for delay, chance in chances.items()
            )
            assert mean == approx(total(capacity_terms(values, candidate, year)))
        # and of the rows of the tests: factors have the mean 1
        for test in drawn:
            factors = test.factors[candidate.name]
            assert sum(chances[d] * factors[d] for d in chances) == approx(1.0)
            assert factors[None] == 0.0


def test_quantiles_and_means_of_a_small_world_are_those_of_all_fates() -> None:
    # every combination of the delays of both projects, with its probability
    tests, values = drawn_tests(chain(required=0.7))
    members = committed(tests[0].test.tests.instance, values)
    fates = [[*one.completion.delays, (None, 1.0 - one.completion.chance)] for one in members]
    found = completion(chain(required=0.7), 2000, seed=7, workers=1).table().set_index("year")
    for test in tests:
        year = test.test.tests.instance.states[test.test.state].year
        mean = 0.0
        enough = 0.0
        for combination in itertools.product(*fates):
            chance = float(np.prod([share for _, share in combination]))
            delays = {one.name: late for one, (late, _) in zip(members, combination, strict=True)}
            joint, _ = test.joint(delays)
            mean += chance * joint
            enough += chance * (joint >= 0.7 - 1e-6)
        assert abs(found.loc[year, "mean"] - mean) < 3 * found.loc[year, "standard_error"]
        assert found.loc[year, "met_low"] - 0.01 < enough < found.loc[year, "met_high"] + 0.01
        # Jensen: the mean over all fates is at most the coverage of the mean
        assert mean <= found.loc[year, "stated"] + 1e-9


def test_an_earlier_completion_never_lowers_coverage() -> None:
    tests, _ = drawn_tests(chain(required=0.7))
    assert tests
    for test in tests:
        orders = {
            name: sorted(factors, key=lambda late: 99 if late is None else late)
            for name, factors in test.factors.items()
        }
        joint = {
            late: test.joint(dict(zip(orders, late, strict=True)))[0]
            for late in itertools.product(*orders.values())
        }
        assert len(joint) == 9
        ranks = [{late: at for at, late in enumerate(order)} for order in orders.values()]
        for one, other in itertools.product(joint, repeat=2):
            sooner = all(rank[a] <= rank[b] for rank, a, b in zip(ranks, one, other, strict=True))
            if sooner:
                assert joint[one] >= joint[other] - 1e-9
        assert len(set(joint.values())) > 1


def files(folder: Path, draws: int, **how: Any) -> dict[str, bytes]:
    completion(chain(), draws, **how).save(folder)
    found = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    del found["figure.svg"]  # matplotlib gives its shapes random names
    return found


def test_a_seed_fixes_every_byte(tmp_path: Path) -> None:
    first = files(tmp_path / "first", 60, seed=3, workers=1)
    assert len(first) == len(CompletionStudy.docs) + 1
    assert files(tmp_path / "again", 60, seed=3, workers=1) == first
    other = files(tmp_path / "other", 60, seed=4, workers=1)
    assert other["draws.csv"] != first["draws.csv"]


@pytest.mark.slow
def test_workers_change_no_byte(tmp_path: Path) -> None:
    first = files(tmp_path / "first", 600, seed=3, workers=1)
    assert files(tmp_path / "again", 600, seed=3, workers=2) == first


def test_a_project_has_the_same_fate_in_every_plan() -> None:
    odds = Completion(((0, 0.5), (1, 0.3)))
    delays = drawn_delays(odds, "a-mine", 1000, 1)
    assert delays == drawn_delays(odds, "a-mine", 1000, 1)
    counts = {delay: delays.count(delay) for delay in (0, 1, None)}
    assert counts == {0: 500, 1: 300, None: 200}  # stratified: each probability is met exactly
    # projects and seeds are independent of each other
    for other in (drawn_delays(odds, "a-smelt", 1000, 1), drawn_delays(odds, "a-mine", 1000, 2)):
        both = sum(a is None and b is None for a, b in zip(delays, other, strict=True))
        assert 20 < both < 60  # 0.2 * 0.2 of 1,000 is 40
    # in a world that has a further project, the two have the fates that they had
    alone, more = completion(chain(), 100, workers=1), completion(with_another(), 100, workers=1)
    assert "b-mine" in set(more.table("projects")["project"])
    same = alone.table("projects").set_index("project")["draws_never"]
    again = more.table("projects").set_index("project")["draws_never"]
    assert again[same.index].equals(same)


def with_another() -> Question:
    """The same with a further mine; all must be committed."""
    question = chain()
    rows = [row.model_copy(update={"commitment": "required"}) for row in question.tables.projects]
    rows.append(rows[0].model_copy(update={"project": "b-mine"}))
    assert rows[0].project == "a-mine"
    return Question(replace(question.tables, projects=tuple(rows), digest="more"), question.case)


def test_a_saved_plan_is_evaluated_as_its_case(tmp_path: Path) -> None:
    question = chain()
    question.solve().save(tmp_path / "plan")
    plan = Plan.load(tmp_path / "plan")
    found = completion(question, 50, plan=plan, workers=1)
    assert found.table().equals(completion(question, 50, workers=1).table())
    with pytest.raises(InputError, match=r"same case; coverage.required"):
        completion(chain(required=0.5), 50, plan=plan, workers=1)
    other = replace(question.tables, digest="other")
    with pytest.raises(InputError, match="the same tables"):
        completion(Question(other, question.case), 50, plan=plan, workers=1)
    # a plan whose tables are not what it states is not believed
    tables = dict(plan.tables)
    tables["commitments"] = tables["commitments"].iloc[1:]
    with pytest.raises(InputError, match="joint coverage that the plan states in 2031"):
        completion(question, 50, plan=replace(plan, tables=tables), workers=1)


def test_requirements_that_differ_are_met_only_all_at_once() -> None:
    # 0.9 of the ore and 0.3 of the metal are required in 2031, where the mine gives 10 or 8: with 8
    # of ore the joint coverage is 0.8, and 0.9 is missed
    odds = {("announced", "*"): {0: 0.9, 1: 0.1}, ("firm", "*"): {0: 1.0}}
    question = chain(years="2030-2031", required=0.3, odds=odds)
    asked = question.with_(coverage__stages={"ore": 0.9})
    draws = completion(asked, 400, workers=1).table("draws")
    assert set(draws.loc[draws["joint"] == 0.8, "met"]) == {False}
    assert set(draws.loc[draws["joint"] == 1.0, "met"]) == {True}


def test_without_chances_all_draws_are_equal_and_that_is_said() -> None:
    found = completion(chain(odds={}), 10, workers=1)
    assert found.notes == (
        "Every committed project is completed on time, so that all draws are equal.",
    )
    assert (found.table()["standard_error"] == 0).all()
    assert (found.table()["mean"] == found.table()["stated"]).all()


def test_what_cannot_be_drawn_is_refused() -> None:
    question = chain()
    bare = Question(question.tables, case("2030-2032"))
    with pytest.raises(InputError) as caught:
        completion(bare, 1, seed=-1, workers=1)
    assert [problem.table for problem in caught.value.problems] == ["case", "draws", "seed"]
    with pytest.raises(InfeasibleError):
        completion(chain(required=1.0), 10, workers=1)


def test_a_stopped_study_goes_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from paxsilica.studies import parallel

    done = 0
    perform = parallel.perform

    def stops_in_the_fourth(job: parallel.Task) -> parallel.Result:
        nonlocal done
        done += 1
        if done == 4:
            raise KeyboardInterrupt
        return perform(job)

    monkeypatch.setattr(parallel, "perform", stops_in_the_fourth)
    found = completion(chain(), 500, workers=1, store=tmp_path)
    # the plan and the two blocks of 2031 are done, the blocks of 2032 are not
    assert found.stopped
    assert found.table()["year"].tolist() == [2031]
    rest = completion(chain(), 500, workers=1, store=tmp_path)
    assert done == 4 + 2
    assert not rest.stopped
    monkeypatch.undo()
    assert rest.table("draws").equals(completion(chain(), 500, workers=1).table("draws"))
