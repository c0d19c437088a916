"""What can be seen without a solver: requirements that no plan can meet because a sum does not come
out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from paxsilica.infeasibility.activity_bounds import unreachable_limits
from paxsilica.infeasibility.least_capital import Bill, cheapest_bills, required_bill
from paxsilica.instance import UNLIMITED, Instance, OperatingState
from paxsilica.solver.resolve import Written
from paxsilica.studies.supply import Reach, holders_in_words, largest_activity, reach

SLACK = 1e-6


@dataclass(frozen=True)
class Finding:
    """A requirement that arithmetic refutes. ``kind`` is one of ``no source``, ``no feed``,
    ``capacity``, ``delivery``, ``concentration``, ``demand``, ``budget``, ``funders``, ``limit``;
    ``years`` those in which it fails; ``had`` the share of what is needed that can be had in the
    worst of them, where that is known."""

    kind: str
    about: str
    sentence: str
    stage: str | None = None
    years: tuple[int, ...] = ()
    had: float | None = None

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


def arithmetic(written: Written) -> list[Finding]:
    """Every requirement that can be refuted by a sum, those nearest to the ore first, money
    last."""
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
    beyond = {
        finding.about for finding in found if finding.kind in ("no source", "no feed", "capacity")
    }
    return found + _money(instance, beyond)


def _merged(found: Iterable[tuple[Finding, int]]) -> list[Finding]:
    """One finding for all years in which the same fails; its sentence is that of its worst year,
    with ``{years}`` filled in."""
    years: dict[tuple[str, str], list[int]] = defaultdict(list)
    worst: dict[tuple[str, str], Finding] = {}
    for finding, year in found:
        key = (finding.kind, finding.about)
        years[key].append(year)
        if key not in worst or (finding.had or 0.0) < (worst[key].had or 0.0) - SLACK:
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
        need = instance.need[commodity, state.year]
        wanted, stage = share * need, stages[row.stage].name if row.stage in stages else ""

        def finding(
            kind: str,
            sentence: str,
            had: float | None,
            about: str = commodity,
            stage: str | None = row.stage,
        ) -> Finding:
            return Finding(kind, about, sentence, stage, (), had)

        if most.chain.get(commodity, 0.0) < wanted * (1 - SLACK):
            yield _short(instance, state, most, commodity, share, finding), state.year
            continue
        places = [place for place in state.demand if place[1] == commodity]
        cut = [
            place
            for place in places
            if not (place in state.supply or place in state.arrivals or place in instance.stocks)
        ]
        total, lost = (
            sum(state.demand[place] for place in places),
            sum(state.demand[place] for place in cut),
        )
        if lost > (1 - share) * total * (1 + SLACK) + SLACK:
            where = ", ".join(sorted({instance.world.regions[region].name for region, _ in cut}))
            sentence = (
                f"Cut off, no trusted {row.name} can reach {where} in {{years}}: {lost / total:.0%}"
                f" of the final demand for it, of which {share:.0%} must be served."
            )
            yield finding("delivery", sentence, None), state.year
        cap = instance.case.concentration
        if cap is not None and cap.hard and state.year >= cap.from_year:
            by_region = _capacity_by_region(instance, state, commodity)
            if sum(
                min(amount, cap.max_share * wanted) for amount in by_region.values()
            ) < wanted * (1 - SLACK):
                who = ", ".join(
                    instance.world.regions[region].name
                    for region, amount in sorted(by_region.items())
                    if amount > 0
                )
                sentence = (
                    f"No region may make more than {cap.max_share:.0%} of {row.name} (stage"
                    f" {stage}), but in {{years}} only {who} could make it, and not enough of it"
                    " each."
                )
                yield finding("concentration", sentence, None), state.year


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
    """Why less of a covered commodity can be made than is asked for."""
    row = next(row for row in instance.tables.commodities if row.commodity == commodity)
    stage = next((one.name for one in instance.tables.stages if one.stage == row.stage), "")
    need = instance.need[commodity, state.year]
    own, reached = most.own.get(commodity, 0.0), most.chain.get(commodity, 0.0)
    wanted = f"{share:.0%} of a need of {need:,.6g} {row.unit} asked for"
    source = most.limited_by.get(commodity) or _missing_feed(instance, state, most, commodity)
    if source is not None and (own >= share * need * (1 - SLACK) or own == 0.0):
        path = _to_root(instance, state, most, source)
        source = path[-1]
        names = {one.commodity: one.name for one in instance.tables.commodities}
        way = f", for want of which there is too little {names[path[0]]}," if len(path) > 1 else ""
        feed = next(one for one in instance.tables.commodities if one.commodity == source)
        sentence = (
            f"{row.name} (stage {stage}) lacks {feed.name}{way} in {{years}}: in {state.year} the"
            f" trusted world can have at most {most.chain.get(source, 0.0):,.6g} {feed.unit}"
            f" ({holders_in_words(instance, source, state.year)}), enough for {reached / need:.0%},"
            f" with {wanted}."
        )
        return finding("no feed", sentence, reached / need)
    if own == 0.0:
        sentence = (
            f"{row.name} (stage {stage}) has no trusted source at any price in {{years}}: no plant"
            " and no project within reach makes it"
            f" ({holders_in_words(instance, commodity, state.year)}), with"
            f" {wanted}.{_left_out(instance, commodity)}"
        )
        return finding("no source", sentence, 0.0)
    sentence = (
        f"{row.name} (stage {stage}) lacks capacity in {{years}}: with every project committed as"
        f" early as it can be, trusted plants make at most {own:,.6g} {row.unit} in {state.year},"
        f" {own / need:.0%}, with {wanted}.{_left_out(instance, commodity)}"
    )
    return finding("capacity", sentence, own / need)


def _to_root(instance: Instance, state: OperatingState, most: Reach, source: str) -> list[str]:
    """From an input that is short to what it is short of in its turn, as long as that is for want
    of an input and not of plants."""
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
    """An input without which the trusted plants that would make ``commodity`` stand still and are
    not even in the copy."""
    world = instance.world
    for name, plant in sorted(world.plants.items()):
        made = world.outputs.get(plant.process, {}).get(commodity, 0.0)
        there = plant.operates(state.year) and (not plant.is_project or name in instance.candidates)
        if made and there and name not in state.plants and world.trusted_plant(plant, state.year):
            if plant.is_project and instance.candidates[name].online_from > state.year:
                continue
            for source in sorted(world.inputs.get(plant.process, {})):
                if most.chain.get(source, 0.0) <= 0.0:
                    deeper = _missing_feed(instance, state, most, source)
                    return deeper or source
    return None


def _left_out(instance: Instance, commodity: str) -> str:
    """Projects that would make it, and why they are not in the case."""
    world = instance.world
    names = [
        name
        for name in instance.dropped
        if commodity in world.outputs.get(world.plants[name].process, {})
    ]
    return "".join(f" {name} was left out: {instance.dropped[name]}." for name in names[:5])


def _demand(instance: Instance) -> Iterator[tuple[Finding, int]]:
    """Final demand that has no shortage price and cannot be served in normal times."""
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
            cut = [
                place
                for place in places
                if not (
                    place in state.supply or place in state.arrivals or place in instance.stocks
                )
            ]
            if cut:
                where = ", ".join(sorted(instance.world.regions[region].name for region, _ in cut))
                sentence = (
                    f"{row.name} must be served in full (it has no shortage price), but in"
                    f" {{years}} none can reach {where}."
                )
                yield Finding("demand", commodity, sentence, row.stage), state.year
            elif (could := most.chain.get(commodity, 0.0)) < total * (1 - SLACK):
                sentence = (
                    f"{row.name} must be served in full (it has no shortage price): {total:,.6g}"
                    f" {row.unit} in {{years}}, but the whole world can make at most {could:,.6g}."
                )
                yield Finding("demand", commodity, sentence, row.stage), state.year


def _money(instance: Instance, beyond: set[str]) -> list[Finding]:
    """Budget and envelopes below what the cheapest cover takes, as far as a sum can tell;
    commodities that no money covers left out."""
    bills = (
        [required_bill(instance)]
        if any(candidate.required for candidate in instance.candidates.values())
        else []
    )
    bills += [bill for bill in cheapest_bills(instance) if bill.about not in beyond]
    apart: list[Bill] = []
    for bill in sorted(bills, key=lambda bill: (-bill.least, bill.about)):
        if bill.least > 0 and not any(bill.projects & other.projects for other in apart):
            apart.append(bill)
    total = sum(bill.least for bill in apart)
    found = []
    budget = instance.case.budget_usd_m
    items = "; ".join(f"{bill.least:,.6g} for {bill.words}" for bill in apart[:6])
    if budget is not None and total > budget * (1 + SLACK) + SLACK:
        sentence = (
            f"The budget of USD {budget:,.6g} million is below what must be bought, at least"
            f" {total:,.6g} million: {items}."
        )
        found.append(Finding("budget", "budget", sentence))
    if instance.funding is None:
        return found
    for bill in bills:
        names = sorted(
            {funder for funder, project in instance.funding.pairs if project in bill.projects}
        )
        reachable = sum(
            min(
                instance.funding.funders[name].envelope,
                sum(instance.funding.funders[name].limit.values()),
                sum(
                    most
                    for (funder, project), most in instance.funding.pairs.items()
                    if funder == name and project in bill.projects
                ),
            )
            for name in names
        )
        if bill.least > reachable * (1 + SLACK) + SLACK and reachable < UNLIMITED:
            sentence = (
                f"{bill.words[0].upper()}{bill.words[1:]} takes at least USD {bill.least:,.6g}"
                " million of public money, and the funders that may pay for it"
                f" ({', '.join(names) or 'none'}) have {reachable:,.6g}."
            )
            found.append(Finding("funders", bill.about, sentence))
    return found
