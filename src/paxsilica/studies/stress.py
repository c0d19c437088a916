"""What a plan still covers if more is lost than the adversaries: each region, plant or route by
itself, the worst loss of several, and how long stores last after a cut-off begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Unpack

from paxsilica import output_tables as doc
from paxsilica.api import Question
from paxsilica.case import Case
from paxsilica.errors import InfeasibleError, InputError, NoPlanError, PaxSilicaError, Problem
from paxsilica.output_tables import TableDoc
from paxsilica.plan.coverage import CoverageTests, ready
from paxsilica.plan.losses import KINDS, SAME, Kind, Loss, LossTest, WorstSearch
from paxsilica.plan.restored import decided_in, values_of
from paxsilica.plan.result import Plan, case_differences
from paxsilica.plan.survival import SurvivalTest, inventories
from paxsilica.solver import Array
from paxsilica.solver.resolve import Written, write
from paxsilica.studies.parallel import Packed, Result, Runner, RunOptions, task
from paxsilica.studies.recovery import survival_rows
from paxsilica.studies.results import Figure, Study, axes
from paxsilica.tables import Tables
from paxsilica.tables.suggestions import Nearest

Rows = list[dict[str, Any]]

REPRODUCED = 1e-4
"""Largest difference between the joint coverage of a plan and that which its tables give again."""

LIMITS_SHOWN = 20
"""Losses, the largest damage first, whose limiting goods are computed."""

DRAWN = 20
"""Losses in the figure."""

BEFORE = doc.share("joint coverage without the loss, adversaries cut off")
AFTER = doc.share(
    "joint coverage of the need of the survivors after the loss; blank: no need is left"
)
DAMAGE = doc.share("what the loss takes of it; negative: the need falls more than the supply")


@dataclass(frozen=True, repr=False)
class Stress(Study):
    """Losses in addition to the adversaries. ``figure`` draws the largest damages.

    Attributes:
        case, data_digest, committed: case and data of the plan, and its years of commitment by
            project.
    """

    main: ClassVar[str] = "losses"
    docs: ClassVar[Mapping[str, TableDoc]] = {
        "losses": doc.table(
            "What is lost if one more is lost, at the year of its largest damage",
            kind=doc.text("region, plant or route"),
            lost=doc.text("key of what is lost; a route as from>to"),
            name=doc.text("its name"),
            year=doc.year("year in which its loss does most damage"),
            before=BEFORE,
            coverage=AFTER,
            damage=DAMAGE,
            lowest=doc.share("lowest joint coverage after the loss in any year"),
            lowest_year=doc.year("first year of that"),
            limiting_goods=doc.text(
                "goods that cannot exceed the joint coverage after the loss; only of the largest"
                " damages"
            ),
        ),
        "losses_by_year": doc.table(
            "Joint coverage by year if one more is lost in that year",
            kind=doc.text("region, plant or route"),
            lost=doc.text("key of what is lost"),
            year=doc.year("year of the loss"),
            before=BEFORE,
            coverage=AFTER,
            damage=DAMAGE,
        ),
        "worst": doc.table(
            "The worst loss of several at once, proved for each year",
            size=doc.count("most losses at once"),
            year=doc.year("year of the loss"),
            lost=doc.text("keys of what is lost, separated by ';'; fewer losses if more add none"),
            before=BEFORE,
            coverage=doc.share("joint coverage after it; no set of that size has a lower one"),
            damage=doc.share("what the loss takes of it"),
            worst_year=doc.yes_no("whether no year has a larger damage of the size"),
            limiting_goods=doc.text("goods that cannot exceed the joint coverage after the loss"),
            programs=doc.count("linear programs that the proof took"),
        ),
        "survival": doc.table(
            "Time to survive and time to recover of each stage, for the worst year of the cut-off",
            stage=doc.text("stage of the chain; all: all stages at once"),
            name=doc.text("its name"),
            year=doc.year("year in which the cut-off begins"),
            required_share=doc.share("share of need that the case requires in that year"),
            months_to_survive=doc.number(
                "months until coverage falls below the requirement, at least, if the last year of"
                " the case repeats itself; blank: never",
                "months",
            ),
            months_to_recover=doc.number(
                "months until capacity alone covers the requirement to the end of the case; blank:"
                " not within the case",
                "months",
            ),
            falls_short=doc.yes_no(
                "yes: coverage falls below the requirement before it recovers, or never recovers"
            ),
            months_short=doc.number(
                "months to recover less months to survive; blank: it does not fall short, or"
                " never recovers",
                "months",
            ),
        ),
        "survival_by_year": doc.table(
            "Time to survive and time to recover by stage, good and year of the cut-off",
            stage=doc.text("stage of the chain; all: all stages at once"),
            commodity=doc.text("good; blank: all goods of the stage at once"),
            year=doc.year("year in which the cut-off begins"),
            required_share=doc.share("share of need that the case requires in that year"),
            months_to_survive=doc.number("as in the table survival", "months"),
            months_to_recover=doc.number("as in the table survival", "months"),
            falls_short=doc.yes_no("as in the table survival"),
            months_short=doc.number("as in the table survival", "months"),
        ),
    }

    case: Mapping[str, Any] = field(default_factory=dict, repr=False)
    data_digest: str = field(default="", repr=False)
    committed: Mapping[str, int] = field(default_factory=dict, repr=False)

    def result(self) -> dict[str, Any]:
        """Everything in plain data, with what says of which plan it is."""
        return {
            **super().result(),
            "case": self.case,
            "data_digest": self.data_digest,
            "committed": self.committed,
        }

    def figure(self) -> Figure:
        """Joint coverage before and after the losses that do most damage."""
        table = self.table().dropna(subset=["coverage"]).head(DRAWN).iloc[::-1]
        figure, ax = axes(8.0, 1.2 + 0.3 * len(table))
        names = [f"{row['name']}, {row['year']}" for row in table.to_dict("records")]
        places = range(len(names))
        ax.hlines(places, table["coverage"], table["before"], color="#9db8dc", linewidth=3)
        ax.plot(table["before"], places, "o", color="#3b6fb6", label="without the loss")
        ax.plot(table["coverage"], places, "o", color="#b63b3b", label="after the loss")
        ax.set_yticks(list(places), names)
        ax.set_xlim(0.0, 1.0)
        ax.set_xlabel("joint coverage, share of need")
        ax.legend(loc="lower right", frameon=False)
        return figure


def stress(
    question: Question,
    plan: Plan | None = None,
    *,
    lose: Sequence[Kind] = ("region",),
    count: int = 1,
    years: Sequence[int] | None = None,
    keep: Sequence[str] = (),
    time: bool = True,
    **run: Unpack[RunOptions],
) -> Stress:
    """What a plan covers if more is lost than the adversaries.

    Args:
        question: tables and case.
        plan: a plan of it; solved if absent.
        lose: what can be lost: ``region``, ``plant``, ``route``.
        count: most losses at once; above 1 the worst set of each size is found and proved.
        years: of the loss; by default every year with required coverage.
        keep: names of regions, plants and routes (``from>to``) that are not lost.
        time: whether to compute the time to survive and the time to recover.
        run: see :class:`~paxsilica.studies.parallel.Runner`.

    Raises:
        InputError: with everything that is wrong in the arguments.
        InfeasibleError, NoPlanError: if the question has no plan.
    """
    refuse(question, plan, lose, count, years, keep)
    plan = question.solve() if plan is None else plan
    covered = _covered_years(plan, years)
    packed, decided = Packed.of(question.tables), decided_in(plan)
    shared: dict[str, Any] = {"decided": decided, "kinds": list(lose), "keep": sorted(keep)}
    with Runner(**run) as runner:
        chosen = [year for year in covered if years is None or year in years]
        jobs = [
            task(lose_in_year, packed, question.case, **shared, year=year, size=count)
            for year in chosen
        ]
        found = runner.run(jobs, "years of losses")
        by_year = {year: one for year, one in zip(chosen, found, strict=True) if one is not None}
        _refuse_other_coverage(plan, by_year)
        times: dict[int, Result] = {}
        if time:
            jobs = [
                task(survive_in_year, packed, question.case, decided=decided, year=year)
                for year in covered
            ]
            lasting = runner.run(jobs, "years of cut-offs")
            times = {
                year: one for year, one in zip(covered, lasting, strict=True) if one is not None
            }
        detail = _detail(by_year)
        losses = _losses(detail, _names(question.tables))
        worst = _worst(by_year, complete=len(by_year) == len(chosen)) if count > 1 else []
        _add_limits(runner, packed, question, shared, losses, worst)
    stages = {row.stage: row.name for row in question.tables.stages}
    # without a later year nothing is known of a recovery
    whole = len(times) == len(covered)
    survival, by_start = survival_rows(plan, times, stages) if whole and time else ([], [])
    what = " or ".join(lose)
    several = "" if count == 1 else f", and the worst {count} at once"
    return Stress.of(
        {
            "losses": losses,
            "losses_by_year": detail,
            **({"worst": worst} if count > 1 else {}),
            **({"survival": survival, "survival_by_year": by_start} if time else {}),
        },
        f"Loss of one more {what}{several}: {plan.title or plan.case}",
        runner.stopped,
        _remarks(plan),
        case=question.case.model_dump(mode="json"),
        data_digest=question.tables.digest,
        committed={name: int(year) for name, year in decided["committed"]},
    )


def refuse(
    question: Question,
    plan: Plan | None,
    lose: Sequence[str],
    count: int,
    years: Sequence[int] | None,
    keep: Sequence[str],
) -> None:
    """Raises an error if there is nothing to test, or with everything that is wrong in the
    arguments; see :func:`stress`."""
    case, tables = question.case, question.tables
    problems = [
        Problem.of_option("--lose", kind, f"should be one of {', '.join(KINDS)}")
        for kind in lose
        if kind not in KINDS
    ]
    if not lose:
        problems.append(Problem.of_option("--lose", "", f"should be one of {', '.join(KINDS)}"))
    if count < 1:
        problems.append(Problem.of_option("--count", str(count), "should be at least 1"))
    regions = {row.region for row in tables.regions}
    plants = {row.asset for row in tables.assets} | {row.project for row in tables.projects}
    near = Nearest(regions | plants)
    for name in keep:
        parts = name.split(">")
        if name not in regions | plants and not (len(parts) == 2 and set(parts) <= regions):
            words = f"should be a region, a plant or a route (from>to) of the data{near(name)}"
            problems.append(Problem.of_option("--except", name, words))
    coverage = case.coverage
    if coverage is None:
        words = "the case requires no coverage, so that there is nothing to test"
        problems.append(Problem("case", case.name, "coverage", "", words))
    else:
        first, last = case.years
        span = f"a year with required coverage, from {max(first, coverage.from_year)} to {last}"
        problems += [
            Problem.of_option("--year", str(year), f"should be {span}")
            for year in years or ()
            if not max(first, coverage.from_year) <= year <= last
        ]
    if plan is not None:
        problems += _other_question(question, plan)
    if problems:
        raise InputError(problems)


def _other_question(question: Question, plan: Plan) -> list[Problem]:
    """Whether the plan answers another question."""
    found = []
    if plan.manifest.get("data_digest") != question.tables.digest:
        words = "should be made from the same tables as the question"
        found.append(Problem("plan", plan.case, "data_digest", "", words))
    own = question.case.model_dump(mode="json")
    for key in case_differences(plan.manifest.get("case", {}), own):
        words = "should be the same in the case of the plan and in the question"
        found.append(Problem("plan", plan.case, key, "", words))
    return found


def _covered_years(plan: Plan, years: Sequence[int] | None) -> list[int]:
    """Years with required coverage in the plan."""
    if plan.objective is None:
        kind = InfeasibleError if plan.status == "infeasible" else NoPlanError
        raise kind("There is no plan to test; `paxsilica solve` says why.")
    found = [int(year) for year in plan.table("joint_coverage")["year"]]
    if missing := sorted(set(years or ()) - set(found)):
        words = f"should be a year with required coverage: {', '.join(map(str, found)) or 'none'}"
        raise InputError([Problem.of_option("--year", str(year), words) for year in missing])
    if not found:
        words = "no coverage is required in any year of the case, so that there is nothing to test"
        raise InputError([Problem("case", plan.case, "coverage", "", words)])
    return found


def _fixed(of: Written, arguments: Mapping[str, Any]) -> tuple[CoverageTests, Array, str]:
    """The coverage tests, the values of the plan, and the state of the year."""
    values = values_of(of.program, of.instance, arguments["decided"])
    tests = CoverageTests(of.program, of.instance, of.case.solver)
    states = of.instance.states
    state = next(name for name in tests.columns if states[name].year == arguments["year"])
    return tests, ready(of.program, of.instance, values), state


def _loss_test(of: Written, arguments: Mapping[str, Any]) -> LossTest:
    tests, values, state = _fixed(of, arguments)
    committed = {name for name, _ in arguments["decided"]["committed"]}
    return LossTest(
        tests.test(state), tests.shift(values), arguments["kinds"], committed, arguments["keep"]
    )


def lose_in_year(tables: Tables, case: Case, arguments: Mapping[str, Any]) -> Result:
    """Task: joint coverage in a year after each loss, and after the worst of several."""
    losses = _loss_test(write(tables, case), arguments)
    search = WorstSearch(losses)
    return {
        "before": search.none.coverage,
        "losses": [
            [loss.kind, loss.name, None if losses.nothing_needed([at]) else found.coverage]
            for at, (loss, found) in enumerate(zip(losses.losses, search.singles, strict=True))
        ],
        "worst": [
            [one.size, [[loss.kind, loss.name] for loss in one.lost], one.coverage, one.programs]
            for one in search.run(arguments["size"])
        ],
    }


def limits_in_year(tables: Tables, case: Case, arguments: Mapping[str, Any]) -> Result:
    """Task: the limiting goods in a year after each of some sets of losses."""
    losses = _loss_test(write(tables, case), arguments)
    place = {loss: at for at, loss in enumerate(losses.losses)}
    return {
        "limiting": [
            list(losses.limiting([place[Loss(kind, name)] for kind, name in lost]))
            for lost in arguments["sets"]
        ]
    }


def survive_in_year(tables: Tables, case: Case, arguments: Mapping[str, Any]) -> Result:
    """Task: how long each stage and good is covered if a cut-off begins in a year, in months
    (``None``: without any draw on stores), and what is in store."""
    of = write(tables, case)
    tests, values, state = _fixed(of, arguments)
    shift, test = tests.shift(values), tests.test(state)
    survival = SurvivalTest(test, shift, values)
    goods: dict[str, list[str]] = {}
    for (_, (good, _)), made in zip(test.index, test.made, strict=True):
        if made:
            goods.setdefault(of.instance.stage_of[good], []).append(good)
    whole = survival.time()
    rows: list[list[Any]] = [["", "", whole.months]]
    for stage, names in goods.items():
        every = whole if whole.lasting else survival.time(names)
        rows.append([stage, "", every.months])
        for good in names:
            one = every if every.lasting or len(names) == 1 else survival.time([good])
            rows.append([stage, good, one.months])
    held = {
        f"store {region} {good}": survival.stores[region, good] for region, good in survival.stores
    } | {
        f"users {region} {good}": amount
        for (region, good), amount in inventories(of.instance, test, values).items()
    }
    return {
        "times": [[*row[:2], None if row[2] == float("inf") else row[2]] for row in rows],
        "held": held,
    }


def _refuse_other_coverage(plan: Plan, by_year: Mapping[int, Result]) -> None:
    """Raises an error if the tables of the plan do not give its joint coverage again."""
    rows = plan.table("joint_coverage")
    stated = dict(zip(rows["year"], rows["with"], strict=True))
    for year, one in by_year.items():
        if abs(stated[year] - one["before"]) > REPRODUCED:
            raise PaxSilicaError(
                f"the joint coverage of {year} is {stated[year]:.6f} in the plan and"
                f" {one['before']:.6f} when it is computed from its tables; please report this"
            )


def _detail(by_year: Mapping[int, Result]) -> Rows:
    return [
        {
            "kind": kind,
            "lost": name,
            "year": year,
            "before": one["before"],
            "coverage": coverage,
            "damage": None if coverage is None else one["before"] - coverage,
        }
        for year, one in by_year.items()
        for kind, name, coverage in one["losses"]
    ]


def _names(tables: Tables) -> dict[tuple[str, str], str]:
    """Names of what can be lost, by kind and key."""
    return (
        {("region", row.region): row.name for row in tables.regions}
        | {("plant", row.asset): row.name for row in tables.assets}
        | {("plant", row.project): row.name for row in tables.projects}
    )


def _losses(detail: Rows, names: Mapping[tuple[str, str], str]) -> Rows:
    """One row for each loss, the largest damage first."""
    groups: dict[tuple[str, str], Rows] = {}
    for row in detail:
        groups.setdefault((row["kind"], row["lost"]), []).append(row)
    found = []
    for key, rows in groups.items():
        known = [row for row in rows if row["coverage"] is not None]
        most = max(known, key=lambda row: (row["damage"], -row["year"]), default=rows[0])
        least = min(known, key=lambda row: (row["coverage"], row["year"]), default=rows[0])
        found.append(
            most
            | {
                "name": names.get(key, key[1].replace(">", " to ")),
                "lowest": least["coverage"],
                "lowest_year": None if least["coverage"] is None else least["year"],
                "limiting_goods": None,
            }
        )
    blank = float("-inf")
    return sorted(
        found,
        key=lambda row: (
            -(blank if row["damage"] is None else row["damage"]),
            row["kind"],
            row["lost"],
        ),
    )


def _worst(by_year: Mapping[int, Result], *, complete: bool) -> Rows:
    """The worst set of each size above 1 and year, the largest damage first."""
    rows: Rows = [
        {
            "size": size,
            "year": year,
            "lost": lost,
            "before": one["before"],
            "coverage": coverage,
            "damage": one["before"] - coverage,
            "worst_year": None,
            "limiting_goods": None,
            "programs": programs,
        }
        for year, one in by_year.items()
        for size, lost, coverage, programs in one["worst"]
        if size > 1
    ]
    rows.sort(key=lambda row: (row["size"], -row["damage"], row["year"]))
    largest: dict[int, float] = {}
    for row in rows if complete else ():
        most = largest.setdefault(row["size"], row["damage"])
        row["worst_year"] = "yes" if row["damage"] >= most - SAME else "no"
    return rows


def _add_limits(
    runner: Runner,
    packed: Packed,
    question: Question,
    shared: Mapping[str, Any],
    losses: Rows,
    worst: Rows,
) -> None:
    """Adds the limiting goods to the losses that do most damage and to the worst sets, and writes
    the sets of losses as text."""
    wanted: dict[int, list[tuple[dict[str, Any], list[list[str]]]]] = {}
    for row in losses[:LIMITS_SHOWN]:
        if row["damage"] is not None and row["damage"] > SAME:
            wanted.setdefault(row["year"], []).append((row, [[row["kind"], row["lost"]]]))
    for row in worst:
        if row["lost"]:
            wanted.setdefault(row["year"], []).append((row, row["lost"]))
    jobs = [
        task(
            limits_in_year,
            packed,
            question.case,
            **shared,
            year=year,
            sets=[lost for _, lost in parts],
        )
        for year, parts in wanted.items()
    ]
    found = runner.run(jobs, "limiting goods")
    for parts, one in zip(wanted.values(), found, strict=True):
        for (row, _), goods in zip(parts, [] if one is None else one["limiting"], strict=False):
            row["limiting_goods"] = ", ".join(goods) or None
    for row in worst:
        row["lost"] = "; ".join(name for _, name in row["lost"]) or None


def _remarks(plan: Plan) -> list[str]:
    """Remarks that the tables do not hold."""
    found = [
        "One year at a time: the loss comes in addition to the adversaries, with the capacity,"
        " readiness and stores that the plan has in the year. Of a lost region plants, routes,"
        " stores and demand are lost; plants of its firms elsewhere run."
    ]
    if plan.status == "unverified":
        found.append("The plan failed its audit: no figure here is reliable.")
    return found
