"""Operating support recomputed from the data and the operation of the plan, and who pays it."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from paxsilica.audit.activity import Running, demand_in
from paxsilica.audit.findings import records
from paxsilica.audit.money import USD_M, fits
from paxsilica.audit.need import gross_need
from paxsilica.audit.reference import ENDLESS, Facts, Situation, product, yearly_charge


@dataclass(frozen=True)
class Lack:
    """What a plant lacks in a normal state to earn its cost.

    Attributes:
        owed: fixed cost and annuity of the owner's capital, USD million.
        loss: variable cost and feed less output at list prices, USD per unit of activity.
        kept: activity that readiness requires beyond what always runs.
        room: the most activity whose output it can sell: what its capacity can make in the state,
            less what further recipes take of it; of a further recipe, its activity.
        sure: what it sells where final demand needs the output of all plants: ``room``, but only
            its activity where further recipes may share its capacity, or where it stands still, as
            it may lack feed or a use of its product there.
        made: main product per unit of activity; 0 without one.
        good: the main product.
    """

    owed: float
    loss: float
    kept: float
    room: float
    sure: float
    made: float
    good: str | None

    def amount(self, sold: float) -> float:
        """USD million, if the output of the activity ``sold`` earns the list price."""
        return self.owed + 1e-6 * self.loss * (self.kept if self.loss > 0 else sold)

    def size(self) -> float:
        """Size of the numbers that it is made from, USD million."""
        room = self.room if math.isfinite(self.room) else 0.0
        return self.owed + 1e-6 * abs(self.loss) * max(self.kept, room)

    def sold(self, support: float) -> float:
        """The least activity whose output must be sold so that the support is enough."""
        return max(0.0, self.owed - support) / (-1e-6 * self.loss) if self.loss < 0 else 0.0


Lacking = dict[tuple[str, str], Lack]


def lacking(running: Running) -> Lacking:
    """By (plant, normal state): projects and plants that are kept ready; none where nobody pays
    support or nothing is cut off."""
    facts, found = running.facts, Lacking()
    disrupted = any(one.disrupted for one in running.states.values())
    if not facts.case.support.pay or not disrupted:
        return found
    for name, one in running.states.items():
        if one.disrupted:
            continue
        ready = {plant for plant, state in running.standby if state == name}
        for plant in sorted(ready.union(running.money.committed)):
            found[plant, name] = _lack(running, plant, one)
    return found


def _lack(running: Running, plant: str, one: Situation) -> Lack:
    facts, row = running.facts, running.facts.plants[plant]
    standby = running.standby.get((plant, one.name), 0.0)
    loss = facts.unit_cost(plant, one.year) * facts.factor("variable cost", plant, one.events)
    for sign, recipe in ((1, facts.uses[row.process]), (-1, facts.makes[row.process])):
        for commodity, quantity in recipe.items():
            loss += sign * quantity * (facts.commodities[commodity].price_usd_per_unit or 0.0)
    always = (facts.assets[plant].must_run_share or 0.0) if plant in facts.assets else 0.0
    kept = max(0.0, facts.minimum_utilisation(plant) - always) * standby
    owed = []
    if plant in facts.assets:
        room = facts.asset_capacity(plant, one.year)
        if 0 < room < ENDLESS:
            fixed = facts.number("assets", row, "fixed_cost_usd_m", one.year)
            fixed += 1e-6 * facts.fixed_per_unit(plant, one.year) * room
            owed.append(fixed * standby / room)
    else:
        serves, above = running.money.in_service(plant, one.year)
        owed.append(facts.fixed_cost_of(plant, one.year, serves, above))
        owed += annuities(running, plant, one.year)
    good = facts.processes[row.process].main_product
    made = facts.makes[row.process][good] if good is not None else 0.0
    room, sure = _rooms(running, plant, one)
    return Lack(math.fsum(owed), loss, kept, room, sure, made, good)


def _rooms(running: Running, plant: str, one: Situation) -> tuple[float, float]:
    """The most activity whose output the plant can sell, and what it sells for sure."""
    facts, runs = running.facts, running.activity.get((plant, one.name), 0.0)
    if facts.capacity_of(plant)[0] != plant:
        return runs, runs
    further = _further(facts).get(plant, {})
    taken = math.fsum(
        use * running.activity.get((name, one.name), 0.0) for name, use in further.items()
    )
    left = facts.factor("capacity", plant, one.events)
    room = max(runs, product(running.capacity(plant, one.year), left) - taken)
    return room, room if runs > 0 and not further else runs


def _further(facts: Facts) -> dict[str, dict[str, float]]:
    """By plant: the further recipes on its capacity, and what a unit of each uses of it."""
    if "further" not in facts.memory:
        made: dict[str, dict[str, float]] = defaultdict(dict)
        for name in facts.plants:
            base, use = facts.capacity_of(name)
            if base != name:
                made[base][name] = use
        facts.memory["further"] = made
    found: dict[str, dict[str, float]] = facts.memory["further"]
    return found


def markets(running: Running, needed: Lacking) -> dict[tuple[str, str], float]:
    """What final demand needs of the main products of plants that earn a profit, by (good, normal
    state)."""
    found: dict[tuple[str, str], float] = {}
    for name in sorted({state for _, state in needed}):
        final: dict[str, float] = defaultdict(float)
        for (_, commodity), amount in demand_in(running.facts, running.states[name]).items():
            final[commodity] += amount
        need = gross_need(running.facts, final)
        found |= {(good, name): amount for good, amount in need.items()}
    return found


def annuities(running: Running, project: str, year: int) -> list[float]:
    """Expected annuities of the owner's capital in a year, by year of commitment, USD million."""
    facts, one = running.facts, running.money.committed.get(project)
    if one is None:
        return []
    row = one.row
    if row.economic_life_years is None or not row.sponsor_share:
        return []
    stated = row.sponsor_cost_of_capital
    charge = yearly_charge(
        facts.case.finance.discount_rate if stated is None else stated,
        row.economic_life_years,
        row.lead_time_years,
        row.spend_profile or (1.0,),
    )
    found = []
    for since, capital in facts.capital(row, one.sizes).items():
        age = year - since - row.lead_time_years
        if 0 <= age < len(charge):
            serves = sum(p for late, p in facts.delays(project).items() if late <= age)
            found.append(serves * row.sponsor_share * charge[age] * capital)
    return found


def audit_support(running: Running) -> None:
    """Support is what plants lack, no more and no less, and funders pay it that may."""
    facts, ledger, money = running.facts, running.ledger, running.money
    needed = lacking(running)
    market = markets(running, needed)
    paid: dict[tuple[str, int], float] = defaultdict(float)
    for (_, plant, year), amount in money.support.items():
        paid[plant, year] += amount
    _audit_amounts(running, needed, market, paid)
    for (funder, plant, year), amount in money.support.items():
        here = ledger.at([funder, plant, year], USD_M)
        here.at_least("payments of operating support", amount, 0.0)
        if not _may_pay(running, funder, plant, year):
            here.note("payments of operating support", amount, 0.0)
    for record in records(running.plan, "support"):
        if record["plant"] not in facts.plants or record["year"] not in facts.years:
            continue
        here = ledger.at([record["plant"], record["year"], record["funder"]], USD_M, money.size)
        worth = facts.discount(record["year"]) * record["support_usd_m"]
        here.same("grant equivalent", record["grant_equivalent_usd_m"], worth)
        _audit_offtake(running, needed, record, paid[record["plant"], record["year"]])


def _audit_amounts(
    running: Running,
    needed: Lacking,
    market: dict[tuple[str, str], float],
    paid: dict[tuple[str, int], float],
) -> None:
    """Support of each plant against what it lacks in the normal states of the year.

    The plan does not say how much each plant sells. A plant with a profit needs support for all
    that it owes at most, and at least for what is left if all that it can make is sold; in between,
    it must sell some, and all together no more than final demand needs.
    """
    ledger, size = running.ledger, running.money.size
    made: dict[tuple[str, str], float] = defaultdict(float)
    sold: dict[tuple[str, str], float] = defaultdict(float)
    for (plant, state), one in needed.items():
        if one.good is not None and one.loss < 0:
            support = paid.get((plant, running.states[state].year), 0.0)
            made[one.good, state] += one.made * one.room
            sold[one.good, state] += one.made * one.sold(support)
    for (good, state), amount in sold.items():
        here = ledger.at([good, state], running.facts.commodities[good].unit, running.size(good))
        here.at_most("output sold within need", amount, market.get((good, state), 0.0))
    most: dict[tuple[str, int], float] = defaultdict(float)
    least: dict[tuple[str, int], float] = defaultdict(float)
    sizes: dict[tuple[str, int], float] = defaultdict(float)
    for (plant, state), one in needed.items():
        key = (plant, running.states[state].year)
        place = (one.good or "", state)
        needed_at_all = market.get(place, 0.0) > 0
        crowded = made[place] > market.get(place, 0.0)
        sure = one.sure if needed_at_all and not crowded else 0.0
        least[key] = max(least[key], one.amount(one.room if needed_at_all else 0.0))
        most[key] = max(most[key], one.amount(sure))
        sizes[key] = max(sizes[key], one.size())
    for plant, year in sorted({*_years(running, needed), *paid}):
        key = (plant, year)
        here = ledger.at([plant, year], USD_M, max(sizes[key], size))
        here.at_least("operating support", paid.get(key, 0.0), least[key])
        here.at_most("operating support", paid.get(key, 0.0), most[key])


def _years(running: Running, needed: Lacking) -> set[tuple[str, int]]:
    """(plant, year) of what plants may lack."""
    return {(plant, running.states[state].year) for plant, state in needed}


def _audit_offtake(running: Running, needed: Lacking, record: dict[str, Any], paid: float) -> None:
    """Price floor and quantity of a row earn the support of the plant, in the state of the year in
    which it lacks most."""
    plant, year = record["plant"], record["year"]
    states = [state for name, state in needed if name == plant]
    lacks = [needed[plant, one] for one in states if running.states[one].year == year]
    quantity, floor = record["offtake_quantity"], record["price_floor_usd_per_unit"]
    if not lacks or lacks[0].good is None:
        return
    one, facts = lacks[0], running.facts
    assert one.good is not None
    here = running.ledger.at([plant, year], facts.commodities[one.good].unit, running.room(plant))
    expected = [lack.made * (lack.kept if lack.loss > 0 else lack.sold(paid)) for lack in lacks]
    close = min(expected, key=lambda amount: abs(amount - (quantity or 0.0)))
    here.same("offtake quantity", quantity, close)
    if floor is not None:
        price = facts.commodities[one.good].price_usd_per_unit or 0.0
        more = 1e-6 * (floor - price) * (quantity or 0.0)
        size = max(lack.size() for lack in lacks)
        running.ledger.at([plant, year], USD_M, size).same("price floor", more, paid)


def _may_pay(running: Running, funder: str, plant: str, year: int) -> bool:
    facts = running.facts
    if not facts.funders:
        return funder == "unallocated"
    if funder not in facts.funders or year not in facts.funder_years(facts.funders[funder]):
        return False
    mandates = [row for row in facts.tables.mandates if row.funder == funder]
    return not mandates or any(fits(facts, row, plant) for row in mandates)
