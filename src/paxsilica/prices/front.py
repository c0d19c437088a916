"""The shadow prices of the first page of a plan: a few sentences, each a one-sided derivative of a
linear program.

Projects are divisible in these programs (LP relaxation). Coverage is held at what the plan covers,
at most at the requirement. So priced shortfall is no part of any value. Three programs share rows
and columns:

* least cost within the budget: what one more USD of the budget or of the envelope of a funder
  saves, and what one more unit of a good costs;
* least public money without a budget: what one more point of coverage of a stage costs;
* most coverage of all stages at once within the budget: the points that a further USD billion buys.
"""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from types import MappingProxyType

import numpy as np
import pandas as pd

from paxsilica.errors import PaxSilicaError
from paxsilica.finance import MILLION
from paxsilica.model.costs import coverage_shortfall
from paxsilica.model.registry import parts_of, row_with, rows_with
from paxsilica.model.security import coverage_base, production_coverage
from paxsilica.plan.labels import listed
from paxsilica.plan.tables import PRICE_TABLES
from paxsilica.prices.duals import CHECKS, TOLERANCE, Duals, PriceError
from paxsilica.prices.front_rows import (
    NO_ENVELOPE,
    FrontPrice,
    Good,
    budget_row,
    envelope_row,
    good_row,
    joint_row,
    rank,
    stage_row,
    stuck_row,
)
from paxsilica.prices.most_points import POINTS, most_points
from paxsilica.prices.one_sided import Derivatives, Sides
from paxsilica.prices.priced_items import PricedItem, moved_rows, quantity_used
from paxsilica.prices.table import Price, price_frame
from paxsilica.solver import Array, Compiled
from paxsilica.solver.highs import Vertex
from paxsilica.solver.persistent import OutOfTimeError
from paxsilica.solver.resolve import NewColumn, Written, extended

SHARE_OF_TIME = 0.2
"""Largest share of the time of the plan that the prices may take."""

LEAST_SECONDS = 5.0
"""Seconds that they may take in any case."""

FRONT_ROWS = 8
"""Rows of the first page; they are the first rows of the table."""

FRONT_OF = {
    "budget": 1,
    "joint coverage": 1,
    "envelope": 2,
    "stage coverage": 3,
    "scarcest good": 1,
}
"""Most rows of each kind on the first page, in the order of the table."""

LEAST_COST, LEAST_MONEY = "least cost", "least public money"
MOST_COVERAGE = "most joint coverage"
"""Names of the programs."""

NOWHERE: Mapping[str, Vertex] = MappingProxyType({})

NOT_COMPUTED = "not computed"
"""``what`` of a row that says which prices are missing and why."""

GOODS_TRIED = 3
"""Goods with the largest stake at one optimal dual, of which left and right values are computed."""

HELD_ROOM = 1e-7
"""Relative room of the coverage that is held, for the tolerance of the solver."""

TIME_OVER = "the time limit for prices, a fifth of the time of the plan, was reached"
MORE_TIME = " The command `paxsilica prices` computes them without this time limit."
"""Why prices are missing, and what helps."""

STAGES_FIRST = 4
"""Stages that are priced before the scarcest good, which takes more time than they do."""

DIRECT_COLUMNS = 5_000
"""Columns up to which the most joint coverage is found in one program: there it is the fastest.
Larger programs are solved at the same time, where the solver may use several threads."""

ON_COST = ("budget and partners", "scarcest good")
ON_MONEY = ("joint coverage", "coverage of stages", "coverage of further stages")
"""Prices from the least cost and from the least public money."""


def front_prices(
    made: Written,
    values: Array,
    seconds: float,
    near: Mapping[str, Vertex] = NOWHERE,
    clock: Callable[[], float] = time.monotonic,
) -> Mapping[str, pd.DataFrame]:
    """The tables ``front_prices``, ``prices`` and ``price_proof`` of a plan.

    A price that is not computed in time, or whose duals fail their proof, is replaced by a row that
    says so.

    Args:
        made: the model of the plan.
        values: of all columns, in the plan.
        seconds: that the plan has taken; the prices take at most a fifth of it.
        near: vertices near the optima of the programs :data:`LEAST_COST` and :data:`LEAST_MONEY`,
            such as those of a search; they save time.
        clock: seconds on the clock of :func:`time.monotonic`.
    """
    ends = clock() + max(LEAST_SECONDS, SHARE_OF_TIME * seconds)
    front = _Front(made, values, ends, near)
    if made.case.solver.threads < 2 or len(made.program.cost) <= DIRECT_COLUMNS:
        return front.tables()
    # the programs of the two share nothing, and the solver runs outside of Python's lock
    other = _Front(made, values, ends, near)
    with ThreadPoolExecutor(2) as pool:
        costs, money = pool.submit(front.compute, ON_COST), pool.submit(other.compute, ON_MONEY)
        costs.result()
        money.result()
    front.take(other)
    return front.tables(())


class _Front:
    def __init__(
        self,
        made: Written,
        values: Array,
        ends: float,
        near: Mapping[str, Vertex] = NOWHERE,
    ) -> None:
        self.near = near
        self.made, self.instance, self.values = made, made.instance, values
        self.ends = ends
        self.options = made.case.solver
        self.proofs: list[tuple[str, str, float, float]] = []
        self.stage_names = {row.stage: row.name for row in made.tables.stages}
        self.goods = {row.commodity: row for row in made.tables.commodities}
        self.base = self._held(made.program)
        self.covering = made.program.rows_of(*rows_with(item="coverage")).tolist()
        self.tests = sorted(
            (name for name, state in self.instance.states.items() if state.coverage_test),
            key=lambda name: (self.instance.states[name].year, name),
        )
        self.rows: dict[str, list[FrontPrice]] = {what: [] for what in FRONT_OF}
        self.missing: dict[str, list[str]] = defaultdict(list)
        self.solved: dict[str, Duals] = {}
        self.present = ""
        self.budget = made.program.rows_of(row_with(item="budget"))

    # -- programs ------------------------------------------------------------------------------

    def _held(self, program: Compiled) -> Compiled:
        """The LP relaxation in which coverage is missed no further than in the plan."""
        at = program.positions("shortfall")
        most = np.maximum(0.0, self.values[at])
        room = np.where(most > 0, HELD_ROOM * np.maximum(1.0, most), 0.0)
        held = np.minimum(program.high[at], most + room)
        return program.relaxed().with_columns(at, 0.0, held)

    @property
    def missed(self) -> bool:
        """Whether the plan misses some required coverage."""
        at = self.made.program.positions("shortfall")
        return bool(len(at)) and float(self.values[at].max(initial=0.0)) > 0

    @property
    def reached(self) -> str:
        """The coverage that is held, in words."""
        return "the coverage of the plan held" if self.missed else "the required coverage met"

    @property
    def held(self) -> str:
        """The coverage that is held, as the start of further points."""
        return "the plan, counted up to the requirement," if self.missed else "the requirement"

    @property
    def public(self) -> str:
        """What the budget limits, in words."""
        covers = self.made.case.budget.covers
        return "public capital" if covers == "capital" else "public money"

    @cached_property
    def targets(self) -> dict[str, tuple[int, float]]:
        """By stage, the first year of its highest required share, and that share."""
        required: dict[str, dict[int, float]] = defaultdict(dict)
        for row in self.covering:
            good, state = self.made.program.row_names[row][1]
            stage, year = self.instance.stage_of.get(good), self.instance.states[state].year
            if stage is not None:
                share = self.instance.share_required(good, state)
                required[stage][year] = max(share, required[stage].get(year, 0.0))
        found = {}
        for stage, shares in required.items():
            highest = max(shares.values())
            year = min(year for year, share in shares.items() if share >= highest - 1e-9)
            found[stage] = (year, highest)
        return found

    @property
    def last_target(self) -> int:
        """The first year in which every stage has its highest required share."""
        return max(year for year, _ in self.targets.values())

    def _point(self, since: Mapping[str, int]) -> dict[int, float]:
        """One percentage point of coverage of each stage in ``since`` from its year on: by row, the
        movement of its sides."""
        found = {}
        for row in self.covering:
            family, (good, state) = self.made.program.row_names[row]
            first = since.get(self.instance.stage_of.get(good, ""), math.inf)
            if self.instance.states[state].year >= first:
                found[row] = coverage_base(self.instance, family, good, state) / 100
        return found

    @cached_property
    def program(self) -> Compiled:
        """The least cost with the coverage held, and a column of further points of coverage of all
        stages at once, which is zero here. What is missing is a constant, so its price is left out;
        that of a soft cap on the share of a region stays. A preference of funders is no cost."""
        cost, offset = self.made.real_cost
        at = self.base.positions("shortfall")
        cost[at] -= self.made.costs[coverage_shortfall.__name__][0][at]
        points = self._point(dict.fromkeys(self.targets, self.last_target)) if self.targets else {}
        column = NewColumn(
            ("joint coverage", None), {row: -amount for row, amount in points.items()}, high=0.0
        )
        return extended(self.base.minimising(cost, offset), [column])

    def _least_money(self) -> Compiled:
        """The least public money, without a budget."""
        free = self.program.without_rows(self.budget)
        return free.minimising(np.append(self.made.public_money, 0.0))

    @property
    def _room(self) -> float:
        """Points between the highest required share and all of a need."""
        return max(0.0, POINTS * (1 - max(share for _, share in self.targets.values())))

    def _most_coverage(self) -> Compiled:
        """The most points of coverage of all stages at once within the budget."""
        cost = np.zeros(len(self.program.cost))
        cost[-1] = -1.0
        last = np.array([len(cost) - 1], dtype=np.intp)
        return self.program.minimising(cost).with_columns(last, 0.0, self._room)

    # -- rows ----------------------------------------------------------------------------------

    def compute(self, titles: Sequence[str]) -> None:
        """The rows of some steps, as far as time allows."""
        steps: tuple[tuple[str, Callable[[], Iterator[FrontPrice]]], ...] = (
            ("budget and partners", self._money),
            ("joint coverage", self._joint),
            ("coverage of stages", partial(self._stages, first=True)),
            ("scarcest good", self._good),
            ("coverage of further stages", partial(self._stages, first=False)),
        )
        for title, read in steps:
            if title not in titles or not self._asked(title):
                continue
            try:
                for row in read():
                    self.rows[row.what].append(row)
            except OutOfTimeError:
                self.missing[TIME_OVER].append(title)
            except (PriceError, PaxSilicaError) as error:
                self.missing[str(error)].append(title)

    def take(self, other: _Front) -> None:
        """Adds what another one has computed."""
        for what, rows in other.rows.items():
            self.rows[what] += rows
        for reason, titles in other.missing.items():
            self.missing[reason] += titles
        self.proofs += other.proofs

    def tables(self, titles: Sequence[str] = (*ON_COST, *ON_MONEY)) -> dict[str, pd.DataFrame]:
        """The tables, after some steps."""
        self.compute(titles)
        found = self._ordered(self.rows)
        found += [
            FrontPrice(
                NOT_COMPUTED,
                ", ".join(titles),
                *(math.nan,) * 3,
                "",
                math.nan,
                f"Shadow prices {listed([f'of {title}' for title in titles])} are not computed:"
                f" {reason}." + (MORE_TIME if reason == TIME_OVER else ""),
            )
            for reason, titles in self.missing.items()
        ]
        columns = list(PRICE_TABLES["front_prices"].columns)
        frame = pd.DataFrame([row[:-1] for row in found], columns=columns)
        numbers = dict.fromkeys(("value", "low", "high", "stake_usd_m"), "float64")
        proof = pd.DataFrame(self.proofs, columns=list(PRICE_TABLES["price_proof"].columns))
        return {
            "front_prices": frame.astype(numbers),
            "prices": price_frame(self._as_prices(found)),
            "price_proof": proof,
        }

    @cached_property
    def solver(self) -> Derivatives:
        """The programs, one after the other: they differ in costs, sides and bounds alone."""
        return Derivatives(self.program, self.options, self.ends)

    def _solved(self, name: str, make: Callable[[], Compiled] | None = None) -> Duals:
        """A program, solved from a vertex near its optimum or else from that of the last one. The
        solver holds it afterwards, at its optimal basis."""
        if name in self.solved:
            duals = self.solved[name]
            if self.present != name:
                self.solver.lp.change_to(duals.program)
                self.solver.lp.back_to(duals.corner)
        else:
            near, last = self.near.get(name), next(reversed(self.solved.values()), None)
            if last is not None and near is None:
                self.solver.lp.back_to(last.corner)
            self.present = ""
            words = f"the program of the {name} with projects divisible"
            program = self.program if make is None else make()
            duals = self.solver.solve(words, program, near)
            self.solved[name] = duals
            self._record(name, duals)
        self.present = name
        return duals

    def _asked(self, title: str) -> bool:
        """Whether the case has what a step prices."""
        if title == "coverage of further stages":
            return LEAST_MONEY in self.solved and len(self.targets) > STAGES_FIRST
        if title in ("scarcest good", "coverage of stages"):
            return bool(self.targets)
        if title == "joint coverage":
            return bool(self.targets) and bool(len(self.budget))
        return bool(len(self.budget)) or bool(rows_with(item="envelope"))

    def _record(self, name: str, duals: Duals) -> None:
        errors = duals.proof.errors()
        self.proofs += [(f"relaxed: {name}", one, errors[one], TOLERANCE) for one in CHECKS]

    def _ordered(self, rows: Mapping[str, list[FrontPrice]]) -> list[FrontPrice]:
        """By kind and stake; first those of the first page, then the others."""
        first, rest = [], []
        for what, most in FRONT_OF.items():
            ranked = sorted(rows[what], key=lambda row: -rank(row))
            first += ranked[:most]
            rest += ranked[most:]
        return [*first, *rest]

    def _as_prices(self, rows: list[FrontPrice]) -> Iterator[Price]:
        for row in rows:
            if row.what == NOT_COMPUTED:
                continue
            same = math.isclose(row.low, row.high, rel_tol=1e-6, abs_tol=1e-9)
            yield Price(
                row.what,
                row.where,
                None,
                "relaxed",
                row.value,
                row.low,
                row.high,
                row.unit,
                row.sentence,
                "no" if same else "yes",
                stake_usd_m=row.stake_usd_m,
            )

    def _money(self) -> Iterator[FrontPrice]:
        """The budget, and the envelopes that limit the least cost."""
        funding, duals = self.instance.funding, self._solved(LEAST_COST)
        items = [
            PricedItem(
                what,
                "programme" if what == "budget" else parts_of(duals.program.row_names[row][1])[0],
                None,
                "USD per USD",
                "",
                gain=True,
                movement=moved_rows([(row, 1.0)]),
            )
            for what in ("budget", "envelope")
            for row in duals.program.rows_of(row_with(item=what)).tolist()
        ]
        count = 0
        for item in items:
            size = float(duals.program.row_high[item.movement.rows[0]])
            room = size - float(duals.corner.activity[item.movement.rows[0]])
            used = room <= 1e-6 * max(1.0, abs(size))
            # a limit that is not used up has the price zero on both sides
            sides = self.solver.sides(duals, item, max(1.0, size)) if used else Sides(0.0, 0.0)
            if item.what == "budget":
                yield budget_row(size, sides, self.reached, self.public)
            elif funding is not None and sides.high > 1e-9:
                count += 1
                yield envelope_row(
                    item.where, funding.funders[item.where].title, size, sides, self.reached
                )
        if funding is not None and not count and any(item.what == "envelope" for item in items):
            yield NO_ENVELOPE

    def _joint(self) -> Iterator[FrontPrice]:
        """Points of coverage of all stages at once for another USD billion of budget: from the
        least money for each number of points or, where that is fast, from one program."""
        size = float(self.program.row_high[self.budget[0]])
        try:
            duals = self._solved(LEAST_MONEY, self._least_money)
        except PriceError:
            duals = None
        stuck = None if duals is None else self._stuck(duals, size)
        if stuck is not None:
            yield stuck
            return
        if duals is None or len(self.program.cost) <= DIRECT_COLUMNS:
            duals, row = self._solved(MOST_COVERAGE, self._most_coverage), int(self.budget[0])
            movement = moved_rows([(row, 1.0)])
            item = PricedItem("joint coverage", "", None, "", "", gain=True, movement=movement)
            points, sides = -duals.objective, self.solver.sides(duals, item, max(1.0, size))
        else:
            self.present = ""
            column = len(self.program.cost) - 1
            found = most_points(self.solver, duals, column, size, self._room)
            self._record(MOST_COVERAGE, found.duals)
            points, sides = found.points, found.sides
        yield joint_row(points, sides, self.last_target, self.held)

    def _stuck(self, duals: Duals, size: float) -> FrontPrice | None:
        """The row of joint coverage where no money raises all stages at once, and the budget of
        ``size`` is above the least money: its two values are zero."""
        since = dict.fromkeys(self.targets, self.last_target)
        if duals.objective > size * (1 - 1e-6):
            return None

        def impossible(stages: Mapping[str, int]) -> bool:
            moved = moved_rows(list(self._point(stages).items()))
            item = PricedItem("joint coverage", "", None, "", "", gain=False, movement=moved)
            return math.isinf(self.solver.right(duals, item, POINTS))

        if not impossible(since):
            return None
        alone = [stage for stage, year in since.items() if impossible({stage: year})]
        return stuck_row([self.stage_names[stage] for stage in alone], self.last_target)

    def _stages(self, first: bool) -> Iterator[FrontPrice]:
        """Public money for one more point of coverage of each stage from its target year on: of the
        :data:`STAGES_FIRST` stages with the largest stake at the dual, or of the others."""
        duals = self._solved(LEAST_MONEY, self._least_money)
        items = {
            stage: PricedItem(
                "stage coverage",
                stage,
                target,
                "",
                "",
                gain=False,
                movement=moved_rows(list(self._point({stage: target}).items())),
            )
            for stage, (target, _) in self.targets.items()
        }
        stakes = {
            stage: item.price(duals.rows, duals.columns) * self.targets[stage][1]
            for stage, item in items.items()
        }
        ranked = sorted(items, key=lambda stage: -stakes[stage])
        for stage in ranked[:STAGES_FIRST] if first else ranked[STAGES_FIRST:]:
            sides = self.solver.sides(duals, items[stage], POINTS)
            named = (stage, self.stage_names[stage])
            yield stage_row(named, *self.targets[stage], sides, self.public)

    # -- goods ---------------------------------------------------------------------------------

    def _good(self) -> Iterator[FrontPrice]:
        """The good with the largest value at stake in the cut-off."""
        duals = self._solved(LEAST_COST)
        ranked = sorted(self._needed(duals), key=lambda good: -good.stake)[:GOODS_TRIED]
        rows = [self._good_row(duals, good) for good in ranked if good.stake > 0]
        yield from sorted(rows, key=lambda row: -rank(row))[:1]

    def _needed(self, duals: Duals) -> Iterator[Good]:
        """All goods, at the quantities and duals of the solution."""
        program, balance = duals.program, row_with(item="commodity")
        used: dict[str, dict[str, dict[int, float]]] = defaultdict(lambda: defaultdict(dict))
        for row in program.rows_of(balance).tolist():
            region, good, state = program.row_names[row][1]
            amount = quantity_used(self.instance, program, duals.values, (region, good, state))
            if amount > 0:
                used[good][state][row] = amount
        supplied = {
            program.row_names[row][1]: row
            for row in self.covering
            if program.row_names[row][0] == production_coverage.__name__
        }
        for good in self.goods:
            moved: dict[int, float] = defaultdict(float)
            weight = worth = weighted = 0.0
            usual: dict[int, float] = defaultdict(float)
            for name in self.tests:
                state = self.instance.states[name]
                places, row = used[good][name], supplied.get((good, name))
                total = sum(places.values())
                for at, amount in places.items():
                    moved[at] += amount
                if row is not None:
                    moved[row] += total
                weight += self.instance.discount(state.year) * total
                normal = self.instance.states.get(state.normal_state or "")
                if normal is None or normal.probability <= 0:
                    continue
                for at, amount in used[good][normal.name].items():
                    discount = self.instance.discount(normal.year)
                    usual[at] += amount / normal.probability
                    worth += float(duals.rows[at]) * amount / normal.probability
                    weighted += discount * amount
            if weight <= 0:
                continue
            stake = sum(float(duals.rows[at]) * amount for at, amount in moved.items())
            price = MILLION * worth / weighted if weighted > 0 else 0.0
            usually = tuple(usual.items())
            yield Good(good, tuple(moved.items()), weight, stake, usually, price)

    def _good_row(self, duals: Duals, good: Good) -> FrontPrice:
        known = self.goods[good.commodity]
        item = PricedItem(
            "scarcest good",
            good.commodity,
            None,
            f"USD per {known.unit}",
            "",
            gain=False,
            movement=moved_rows([(row, part / good.discounted) for row, part in good.movement]),
            scale=MILLION,
        )
        sides = self.solver.sides(duals, item, good.discounted)
        usual = PricedItem("", "", None, "", "", gain=False, movement=moved_rows(list(good.normal)))
        unique = bool(good.normal) and duals.degeneracy.unique(usual)
        price = good.normal_price if unique else 0.0
        return good_row((known.name, known.unit), good, sides, price, self.reached)
