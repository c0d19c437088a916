"""Sentences on what is assumed, absent, unused or without effect in a question: what a reader would
otherwise take for part of the answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from paxsilica.case import Case
from paxsilica.instance.assemble import Instance
from paxsilica.instance.funder_deals import binds, is_signed, stated_amounts
from paxsilica.instance.names import chosen_scenarios, events_of
from paxsilica.instance.running_costs import limited_by_unit_cost
from paxsilica.instance.selection import ON_PLANTS, applies, selects_arc, selects_plant
from paxsilica.instance.unread import unread
from paxsilica.instance.world import year_ranges
from paxsilica.tables import absent_tables
from paxsilica.tables.schema import Funder, Limit

_LISTED = 6


def statements(instance: Instance) -> tuple[str, ...]:
    """Everything in tables and case that is assumed, absent, unused or without effect, a sentence
    each. Empty if everything is stated and has an effect."""
    return (
        *_overlays(instance),
        *_absent(instance),
        *instance.tables.assumed,
        *_coverage(instance),
        *_concentration(instance),
        *_roles(instance),
        *_scenarios(instance),
        *_demand(instance),
        *_deals(instance),
        *_support(instance),
        *_completion(instance),
        *_fixed_costs(instance),
        *_funders(instance),
        *_membership(instance),
        *_limits(instance),
        *instance.tables.no_bounds,
        *_unread(instance),
    )


def _overlays(instance: Instance) -> Iterable[str]:
    """What each overlay does to the data."""
    for one in instance.tables.overlays:
        rows = [
            f"{table} {', '.join(f'{count} {what}' for what, count in counts.items())}"
            for table, counts in one.counts.items()
        ]
        more = ""
        if one.dropped:
            more = (
                f"; {one.dropped} row{'s' if one.dropped > 1 else ''} of the base that described"
                " removed rows or changed numbers left out"
            )
        yield f"Overlay {one.name}, rows: {'; '.join(rows) or 'none'}{more}."


def _absent(instance: Instance) -> Iterable[str]:
    """What the absence of tables means, in one sentence: a small world has many."""
    if absent := absent_tables(instance.tables):
        words = "; no table ".join(f"{table}: {meaning}" for table, meaning in absent.items())
        yield f"There is no table {words}."


def _some(names: Iterable[str]) -> str:
    """Names in order, the first few of them."""
    listed = sorted(names)
    more = len(listed) - _LISTED
    return ", ".join(listed[:_LISTED]) + (f" and {more} more" if more > 0 else "")


def _coverage(instance: Instance) -> Iterable[str]:
    case, last = instance.case, instance.years[-1]
    coverage = case.coverage
    if coverage is None:
        yield "The case requires no coverage, so none is reported."
        return
    if made := _without_process(instance):
        yield (
            f"The need for the inputs of {_some(made)} is not counted: no process has it as its"
            " main product."
        )
    rows = [row for row in instance.tables.commodities if row.covered]
    staged = [row for row in rows if row.stage is not None]
    if not instance.required:
        yield f"No coverage is required in any year: {_no_coverage(instance, bool(staged))}."
    else:
        for year, name in _late(instance, [row.commodity for row in staged]):
            yield f"No coverage of {name} is required: its first year is {year}, after {last}."
    if without := [row.commodity for row in rows if row.stage is None]:
        yield f"No coverage is required of {_some(without)}, which has no stage."
    used = {row.stage for row in staged}
    if idle := set(coverage.stages) - used:
        yield f"coverage.stages has no effect for {_some(idle)}: it has no covered commodity."
    if idle := set(coverage.from_years) - {row.commodity for row in staged}:
        yield f"coverage.from_years has no effect for {_some(idle)}: it is not covered."
    if used and used <= set(coverage.stages):
        yield "coverage.required has no effect: coverage.stages names every covered stage."
    paths = {f"coverage.stages.{stage}": path for stage, path in coverage.stages.items()}
    for key, path in ({"coverage.required": coverage.required} | paths).items():
        if min(path) > last:
            yield (
                f"{key} has no year up to {last}: the share of {min(path)} is required in every"
                " year."
            )


def _without_process(instance: Instance) -> set[str]:
    """Covered and demanded goods that a process without a main product makes from others, and that
    are the main product of no process."""
    tables = instance.tables
    wanted = {row.commodity for row in tables.demand}
    wanted |= {row.commodity for row in tables.commodities if row.covered}
    from_others = {
        row.process
        for row in tables.processes
        if row.kind == "conversion" and row.main_product is None
    }
    made = {
        row.commodity
        for row in tables.recipes
        if row.role == "output" and row.process in from_others
    }
    return wanted & made - {row.main_product for row in tables.processes}


def _late(instance: Instance, covered: Sequence[str]) -> Iterable[tuple[int, str]]:
    """Covered commodities whose coverage begins after the case, with the year."""
    coverage = instance.case.coverage
    assert coverage is not None
    for name in covered:
        year = coverage.from_years.get(name, coverage.from_year)
        if year > instance.years[-1]:
            yield year, name


def _no_coverage(instance: Instance, staged: bool) -> str:
    """Why no coverage is required although the case has the section."""
    coverage, last = instance.case.coverage, instance.years[-1]
    assert coverage is not None
    covered = [row.commodity for row in instance.tables.commodities if row.covered and row.stage]
    late = list(_late(instance, covered))
    if not staged:
        return "no commodity with a stage is marked as covered"
    if len(late) == len(covered):
        first = min(year for year, _ in late)
        return f"it is required from {first} on, and the case ends in {last}"
    shares = [*coverage.required.values()]
    for path in coverage.stages.values():
        shares += path.values()
    if max(shares) == 0:
        return "the required shares are 0"
    if not any(instance.covered_demand.values()):
        return "no region with final demand is covered, so nothing is needed"
    return "nothing is needed of a covered commodity with a required share above 0"


def _concentration(instance: Instance) -> Iterable[str]:
    cap, last = instance.case.concentration, instance.years[-1]
    if cap is None:
        return
    if cap.from_year > last:
        yield (
            f"The cap on concentration has no effect: it holds from {cap.from_year}, after {last}."
        )
    elif cap.max_share == 1:
        yield "The cap on concentration has no effect: it allows a share of 1."
    elif not instance.required:
        yield "The cap on concentration has no effect: no coverage is required."


def _roles(instance: Instance) -> Iterable[str]:
    """Statuses that have a role or pay, and never do."""
    world, case, last = instance.world, instance.case, instance.years[-1]
    if not world.states_membership:
        if _given(case, "roles") or _given(case, "funding"):
            yield (
                "The keys roles and funding have no effect: no region has a status, since there"
                " is no table membership."
            )
        return
    held = {
        world.status(region.region, year)
        for region in instance.tables.regions
        if region.kind != "hub"
        for year in instance.years
    }
    for key, words, statuses in (
        ("roles.protected", "protected", case.roles.protected),
        ("roles.adversary", "an adversary", case.roles.adversary),
        ("funding", "paying", case.funding),
    ):
        for status, year in statuses.items():
            if year > last:
                yield (
                    f"The status {status} is {words} from {year}, after {last}: {key} never"
                    " applies."
                )
            elif status not in held and _given(case, key.partition(".")[0]):
                yield f"The status {status} in {key} has no effect: no region has it."
    for status, year in case.roles.adversary.items():
        protected = case.roles.protected.get(status, last + 1)
        if _given(case, "roles") and status in held and protected <= max(year, instance.years[0]):
            yield (
                f"The status {status} in roles.adversary has no effect: it is in roles.protected,"
                " which has priority."
            )
    countries = [row.region for row in instance.tables.regions if row.kind != "hub"]
    if not any(
        world.role(region, year) == "protected" for region in countries for year in instance.years
    ):
        yield "No region is protected in any year."
    required = {instance.states[name].year for _, name in instance.required}
    if idle := [
        year for year in required if not any(world.cut_off(region, year) for region in countries)
    ]:
        yield (
            f"Coverage is required in {year_ranges(idle)}, but no region is an adversary or lost"
            " then, so nothing is cut off."
        )


def _given(case: Case, key: str) -> bool:
    return key in case.model_fields_set


def _scenarios(instance: Instance) -> Iterable[str]:
    case, tables = instance.case, instance.tables
    if case.scenarios is None:
        if tables.scenarios:
            names = _some(row.scenario for row in tables.scenarios)
            yield (
                f"The data has scenarios ({names}) and the case names none: the plan is for one"
                " scenario without events."
            )
        return
    chances = case.scenarios if isinstance(case.scenarios, dict) else {}
    if idle := [name for name, chance in chances.items() if chance == 0]:
        yield f"Scenarios without effect, since their probability is 0: {_some(idle)}."
    first, last = instance.years[0], instance.years[-1]
    late = [
        f"{row.scenario} {row.event}"
        for row in events_of(tables, case)
        if row.from_year > last or (row.to_year or last) < first
    ]
    if late:
        yield f"Events without effect, since they lie outside {first}-{last}: {_some(late)}."
    chosen = chosen_scenarios(tables, case)
    if chosen and not events_of(tables, case):
        yield f"The scenarios of the case ({_some(chosen)}) have no events, so all are the same."


def _demand(instance: Instance) -> Iterable[str]:
    case, tables = instance.case, instance.tables
    if not any(_final_demand(instance)):
        yield "There is no final demand in any year of the case."
    variants = {row.variant for row in tables.demand if row.variant is not None}
    if not variants and _given(case, "demand") and "variant" in case.demand.model_fields_set:
        yield "demand.variant has no effect: demand has no variants."


def _final_demand(instance: Instance) -> Iterable[float]:
    variant = instance.case.demand.variant
    for row in instance.tables.demand:
        if row.variant in (None, variant):
            yield row.quantity


def _funders(instance: Instance) -> Iterable[str]:
    case, funding = instance.case, instance.funding
    if funding is None:
        if _given(case, "funders") or _given(case, "funding"):
            yield "The keys funders and funding have no effect: the data has no funders."
    else:
        reasons: dict[str, list[str]] = defaultdict(list)
        paying = {funder for funder, _ in funding.pairs}
        groups = instance.support_groups.values()
        supporters = {funder for group in groups for funder in group.funders}
        for row in instance.tables.funders:
            if row.funder not in funding.funders:
                reasons[_absent_funder(instance, row)].append(row.funder)
            elif row.funder not in paying | supporters:
                reasons["there is no project that they may pay for"].append(row.funder)
        for reason, names in reasons.items():
            yield f"Funders that pay for nothing, since {reason}: {_some(names)}."
        if instance.tables.funders and not paying:
            yield "No funder pays for any project."
        hosts = {row.region for row in instance.tables.funders}
        if idle := set(case.funders.exclude_regions) - hosts:
            yield f"funders.exclude_regions has no effect for {_some(idle)}: no funder is there."
    counted = bool(instance.support) and case.budget.covers == "money"
    if case.budget_usd_m is not None and not counted:
        most = sum(candidate.largest_capital for candidate in instance.candidates.values())
        if case.budget_usd_m >= most:
            yield (
                f"The budget has no effect: all projects together take at most USD {most:,.0f}"
                " million."
            )


def _deals(instance: Instance) -> Iterable[str]:
    """Which deals bind, which do not and why, and what is cut from their amounts."""
    case, funding, tables = instance.case, instance.funding, instance.tables
    if funding is None:
        return
    binding = [deal for deal in tables.deals if binds(deal)]
    if case.funders.deals == "none":
        if binding:
            names = _some(deal.deal for deal in binding)
            yield f'Signed and closed deals bind nobody (funders.deals = "none"): {names}.'
    else:
        if loose := [one.deal for one in tables.deals if is_signed(one) and not binds(one)]:
            yield (
                "Signed and closed deals that do not bind, since they state no project of the data"
                f" or no amount: {_some(loose)}."
            )
        absent = [one.deal for one in binding if one.funder not in funding.funders]
        if absent:
            yield f"Deals that do not bind, since their funder is absent: {_some(absent)}."
        pairs = [one for one in binding if one.funder in funding.funders]
        if lost := [one.deal for one in pairs if one.project not in instance.candidates]:
            yield f"Deals that do not bind, since their project is dropped: {_some(lost)}."
        for (funder, project), amount in stated_amounts(instance.world).items():
            bound = funding.signed.get((funder, project), amount)
            if bound < amount * (1 - 1e-9):
                yield (
                    f"The deals of {funder} on {project}, USD {amount:,.1f} million, bind it to"
                    f" USD {bound:,.1f} million, which is all public capital of the project."
                )
    if case.funders.preference and not tables.deals:
        yield "The data has no deals: funders prefer their home region alone."


def _support(instance: Instance) -> Iterable[str]:
    """Whether operating support is paid, and whose profit does not lower it."""
    if all(state.mode == "normal" for state in instance.states.values()):
        return
    if not instance.case.support.pay:
        yield (
            "Operating support is neither computed nor paid (support.pay is false): public money"
            " does not hold what plants that are kept ready lack to earn their costs."
        )
        return
    if goods := instance.paid_support.unneeded:
        yield (
            "The profit of plants does not lower their operating support where final demand needs"
            f" nothing of their main product along the usual recipes: {_some(goods)}."
        )


def _completion(instance: Instance) -> Iterable[str]:
    """What is assumed of the capital and the completion of committed projects."""
    tables, candidates = instance.tables, instance.candidates
    if not candidates:
        return
    if "public_funds_cost" not in instance.case.finance.model_fields_set:
        yield "The case has no finance.public_funds_cost: public money costs its face value."
    if lasting := [name for name, one in candidates.items() if one.life is None]:
        yield (
            "Projects without an economic life are charged in full within the years of the case:"
            f" {_some(lasting)}."
        )
    rows = [row for row in tables.projects if row.project in candidates]
    if tables.completion and (bare := [row.project for row in rows if row.status is None]):
        yield f"Projects without a status are completed on time: {_some(bare)}."
    used = {row.status for row in rows if row.status is not None}
    stated = [row.status for row in tables.statuses if row.capital_factor is None]
    if plain := sorted(used.intersection(stated)):
        yield f"Projects of these statuses are expected to cost what is stated: {_some(plain)}."


def _fixed_costs(instance: Instance) -> Iterable[str]:
    """How the fixed cost of processes is separated from unit costs."""
    if inside := [row for row in instance.tables.processes if row.unit_cost_includes_fixed]:
        count = "1 process is" if len(inside) == 1 else f"{len(inside)} processes is"
        yield f"The fixed cost of {count} taken out of the unit costs of the plants, which hold it."
    if low := limited_by_unit_cost(instance.world, instance.years[0]):
        yield f"The fixed cost of these plants is their whole unit cost: {_some(low)}."


def _absent_funder(instance: Instance, row: Funder) -> str:
    case, world = instance.case, instance.world
    if row.funder in case.funders.exclude or row.region in case.funders.exclude_regions:
        return "the case excludes them"
    if row.delivery_factor == 0 or case.funders.delivery_factor == 0:
        return "they deliver nothing (delivery_factor)"
    if case.funders.envelopes_usd_m.get(row.funder) == 0:
        return "the case gives them nothing (funders.envelopes_usd_m)"
    if not any(world.pays(row.region, year) for year in instance.years):
        return "their regions have no status that pays in the case (funding)"
    return "they pay outside the years of the case"


def _membership(instance: Instance) -> Iterable[str]:
    case, tables = instance.case, instance.tables
    dated: dict[str, set[str]] = defaultdict(set)
    for row in tables.membership:
        if row.from_date.year <= instance.years[-1]:
            dated[row.region].add(row.status)
    same = [name for name, status in case.membership.items() if dated[name] == {status}]
    if same:
        yield f"The key membership has no effect for {_some(same)}: the data has the same status."


def _limits(instance: Instance) -> Iterable[str]:
    years = instance.years
    arcs = {arc for state in instance.states.values() for arc in state.arcs}
    never, nothing = [], []
    for row in instance.tables.limits:
        if not any(applies(row, year) for year in years):
            never.append(row.limit)
        elif not _selects(instance, row, arcs):
            nothing.append(row.limit)
    if never:
        yield f"Limits without effect, since they hold in no year of the case: {_some(never)}."
    if nothing:
        yield f"Limits without effect, since they select nothing: {_some(nothing)}."


def _selects(instance: Instance, row: Limit, arcs: Iterable[tuple[str, str, str]]) -> bool:
    """Whether a limit selects a plant or a route of the case."""
    world = instance.world
    if row.measure == "shipment":
        return any(selects_arc(row, arc) for arc in arcs)
    names: Iterable[str] = world.plants
    if row.measure in ("projects", "capital"):
        names = instance.candidates
    elif row.measure in ON_PLANTS:
        names = [name for name in world.plants if name not in instance.dropped]
    return any(selects_plant(world, row, name) for name in names)


def _unread(instance: Instance) -> Iterable[str]:
    if found := unread(instance.tables):
        rows = ", ".join(f"{name} ({count})" for name, count in found.items())
        yield f"The model does not use these rows of the data: {rows}."
