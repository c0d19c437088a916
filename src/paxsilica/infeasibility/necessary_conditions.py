"""Necessary conditions that are checked without a solver: requirements that no plan can meet
because the available capacity or money is too small."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paxsilica.instance import UNLIMITED, Candidate, Instance, OperatingState
from paxsilica.model.registry import rows_with
from paxsilica.solver import Array, Compiled
from paxsilica.solver.resolve import Written
from paxsilica.studies.supply import (
    Reach,
    availability_by_commitment,
    holders_in_words,
    largest_activity,
    plants_making,
    reach,
)

SLACK = 1e-6
ROW_SLACK = 1e-7


@dataclass(frozen=True)
class Finding:
    """A requirement that cannot be met.

    Attributes:
        kind: ``no source``, ``no feed``, ``capacity``, ``delivery``, ``concentration``,
            ``demand``, ``budget``, ``funders`` or ``limit``; ``about``: key of what it concerns.
        available_share: share of the need in the worst of ``years``, where it is known.
    """

    kind: str
    about: str
    sentence: str
    stage: str | None = None
    years: tuple[int, ...] = ()
    available_share: float | None = None

    def __str__(self) -> str:
        return self.sentence


def span_of(years: Iterable[int]) -> str:
    """Years in words.

    >>> span_of([2030, 2028, 2029, 2032])
    '2028-2030 and 2032'
    """
    runs: list[list[int]] = []
    for year in sorted(set(years)):
        if runs and year == runs[-1][-1] + 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    parts = [f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def failed_conditions(written: Written) -> list[Finding]:
    """Every necessary condition that fails, in the order of the chain, money last."""
    instance = written.instance
    coverage = instance.case.coverage
    found: list[Finding] = []
    if coverage is not None and coverage.hard:
        found += _merged(_coverage(instance))
    found += _merged(_demand(instance))
    found += [
        Finding("limit", name, f"{sentence} in {span_of(years)}.", None, years)
        for name, years, sentence in unreachable_limits(written)
    ]
    beyond = {one.about for one in found if one.kind in ("no source", "no feed", "capacity")}
    return found + _money(instance, beyond)


def _merged(found: Iterable[tuple[Finding, int]]) -> list[Finding]:
    """One finding for all years of a condition, with the sentence of its worst year."""
    years: dict[tuple[str, str], list[int]] = defaultdict(list)
    worst: dict[tuple[str, str], Finding] = {}
    for finding, year in found:
        key, share = (finding.kind, finding.about), finding.available_share or 0.0
        years[key].append(year)
        if key not in worst or share < (worst[key].available_share or 0.0) - SLACK:
            worst[key] = finding
    return [
        replace(
            finding,
            years=tuple(sorted(set(years[key]))),
            sentence=finding.sentence.replace("{years}", span_of(years[key])),
        )
        for key, finding in worst.items()
    ]


def _coverage(instance: Instance) -> Iterator[tuple[Finding, int]]:
    commodities = {row.commodity: row for row in instance.tables.commodities}
    stages = {row.stage: row for row in instance.tables.stages}
    order = {
        commodity: stages[row.stage].order
        for commodity, row in commodities.items()
        if row.stage in stages
    }
    reaches = {
        name: reach(instance, instance.states[name])
        for name in sorted({state for _, state in instance.required})
    }
    for (commodity, state_name), share in sorted(
        instance.required.items(), key=lambda item: (order.get(item[0][0], 0), item[0])
    ):
        state, row, most = instance.states[state_name], commodities[commodity], reaches[state_name]
        wanted = share * instance.need[commodity, state.year]

        def finding(kind: str, sentence: str, available: float | None, row: Any = row) -> Finding:
            return Finding(kind, row.commodity, sentence, row.stage, (), available)

        if most.chain.get(commodity, 0.0) < wanted * (1 - SLACK):
            yield _short(instance, state, most, commodity, share, finding), state.year
            continue
        places = [place for place in state.demand if place[1] == commodity]
        cut = _unreachable(instance, state, places)
        total = sum(state.demand[place] for place in places)
        lost = sum(state.demand[place] for place in cut)
        if lost > (1 - share) * total * (1 + SLACK) + SLACK:
            sentence = (
                f"In a cut-off, no {row.name} within reach can reach {_regions(instance, cut)} in"
                f" {{years}}: {lost / total:.0%} of the final demand for it, of which {share:.0%}"
                " must be served."
            )
            yield finding("delivery", sentence, None), state.year
        cap = instance.case.concentration
        if cap is not None and cap.hard and state.year >= cap.from_year:
            by_region = _capacity_by_region(instance, state, commodity)
            capped = sum(min(amount, cap.max_share * wanted) for amount in by_region.values())
            if capped < wanted * (1 - SLACK):
                makers = [(region, "") for region, amount in by_region.items() if amount > 0]
                stage = stages[row.stage].name if row.stage in stages else ""
                sentence = (
                    f"No region may make more than {cap.max_share:.0%} of {row.name} (stage"
                    f" {stage}), but in {{years}} only {_regions(instance, makers)} can make it,"
                    " and none can make enough."
                )
                yield finding("concentration", sentence, None), state.year


def _unreachable(
    instance: Instance, state: OperatingState, places: Iterable[tuple[str, str]]
) -> list[tuple[str, str]]:
    """The places (region, commodity) without any source in a state."""
    sources = (state.supply, state.arrivals, instance.stocks)
    return [place for place in places if not any(place in source for source in sources)]


def _regions(instance: Instance, places: Iterable[tuple[str, str]]) -> str:
    return ", ".join(sorted({instance.world.regions[region].name for region, _ in places}))


def _capacity_by_region(
    instance: Instance, state: OperatingState, commodity: str
) -> dict[str, float]:
    activity = largest_activity(instance, state)
    found: dict[str, float] = defaultdict(float)
    for (region, made), supply in state.supply.items():
        if made == commodity:
            found[region] += sum(quantity * activity[plant] for plant, quantity in supply)
    return found


def _short(
    instance: Instance,
    state: OperatingState,
    most: Reach,
    commodity: str,
    share: float,
    finding: Callable[[str, str, float | None], Finding],
) -> Finding:
    """Why less of a covered commodity can be made than is required."""
    commodities = {row.commodity: row for row in instance.tables.commodities}
    row = commodities[commodity]
    stage = next((one.name for one in instance.tables.stages if one.stage == row.stage), "")
    head = f"{row.name} (stage {stage})"
    need = instance.need[commodity, state.year]
    own, reached = most.own.get(commodity, 0.0), most.chain.get(commodity, 0.0)
    wanted = f"{share:.0%} of a need of {need:,.6g} {row.unit} required"
    source = most.limited_by.get(commodity) or _missing_feed(instance, state, most, commodity)
    if source is not None and (own >= share * need * (1 - SLACK) or own == 0.0):
        path = _to_root(instance, state, most, source)
        feed = commodities[path[-1]]
        way = f" (through {commodities[path[0]].name})" if len(path) > 1 else ""
        sentence = (
            f"{head} lacks {feed.name}{way} in {{years}}: in {state.year} what is within reach can"
            f" have at most {most.chain.get(feed.commodity, 0.0):,.6g} {feed.unit}"
            f" ({holders_in_words(instance, feed.commodity, state.year)}), enough for"
            f" {reached / need:.0%}, with {wanted}."
        )
        return finding("no feed", sentence, reached / need)
    if own == 0.0:
        sentence = (
            f"{head} has no source within reach at any price in {{years}}: no plant and no project"
            f" that can be used makes it ({holders_in_words(instance, commodity, state.year)}),"
            f" with {wanted}.{_dropped(instance, commodity)}"
        )
        return finding("no source", sentence, 0.0)
    sentence = (
        f"{head} lacks capacity in {{years}}: with every project committed as early as possible,"
        f" plants within reach make at most {own:,.6g} {row.unit} in {state.year},"
        f" {own / need:.0%}, with {wanted}.{_dropped(instance, commodity)}"
    )
    return finding("capacity", sentence, own / need)


def _to_root(instance: Instance, state: OperatingState, most: Reach, source: str) -> list[str]:
    """From a scarce input up the chain, as long as inputs and not plants are scarce."""
    path = [source]
    while True:
        last = path[-1]
        deeper = most.limited_by.get(last) or (
            _missing_feed(instance, state, most, last) if most.chain.get(last, 0.0) <= 0.0 else None
        )
        if deeper is None or deeper in path:
            return path
        path.append(deeper)


def _missing_feed(
    instance: Instance, state: OperatingState, most: Reach, commodity: str
) -> str | None:
    """An input without any source that plants within reach for ``commodity`` lack."""
    world = instance.world
    for plant in plants_making(instance, commodity, state.year):
        if plant.name in state.plants or not world.within_reach(plant, state.year):
            continue
        if plant.is_project and instance.candidates[plant.name].online_from > state.year:
            continue
        for source in sorted(world.inputs.get(plant.process, {})):
            if most.chain.get(source, 0.0) <= 0.0:
                return _missing_feed(instance, state, most, source) or source
    return None


def _dropped(instance: Instance, commodity: str) -> str:
    """Projects that make the commodity, and why they are not in the case."""
    world = instance.world
    made = {name: world.outputs.get(world.plants[name].process, {}) for name in instance.dropped}
    names = [name for name, outputs in made.items() if commodity in outputs]
    return "".join(f" {name} was left out: {instance.dropped[name]}." for name in names[:5])


def _demand(instance: Instance) -> Iterator[tuple[Finding, int]]:
    """Final demand without a shortage price that cannot be served in normal times."""
    names = {row.commodity: row for row in instance.tables.commodities}
    for state in instance.states.values():
        firm = {
            place: amount
            for place, amount in state.demand.items()
            if (place[1], state.year) not in instance.shortage_price
        }
        if state.mode != "normal" or not firm:
            continue
        most = reach(instance, state)
        for commodity in sorted({place[1] for place in firm}):
            places = {place: amount for place, amount in firm.items() if place[1] == commodity}
            total, row = sum(places.values()), names[commodity]
            head = f"{row.name} must be served in full (it has no shortage price)"
            if cut := _unreachable(instance, state, places):
                sentence = f"{head}, but in {{years}} none can reach {_regions(instance, cut)}."
            elif (could := most.chain.get(commodity, 0.0)) < total * (1 - SLACK):
                sentence = (
                    f"{head}: {total:,.6g} {row.unit} in {{years}}, but the whole world can make"
                    f" at most {could:,.6g}."
                )
            else:
                continue
            yield Finding("demand", commodity, sentence, row.stage), state.year


def _ends(program: Compiled, rows: NDArray[np.intp]) -> tuple[Array, Array]:
    """Least and largest value of the left side of each row within the bounds of its columns."""
    part = program.matrix[rows]
    up, down = part.maximum(0), part.minimum(0)
    return up @ program.low + down @ program.high, up @ program.high + down @ program.low


def unreachable_limits(written: Written) -> list[tuple[str, tuple[int, ...], str]]:
    """(limit, years, sentence) for each limit that no values within bounds can meet."""
    program, instance = written.program, written.instance
    rows = program.rows_of(*rows_with(item="limit"))
    if not len(rows):
        return []
    least, most = _ends(program, rows)
    years: dict[str, list[int]] = defaultdict(list)
    words: dict[str, str] = {}
    for at, row in enumerate(rows):
        name, when = program.row_names[row][1]
        year = instance.limit_year(name, when)
        limit = instance.limits[name]
        head = f"({limit.measure}), but the"
        # the amount of existing plants is a constant on the right side of the row
        side = program.row_low[row] if limit.sense == "at least" else program.row_high[row]
        fixed, room = limit.value - side, ROW_SLACK * max(1.0, abs(limit.value))
        if most[at] < program.row_low[row] - room:
            text = f"at least {limit.value:,.6g} {head} largest possible amount is"
            words.setdefault(name, f"The limit {name} requires {text} {fixed + most[at]:,.6g}")
        elif least[at] > program.row_high[row] + room:
            text = f"at most {limit.value:,.6g} {head} smallest possible amount is"
            words.setdefault(name, f"The limit {name} allows {text} {fixed + least[at]:,.6g}")
        else:
            continue
        years[name].append(year)
    return [(name, tuple(sorted(found)), words[name]) for name, found in sorted(years.items())]


@dataclass(frozen=True)
class Bill:
    """A requirement of at least ``least`` public capital, USD million, for some of ``projects``."""

    about: str
    words: str
    least: float
    projects: frozenset[str]


def with_prerequisites(instance: Instance, names: Iterable[str]) -> frozenset[str]:
    """The projects and all their prerequisites, direct and indirect."""
    found: set[str] = set()
    front = list(names)
    while front:
        name = front.pop()
        if name not in found and name in instance.candidates:
            found.add(name)
            front += instance.candidates[name].prerequisites
    return frozenset(found)


def least_public_capital(candidate: Candidate) -> float:
    """Public share of the capital of the smallest size in the cheapest year, USD million."""
    return (1 - candidate.sponsor_share) * min(
        (candidate.capex[year] for year in candidate.window), default=0.0
    )


def required_bill(instance: Instance) -> Bill:
    """The bill of the required projects and their prerequisites."""
    required = [name for name, candidate in instance.candidates.items() if candidate.required]
    projects = with_prerequisites(instance, required)
    least = sum(least_public_capital(instance.candidates[name]) for name in projects)
    words = f"the required projects ({', '.join(sorted(projects))})"
    return Bill("required", words, least, projects)


def _offers(
    candidate: Candidate, state: OperatingState, quantity: float
) -> list[tuple[float, float]]:
    """(least USD million per unit of output, units) that the project offers in a year."""
    public = 1 - candidate.sponsor_share
    more = candidate.largest - candidate.smallest
    offers = []
    for years, capex, size, per_unit in (
        (candidate.window, candidate.capex, candidate.smallest, 1.0),
        # at most all of it, where a unit costs least on average
        (candidate.size_years, candidate.capex_per_unit, more, candidate.charged_size(more)),
    ):
        ready = availability_by_commitment(candidate, state.year, years)
        most = max(ready.values(), default=0.0) * size * quantity
        if most > 0:
            prices = [
                public * capex[start] * per_unit / (share * size * quantity)
                for start, share in ready.items()
                if share > 0
            ]
            offers.append((min(prices), most))
    return offers


def cheapest_bills(instance: Instance) -> list[Bill]:
    """For each covered commodity the least public capital, in the year that takes most."""
    coverage = instance.case.coverage
    if coverage is None or not coverage.hard:
        return []
    names = {row.commodity: row.name for row in instance.tables.commodities}
    best: dict[str, Bill] = {}
    without = {
        state: reach(instance, instance.states[state], projects=False)
        for state in sorted({state for _, state in instance.required})
    }
    for (commodity, state_name), share in sorted(instance.required.items()):
        state, own = instance.states[state_name], without[state_name].own.get(commodity, 0.0)
        missing = share * instance.need[commodity, state.year] - own
        if missing <= 0:
            continue
        offers = [
            (*offer, plant)
            for (_, made), supply in state.supply.items()
            if made == commodity
            for plant, quantity in supply
            if plant in instance.candidates
            for offer in _offers(instance.candidates[plant], state, quantity)
        ]
        least, projects = 0.0, frozenset(plant for _, _, plant in offers)
        for price, most, _ in sorted(offers):
            taken = min(missing, most)
            least += price * taken
            missing -= taken
            if missing <= 0:
                break
        if least > best.get(commodity, Bill("", "", 0.0, frozenset())).least:
            words = f"{names[commodity]} in {state.year}"
            best[commodity] = Bill(commodity, words, least, projects)
    return list(best.values())


def _money(instance: Instance, beyond: set[str]) -> list[Finding]:
    """Budget and envelopes below the least capital; commodities in ``beyond`` are left out."""
    required = any(candidate.required for candidate in instance.candidates.values())
    bills = [required_bill(instance)] if required else []
    bills += [bill for bill in cheapest_bills(instance) if bill.about not in beyond]
    apart: list[Bill] = []
    for bill in sorted(bills, key=lambda bill: (-bill.least, bill.about)):
        if bill.least > 0 and not any(bill.projects & other.projects for other in apart):
            apart.append(bill)
    total = sum(bill.least for bill in apart)
    found = []
    budget = instance.case.budget_usd_m
    if budget is not None and total > budget * (1 + SLACK) + SLACK:
        items = "; ".join(f"{bill.least:,.6g} for {bill.words}" for bill in apart[:6])
        sentence = (
            f"The budget of USD {budget:,.6g} million is below the least cost of what must be"
            f" bought, {total:,.6g} million: {items}."
        )
        found.append(Finding("budget", "budget", sentence))
    if instance.funding is None:
        return found
    funders, pairs = instance.funding.funders, instance.funding.pairs
    for bill in bills:
        mine = {pair: most for pair, most in pairs.items() if pair[1] in bill.projects}
        names = sorted({funder for funder, _ in mine})
        available = sum(
            min(
                funders[name].envelope,
                sum(funders[name].limit.values()),
                sum(most for (funder, _), most in mine.items() if funder == name),
            )
            for name in names
        )
        if bill.least > available * (1 + SLACK) + SLACK and available < UNLIMITED:
            sentence = (
                f"{bill.words[0].upper()}{bill.words[1:]} takes at least USD {bill.least:,.6g}"
                " million of public money, and the funders that may pay for it"
                f" ({', '.join(names) or 'none'}) have {available:,.6g}."
            )
            found.append(Finding("funders", bill.about, sentence))
    return found
