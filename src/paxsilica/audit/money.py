"""Projects and who pays for them: commitments, sizes, dues, payments, budgets."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from paxsilica.audit.findings import OF_ALL, Ledger, records
from paxsilica.audit.reference import ENDLESS, Facts
from paxsilica.plan.result import Plan
from paxsilica.tables.schema import Funder, Mandate, Project

USD_M = "USD million"
Used = dict[tuple[str, str, int | None], tuple[float, ...]]
"""Limit and use by kind, name and year, and the size of the numbers in the sum where it is not
the limit."""


@dataclass
class Committed:
    """A project of the plan: sizes by year of commitment, capital that falls due by year."""

    row: Project
    sizes: dict[int, float]
    dues: dict[int, float]

    @property
    def first(self) -> int:
        """Year of commitment."""
        return min(self.sizes)

    @property
    def capital(self) -> float:
        """All of it, USD million."""
        return sum(self.dues.values())


@dataclass
class Money:
    """What the plan commits and pays, as read from its tables."""

    facts: Facts
    plan: Plan
    ledger: Ledger
    committed: dict[str, Committed]
    payments: dict[tuple[str, str, int], float]
    support: dict[tuple[str, str, int], float]
    """Operating support by (funder, plant, year)."""
    idle: dict[str, dict[int, str]]
    """By existing plant, the years in which it is ``closed`` or ``mothballed``."""

    @property
    def size(self) -> float:
        """Size of every row on money: a share of the most capital of all projects, USD million."""
        return OF_ALL * sum(map(self.facts.most_capital, self.facts.projects.values()))

    def available(self, project: str, year: int) -> float:
        """Ramped size in service if everything is completed on time."""
        if project not in self.committed:
            return 0.0
        one = self.committed[project]
        return sum(
            size * self.facts.ramp(one.row, year - since - one.row.lead_time_years)
            for since, size in one.sizes.items()
        )

    def capacity(self, project: str, year: int) -> float:
        """Expected ramped size in service of a project, before events: each size completed on time,
        late or never."""
        if project not in self.committed:
            return 0.0
        one = self.committed[project]
        return sum(
            size
            * probability
            * self.facts.ramp(one.row, year - since - one.row.lead_time_years - late)
            for since, size in one.sizes.items()
            for late, probability in self.facts.delays(project).items()
        )

    def in_service(self, project: str, year: int) -> tuple[float, float]:
        """Probability that a project is in operation, and the expected size in operation above its
        smallest, ramped or not."""
        one = self.committed.get(project)
        if one is None:
            return 0.0, 0.0

        def operates(since: int) -> float:
            age = year - since - one.row.lead_time_years
            return sum(p for late, p in self.facts.delays(project).items() if late <= age)

        size = sum(size * operates(since) for since, size in one.sizes.items())
        first = operates(one.first)
        return first, size - first * one.row.smallest_size

    def public_capital(self) -> float:
        """Capital that is not the sponsors' own, undiscounted."""
        return sum(
            (1 - (one.row.sponsor_share or 0.0)) * one.capital for one in self.committed.values()
        )

    def public_money(self) -> float:
        """What the budget limits, undiscounted."""
        covers_all = self.facts.case.budget.covers == "money"
        return self.public_capital() + (sum(self.support.values()) if covers_all else 0.0)


def fits(facts: Facts, mandate: Mandate, plant: str) -> bool:
    """Whether a mandate fits a plant."""
    row = facts.plants[plant]
    stage = facts.processes[row.process].stage
    return mandate.stage in ("*", stage) and mandate.region in ("*", row.region)


def read_money(facts: Facts, plan: Plan, ledger: Ledger) -> Money:
    """Commitments and payments of the plan; what names no project or funder of the data is a
    finding."""
    sizes: dict[str, dict[int, float]] = defaultdict(dict)
    for row in records(plan, "commitments"):
        name, year = row["project"], row["year"]
        if name not in facts.projects or year in sizes[name]:
            words = "no such project, or twice in a year"
            ledger.at([name, year]).note("commitment", "a commitment", words)
            continue
        unit = facts.processes[facts.projects[name].process].unit
        ledger.at([name]).equal("unit of a commitment", row["unit"], unit)
        sizes[name][year] = row["size"]
    committed = {
        name: Committed(facts.projects[name], by, facts.due(facts.projects[name], by))
        for name, by in sizes.items()
        if by
    }
    payments: dict[tuple[str, str, int], float] = defaultdict(float)
    for row in records(plan, "funding"):
        payments[row["funder"], row["project"], row["year"]] += row["usd_m"]
    support: dict[tuple[str, str, int], float] = defaultdict(float)
    for row in records(plan, "support"):
        if row["plant"] not in facts.plants or row["year"] not in facts.years:
            words = "no such plant or year"
            ledger.at([row["plant"], row["year"]]).note("plant supported", "a row", words)
            continue
        support[row["funder"], row["plant"], row["year"]] += row["support_usd_m"]
    idle = _closings(facts, plan, ledger)
    return Money(facts, plan, ledger, committed, dict(payments), dict(support), idle)


def _closings(facts: Facts, plan: Plan, ledger: Ledger) -> dict[str, dict[int, str]]:
    """Plants out of service by year; what the data do not allow is a finding."""
    idle: dict[str, dict[int, str]] = defaultdict(dict)
    for row in records(plan, "closings"):
        name, year, state = row["asset"], row["year"], row["state"]
        allowed = name in facts.assets and facts.may_be(name, state)
        if not allowed or year not in facts.years or year in idle[name]:
            words = "one state of a plant that may be in it"
            ledger.at([name, year]).note("state of a plant", state, words)
            continue
        idle[name][year] = state
        kept = facts.assets[name].mothballed_fixed_cost_share if state == "mothballed" else 0.0
        saved = (1 - (kept or 0.0)) * facts.fixed_of_asset(name, year)
        ledger.at([name, year], USD_M, saved).same("state of a plant", row["saved_usd_m"], saved)
    for name, years in idle.items():
        since = min((year for year, state in years.items() if state == "closed"), default=None)
        for year in facts.years if since is not None else ():
            if year > (since or year) and facts.there(name, year) and years.get(year) != "closed":
                ledger.at([name, year]).note("state of a plant", years.get(year, "open"), "closed")
    return dict(idle)


def audit_projects(money: Money) -> None:
    """Every project is committed once, within its window and sizes, and the portfolio agrees."""
    facts, ledger = money.facts, money.ledger
    listed: dict[str, dict[str, Any]] = {}
    for row in records(money.plan, "portfolio"):
        if row["project"] in listed:
            ledger.at([row["project"]]).note("project committed once", "twice", "once")
        listed[row["project"]] = row
    for name in sorted(set(listed) ^ set(money.committed)):
        here = ledger.at([name], "whether it is there")
        here.note("portfolio and commitments", name in listed, name in money.committed)
    for name, one in money.committed.items():
        _one_project(one, money)
        if name in listed:
            _portfolio_row(listed[name], one, money)
    groups: dict[str, list[str]] = defaultdict(list)
    for name, project in facts.projects.items():
        if project.commitment == "required" and name not in money.committed:
            ledger.at([name]).note("required project", "not committed", "committed")
        if project.exclusive_group is not None and name in money.committed:
            groups[project.exclusive_group].append(name)
    for group, members in groups.items():
        ledger.at([group, *members], "projects").at_most("exclusive group", len(members), 1)
    capital = sum(one.capital for one in money.committed.values())
    here = ledger.at(["plan"], USD_M, money.size)
    here.same("capital decided", money.plan.capital_decided_usd_m, capital)


def _one_project(one: Committed, money: Money) -> None:
    row, name, facts, ledger = one.row, one.row.project, money.facts, money.ledger
    window = facts.window(row)
    if one.first not in window:
        reported = f"{window[0]} to {window[-1]}" if window else "never"
        ledger.at([name], "year").note("window of commitment", str(one.first), reported)
    for year in sorted(one.sizes)[1:]:
        in_time = bool(row.expandable) and year + row.lead_time_years <= facts.last
        here = ledger.at([name, year], "size", row.largest_size)
        if not in_time and one.sizes[year] > here.tolerance():
            here.note("size added after the commitment", one.sizes[year], 0.0)
    here = ledger.at([name], "size", row.largest_size)
    here.at_least("smallest size", one.sizes[one.first], row.smallest_size)
    here.at_most("largest size", sum(one.sizes.values()), row.largest_size)
    for year, size in one.sizes.items():
        ledger.at([name, year], "size", row.largest_size).at_least("size added", size, 0.0)
    for year in sorted(one.sizes) if row.size_step else ():
        above = one.sizes[year] - (row.smallest_size if year == one.first else 0.0)
        whole = round(above / (row.size_step or 1.0)) * (row.size_step or 0.0)
        ledger.at([name, year], "size", row.largest_size).same("size in steps", above, whole)
    for other in row.prerequisites or ():
        earlier = money.committed.get(other)
        if earlier is None or earlier.first > one.first:
            here = ledger.at([name, other], "latest year of its commitment")
            here.note("prerequisite", None if earlier is None else earlier.first, one.first)


def _portfolio_row(row: dict[str, Any], one: Committed, money: Money) -> None:
    project, name, facts, ledger = one.row, one.row.project, money.facts, money.ledger
    process = facts.processes[project.process]
    own = project.sponsor_share or 0.0
    size = sum(one.sizes.values())
    texts = {
        "name": project.name,
        "stage": process.stage,
        "region": project.region,
        "process": project.process,
        "status": project.status,
        "size_unit": process.unit,
        "committed_year": one.first,
        "online_year": one.first + project.lead_time_years,
    }
    sizes = {"size": size, "credited_size": size * sum(facts.delays(name).values())}
    amounts = {
        "capex_usd_m": one.capital,
        "sponsor_usd_m": own * one.capital,
        "public_usd_m": (1 - own) * one.capital,
    }
    ledger.at([name]).equal_cells("portfolio", row, texts)
    ledger.at([name], process.unit, project.largest_size).same_cells("portfolio", row, sizes)
    most = facts.most_capital(project)
    ledger.at([name], USD_M, most).same_cells("portfolio", row, amounts)
    said = {
        part.rpartition(" ")[0]: float(part.rpartition(" ")[2].replace(",", ""))
        for part in (row["funders"] or "").split("; ")
        if part
    }
    paid: dict[str, float] = defaultdict(float)
    if not facts.funders:
        paid |= {"sponsor": own * one.capital} if own else {}
    else:
        for (funder, other, _), amount in money.payments.items():
            if other == name:
                paid[funder] += amount
    for funder in sorted({*said, *paid}):
        if abs(said.get(funder, 0.0) - paid[funder]) > 0.501:
            here = ledger.at([name, "funders", funder], "USD million, rounded to one")
            here.note("portfolio", said.get(funder, 0.0), paid[funder])


def audit_funding(money: Money) -> Used:
    """Capital due is paid by funders that may pay; returns limit and use of each budget, by kind,
    name and year."""
    facts, ledger = money.facts, money.ledger
    _payments_match_dues(money)
    used: Used = {}
    paid: dict[str, dict[tuple[str, int], float]] = defaultdict(dict)
    for (funder, project, year), amount in money.payments.items():
        if funder in facts.funders:
            paid[funder][project, year] = amount
        elif funder not in ("sponsor", "unallocated"):
            ledger.at([funder, project, year], USD_M).note("funder", amount, 0.0)
    for name, row in facts.funders.items():
        used |= _one_funder(row, paid[name], money)
    if (budget := facts.case.budget_usd_m) is not None:
        used["budget of the programme", "programme", None] = (budget, money.public_money())
    for (what, where, when), (limit, amount) in used.items():
        ledger.at([where, when], USD_M, money.size).at_most(what, amount, limit)
    _funders_table(money, paid)
    return used


def _payments_match_dues(money: Money) -> None:
    facts, ledger = money.facts, money.ledger
    paid: dict[tuple[str, int], float] = defaultdict(float)
    own: dict[tuple[str, int], float] = defaultdict(float)
    owner = "sponsor" if facts.funders else "unallocated"
    for (funder, project, year), amount in money.payments.items():
        most = facts.most_capital(facts.projects[project]) if project in facts.projects else 0.0
        here = ledger.at([funder, project, year], USD_M, most)
        here.at_least("payment", amount, 0.0)
        (own if funder == owner else paid)[project, year] += amount
        if project not in money.committed:
            here.note("payment into a project", amount, 0.0)
    for name, one in money.committed.items():
        share = (one.row.sponsor_share or 0.0) if facts.funders else 1.0
        most = facts.most_capital(one.row)
        for year in facts.years:
            due, here = one.dues.get(year, 0.0), ledger.at([name, year], USD_M, most)
            here.same("payments of funders", paid[name, year], (1 - share) * due)
            here.same("payment of the sponsor", own[name, year], share * due)


def _one_funder(row: Funder, paid: dict[tuple[str, int], float], money: Money) -> Used:
    """What one funder may pay."""
    facts, name = money.facts, row.funder
    years, envelope = facts.funder_years(row), facts.envelope(row)
    support = {
        (plant, year): amount
        for (funder, plant, year), amount in money.support.items()
        if funder == name
    }
    for (project, year), amount in paid.items():
        if year not in years:
            money.ledger.at([name, project, year], USD_M).note("year of a funder", amount, 0.0)
    if not years:
        return {}
    used: Used = {}
    if envelope is not None:
        spent = sum(paid.values()) + sum(support.values())
        used["envelope of a funder", name, None] = (envelope * facts.delivery(row), spent)
    limits = {year: facts.yearly(row, year) for year in years}
    for year in years:
        counted = [one for one in years if one == year or (row.carry_over and one < year)]
        limit = sum(limits[one] for one in counted)
        if limit != ENDLESS:
            payments = [*paid.items(), *support.items()]
            spent = sum(amount for (_, when), amount in payments if when in counted)
            used["limit of a funder by year", name, year] = (limit, spent)
    into: dict[str, float] = defaultdict(float)
    for (project, _), amount in paid.items():
        into[project] += amount
    for project, amount in into.items():
        _one_share(row, project, amount, money)
    dropped = {row["project"] for row in records(money.plan, "dropped")}
    signed = {deal.project for deal in facts.tables.deals if deal.funder == name} - dropped
    for project in sorted(filter(None, signed)):
        here = money.ledger.at([name, project], USD_M, money.size)
        here.at_least("signed deal", into.get(project, 0.0), facts.signed(name, project))
    return used | _mandates(name, into, support, money)


def _mandates(
    name: str, into: dict[str, float], support: dict[tuple[str, int], float], money: Money
) -> Used:
    """Payments of a funder by project, ``into``, and its operating support against its
    mandates."""
    facts = money.facts
    mandates = [mandate for mandate in facts.tables.mandates if mandate.funder == name]
    used: Used = {}
    outside = set(into) if mandates else set()
    for mandate in mandates:
        outside -= {project for project in into if fits(facts, mandate, project)}
        if mandate.largest_usd_m is not None:
            where = f"{name}, {mandate.stage}, {mandate.region}"
            spent = sum(into[project] for project in into if fits(facts, mandate, project))
            spent += sum(
                amount for (plant, _), amount in support.items() if fits(facts, mandate, plant)
            )
            used["limit of a mandate", where, None] = (mandate.largest_usd_m, spent)
    for project in into:
        if project in outside:
            money.ledger.at([name, project], USD_M).note("mandate of a funder", into[project], 0.0)
    return used


def _one_share(row: Funder, project: str, amount: float, money: Money) -> None:
    """What a funder pays into a project, against its largest share and smallest ticket."""
    capital = money.committed[project].capital if project in money.committed else 0.0
    most = money.facts.most_capital(money.facts.projects[project])
    here, least = money.ledger.at([row.funder, project], USD_M, most), row.smallest_ticket_usd_m
    if row.largest_share is not None:
        smallest = money.facts.least_capital(money.facts.projects[project])
        bound = money.facts.signed(row.funder, project) - row.largest_share * smallest
        limit = row.largest_share * capital + max(0.0, bound)
        here.at_most("largest share of a funder", amount, limit)
    if least is not None and amount > here.tolerance():
        here.at_least("smallest ticket of a funder", amount, least)


def _funders_table(money: Money, paid: dict[str, dict[tuple[str, int], float]]) -> None:
    facts, ledger = money.facts, money.ledger
    rows = {row["funder"]: row for row in records(money.plan, "funders")}
    taking_part = {name for name, row in facts.funders.items() if facts.funder_years(row)}
    for name in sorted(taking_part ^ set(rows)):
        here = ledger.at([name], "whether it takes part")
        here.note("table of funders", name in rows, name in taking_part)
    for name in sorted(taking_part & set(rows)):
        funder, row = facts.funders[name], rows[name]
        yearly = sum(facts.yearly(funder, year) for year in facts.funder_years(funder))
        envelope = facts.envelope(funder)
        whole = ENDLESS if envelope is None else envelope * facts.delivery(funder)
        available = min(whole, yearly)
        spent = sum(paid[name].values()) + sum(
            amount for (payer, _, _), amount in money.support.items() if payer == name
        )
        amounts = {
            "available_usd_m": available,
            "paid_usd_m": spent,
            "left_usd_m": max(0.0, available - spent),
        }
        projects = {"projects": len({project for project, _ in paid[name]})}
        texts = {"region": funder.region, "name": funder.name}
        ledger.at([name]).equal_cells("table of funders", row, texts)
        size = available if available != ENDLESS else money.size
        ledger.at([name], USD_M, size).same_cells("table of funders", row, amounts)
        ledger.at([name], "projects").same_cells("table of funders", row, projects)
