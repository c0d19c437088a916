"""Projects and who pays for them: commitments, sizes, dues, payments, budgets."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from paxsilica.audit.findings import Ledger, records
from paxsilica.audit.reference import ENDLESS, Facts
from paxsilica.plan.result import Plan
from paxsilica.tables.schema import Funder, Project

USD_M = "USD million"
LEFT_OUT = 1e-6
"""USD million: payments below this are not in the table ``funding``."""


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

    committed: dict[str, Committed]
    payments: dict[tuple[str, str, int], float]

    def available(self, facts: Facts, project: str, year: int) -> float:
        """Ramped share of nameplate in service, in units of size, before credit."""
        if project not in self.committed:
            return 0.0
        one = self.committed[project]
        return sum(
            size * facts.ramp(one.row, year - since - one.row.lead_time_years)
            for since, size in one.sizes.items()
        )

    def capacity(self, facts: Facts, project: str, year: int) -> float:
        """Credited capacity of a project, before events."""
        return facts.credit(project) * self.available(facts, project, year)

    def in_service(self, project: str, year: int) -> tuple[bool, float]:
        """Whether a project is in service, and the size in service above its smallest, ramped or
        not."""
        one = self.committed.get(project)
        if one is None or year < one.first + one.row.lead_time_years:
            return False, 0.0
        size = sum(
            size for since, size in one.sizes.items() if year >= since + one.row.lead_time_years
        )
        return True, size - one.row.smallest_size

    def public_capital(self) -> float:
        """Capital that is not the sponsors' own, undiscounted."""
        return sum(
            (1 - (one.row.sponsor_share or 0.0)) * one.capital for one in self.committed.values()
        )


def read_money(facts: Facts, plan: Plan, ledger: Ledger) -> Money:
    """Commitments and payments of the plan; what names no project or funder of the data is a
    finding."""
    sizes: dict[str, dict[int, float]] = defaultdict(dict)
    for row in records(plan, "commitments"):
        name, year = row["project"], row["year"]
        if name not in facts.projects or year in sizes[name]:
            ledger.note(
                "commitment",
                [name, year],
                "a commitment",
                "no such project, or twice in a year",
                "text",
            )
            continue
        ledger.equal_text(
            "unit of a commitment",
            [name],
            row["unit"],
            facts.processes[facts.projects[name].process].unit,
        )
        sizes[name][year] = row["size"]
    committed = {
        name: Committed(facts.projects[name], by, facts.due(facts.projects[name], by))
        for name, by in sizes.items()
        if by
    }
    payments: dict[tuple[str, str, int], float] = defaultdict(float)
    for row in records(plan, "funding"):
        payments[row["funder"], row["project"], row["year"]] += row["usd_m"]
    return Money(committed, dict(payments))


def audit_projects(facts: Facts, plan: Plan, money: Money, ledger: Ledger) -> None:
    """Every project is committed once, within its window and sizes, and the portfolio agrees."""
    listed: dict[str, dict[str, Any]] = {}
    for row in records(plan, "portfolio"):
        if row["project"] in listed:
            ledger.note("project committed once", [row["project"]], "twice", "once", "text")
        listed[row["project"]] = row
    for name in sorted(set(listed) ^ set(money.committed)):
        ledger.note(
            "portfolio and commitments",
            [name],
            name in listed,
            name in money.committed,
            "whether it is there",
        )
    for name, one in money.committed.items():
        _one_project(facts, one, money, ledger)
        if name in listed:
            _portfolio_row(facts, plan, listed[name], one, money, ledger)
    groups: dict[str, list[str]] = defaultdict(list)
    for name, project in facts.projects.items():
        if project.commitment == "required" and name not in money.committed:
            ledger.note("required project", [name], "not committed", "committed", "text")
        if project.exclusive_group is not None and name in money.committed:
            groups[project.exclusive_group].append(name)
    for group, members in groups.items():
        ledger.at_most("exclusive group", [group, *members], len(members), 1, "projects")
    claimed = plan.capital_decided_usd_m
    ledger.same(
        "capital decided",
        ["plan"],
        claimed,
        sum(one.capital for one in money.committed.values()),
        USD_M,
    )


def _one_project(facts: Facts, one: Committed, money: Money, ledger: Ledger) -> None:
    row, name = one.row, one.row.project
    window = facts.window(row)
    if one.first not in window:
        reported = f"{window[0]} to {window[-1]}" if window else "never"
        ledger.note("window of commitment", [name], str(one.first), reported, "year")
    for year in sorted(one.sizes)[1:]:
        in_time = bool(row.expandable) and year + row.lead_time_years <= facts.last
        if not in_time and one.sizes[year] > ledger.tolerance(row.largest_size):
            ledger.note(
                "size added after the commitment", [name, year], one.sizes[year], 0.0, "size"
            )
    ledger.at_least("smallest size", [name], one.sizes[one.first], row.smallest_size, "size")
    ledger.at_most("largest size", [name], sum(one.sizes.values()), row.largest_size, "size")
    for year, size in one.sizes.items():
        ledger.at_least("size added", [name, year], size, 0.0, "size", row.largest_size)
    for other in row.prerequisites or ():
        earlier = money.committed.get(other)
        if earlier is None or earlier.first > one.first:
            ledger.note(
                "prerequisite",
                [name, other],
                None if earlier is None else earlier.first,
                one.first,
                "latest year of its commitment",
            )


def _portfolio_row(
    facts: Facts, plan: Plan, row: dict[str, Any], one: Committed, money: Money, ledger: Ledger
) -> None:
    project, name = one.row, one.row.project
    process = facts.processes[project.process]
    own = project.sponsor_share or 0.0
    size = sum(one.sizes.values())
    for column, text in {
        "name": project.name,
        "stage": process.stage,
        "region": project.region,
        "process": project.process,
        "status": project.status,
        "size_unit": process.unit,
        "committed_year": one.first,
        "online_year": one.first + project.lead_time_years,
    }.items():
        ledger.equal_text("portfolio", [name, column], row[column], text)
    for column, amount, unit in (
        ("size", size, process.unit),
        ("credited_size", size * facts.credit(name), process.unit),
        ("capex_usd_m", one.capital, USD_M),
        ("sponsor_usd_m", own * one.capital, USD_M),
        ("public_usd_m", (1 - own) * one.capital, USD_M),
    ):
        ledger.same("portfolio", [name, column], row[column], amount, unit)
    said = {
        part.rpartition(" ")[0]: float(part.rpartition(" ")[2].replace(",", ""))
        for part in (row["funders"] or "").split("; ")
        if part
    }
    paid: dict[str, float] = defaultdict(float)
    for (funder, other, _), amount in money.payments.items():
        if other == name and (facts.funders or own > 0):
            paid[funder] += amount
    if not facts.funders:
        paid = defaultdict(float, {"sponsor": own * one.capital}) if own else defaultdict(float)
    for funder in sorted({*said, *paid}):
        if abs(said.get(funder, 0.0) - paid[funder]) > 0.501:
            ledger.note(
                "portfolio",
                [name, "funders", funder],
                said.get(funder, 0.0),
                paid[funder],
                "USD million, rounded to one",
            )


def audit_funding(
    facts: Facts, plan: Plan, money: Money, ledger: Ledger
) -> dict[tuple[str, str, int | None], tuple[float, float]]:
    """Capital due is paid by funders that may pay; returns limit and use of each budget, by kind,
    name and year."""
    _payments_match_dues(facts, money, ledger)
    used: dict[tuple[str, str, int | None], tuple[float, float]] = {}
    paid: dict[str, dict[tuple[str, int], float]] = defaultdict(dict)
    for (funder, project, year), amount in money.payments.items():
        if funder in facts.funders:
            paid[funder][project, year] = amount
        elif funder not in ("sponsor", "unallocated"):
            ledger.note("funder", [funder, project, year], amount, 0.0, USD_M)
    for name, row in facts.funders.items():
        used |= _one_funder(facts, row, paid[name], money, ledger)
    if facts.case.budget_usd_m is not None:
        used["budget of the programme", "programme", None] = (
            facts.case.budget_usd_m,
            money.public_capital(),
        )
    for (what, where, when), (limit, amount) in used.items():
        ledger.at_most(what, [where, when], amount, limit, USD_M)
    _funders_table(facts, plan, paid, ledger)
    return used


def _payments_match_dues(facts: Facts, money: Money, ledger: Ledger) -> None:
    paid: dict[tuple[str, int], float] = defaultdict(float)
    own: dict[tuple[str, int], float] = defaultdict(float)
    for (funder, project, year), amount in money.payments.items():
        ledger.at_least("payment", [funder, project, year], amount, 0.0, USD_M)
        (own if funder == ("sponsor" if facts.funders else "unallocated") else paid)[
            project, year
        ] += amount
        if project not in money.committed:
            ledger.note("payment into a project", [funder, project, year], amount, 0.0, USD_M)
    for name, one in money.committed.items():
        share = (one.row.sponsor_share or 0.0) if facts.funders else 1.0
        size = facts.most_capital(one.row) + LEFT_OUT / 2e-6 * (1 + len(facts.funders))
        for year in facts.years:
            due = one.dues.get(year, 0.0)
            ledger.same(
                "payments of funders",
                [name, year],
                paid[name, year],
                (1 - share) * due,
                USD_M,
                size,
            )
            ledger.same(
                "payment of the sponsor", [name, year], own[name, year], share * due, USD_M, size
            )


def _one_funder(
    facts: Facts, row: Funder, paid: dict[tuple[str, int], float], money: Money, ledger: Ledger
) -> dict[tuple[str, str, int | None], tuple[float, float]]:
    """What one funder may pay."""
    name, years, delivery = row.funder, facts.funder_years(row), facts.delivery(row)
    for (project, year), amount in paid.items():
        if year not in years:
            ledger.note("year of a funder", [name, project, year], amount, 0.0, USD_M)
    if not years:
        return {}
    used: dict[tuple[str, str, int | None], tuple[float, float]] = {}
    if row.envelope_usd_m is not None:
        used["envelope of a funder", name, None] = (
            row.envelope_usd_m * delivery,
            sum(paid.values()),
        )
    limits = {
        year: facts.number("funders", row, "annual_limit_usd_m", year, ENDLESS) * delivery
        for year in years
    }
    for year in years:
        counted = [one for one in years if one == year or (row.carry_over and one < year)]
        limit = sum(limits[one] for one in counted)
        if limit != ENDLESS:
            spent = sum(amount for (_, when), amount in paid.items() if when in counted)
            used["limit of a funder by year", name, year] = (limit, spent)
    into: dict[str, float] = defaultdict(float)
    for (project, _), amount in paid.items():
        into[project] += amount
    for project, amount in into.items():
        _one_share(facts, row, project, amount, money, ledger)
    return used | _mandates(facts, name, into, ledger)


def _mandates(
    facts: Facts, name: str, into: dict[str, float], ledger: Ledger
) -> dict[tuple[str, str, int | None], tuple[float, float]]:
    """Payments of a funder by project, ``into``, against its mandates."""
    mandates = [mandate for mandate in facts.tables.mandates if mandate.funder == name]
    used: dict[tuple[str, str, int | None], tuple[float, float]] = {}
    outside = set(into) if mandates else set()
    for mandate in mandates:
        fits = {
            project
            for project in into
            if mandate.stage in ("*", facts.processes[facts.projects[project].process].stage)
            and mandate.region in ("*", facts.projects[project].region)
        }
        outside -= fits
        if mandate.largest_usd_m is not None:
            where = f"{name}, {mandate.stage}, {mandate.region}"
            spent = sum(into[project] for project in into if project in fits)
            used["limit of a mandate", where, None] = (mandate.largest_usd_m, spent)
    for project in into:
        if project in outside:
            ledger.note("mandate of a funder", [name, project], into[project], 0.0, USD_M)
    return used


def _one_share(
    facts: Facts, row: Funder, project: str, amount: float, money: Money, ledger: Ledger
) -> None:
    """What a funder pays into a project, against its largest share and smallest ticket."""
    capital = money.committed[project].capital if project in money.committed else 0.0
    most, where = facts.most_capital(facts.projects[project]), [row.funder, project]
    if row.largest_share is not None:
        limit = row.largest_share * capital
        ledger.at_most("largest share of a funder", where, amount, limit, USD_M, most)
    if row.smallest_ticket_usd_m is not None and amount > ledger.tolerance(most):
        least = row.smallest_ticket_usd_m
        ledger.at_least("smallest ticket of a funder", where, amount, least, USD_M, most)


def _funders_table(
    facts: Facts, plan: Plan, paid: dict[str, dict[tuple[str, int], float]], ledger: Ledger
) -> None:
    rows = {row["funder"]: row for row in records(plan, "funders")}
    taking_part = {name for name, row in facts.funders.items() if facts.funder_years(row)}
    for name in sorted(taking_part ^ set(rows)):
        ledger.note(
            "table of funders", [name], name in rows, name in taking_part, "whether it takes part"
        )
    for name in sorted(taking_part & set(rows)):
        funder, row = facts.funders[name], rows[name]
        delivery = facts.delivery(funder)
        yearly = sum(
            facts.number("funders", funder, "annual_limit_usd_m", year, ENDLESS)
            for year in facts.funder_years(funder)
        )
        available = (
            min(ENDLESS if funder.envelope_usd_m is None else funder.envelope_usd_m, yearly)
            * delivery
        )
        spent = sum(paid[name].values())
        ledger.equal_text("table of funders", [name, "region"], row["region"], funder.region)
        ledger.equal_text("table of funders", [name, "name"], row["name"], funder.name)
        ledger.same(
            "table of funders", [name, "available_usd_m"], row["available_usd_m"], available, USD_M
        )
        ledger.same("table of funders", [name, "paid_usd_m"], row["paid_usd_m"], spent, USD_M)
        ledger.same(
            "table of funders",
            [name, "left_usd_m"],
            row["left_usd_m"],
            max(0.0, available - spent),
            USD_M,
        )
        ledger.same(
            "table of funders",
            [name, "projects"],
            row["projects"],
            len({project for project, _ in paid[name]}),
            "projects",
        )
