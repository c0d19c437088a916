"""The statement of a funder: what its money buys, its cash by year, its return, and its deals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from paxsilica.errors import InputError, Problem
from paxsilica.model.costs import coverage_shortfall
from paxsilica.plan.result import Plan
from paxsilica.report.views.coverage import joint_years
from paxsilica.report.views.money import LEAST_PAYMENT
from paxsilica.report.views.named_plan import NamedPlan, blank, records
from paxsilica.report.wording import count, number
from paxsilica.tables.schema import Deal


@dataclass(frozen=True)
class Bought:
    """What a funder pays for in one project, USD million; returns are ``None`` without a price.

    Attributes:
        paid, public: what it pays, and what all funders pay.
        deals: states of its deals on the project, separated by commas.
    """

    project: str
    name: str
    stage: str
    region: str
    committed_year: int
    online_year: int
    paid: float
    public: float
    deals: str
    npv: float | None
    irr: float | None


@dataclass(frozen=True)
class Statement:
    """The statement of one funder.

    Attributes:
        facts: its row of the table ``statements``; empty if it pays for nothing.
        available: most that it can pay over the years of the case, USD million.
        bought: its projects, largest payment first.
        cash: (year, capital paid at its beginning, support paid and received at its end), USD
            million.
        deals: its deals in the data; empty without the tables.
        support: operating support that it pays in the years of the case, USD million.
    """

    funder: str
    name: str
    region: str
    available: float
    facts: Mapping[str, Any]
    bought: tuple[Bought, ...]
    cash: tuple[tuple[int, float, float, float], ...]
    deals: tuple[Deal, ...]
    support: float = 0.0

    @property
    def paid(self) -> float:
        """Public money that it pays, capital and operating support, USD million."""
        return float(self.facts.get("paid_usd_m", 0.0)) + self.support

    @property
    def stages(self) -> dict[str, float]:
        """USD million by stage, largest first."""
        sums: dict[str, float] = defaultdict(float)
        for one in self.bought:
            sums[one.stage or "no stage"] += one.paid
        return dict(sorted(sums.items(), key=lambda item: (-item[1], item[0])))

    @property
    def sentences(self) -> list[str]:
        """What the funder pays, where, and what it earns."""
        facts = self.facts
        if not facts:
            return [f"It pays for nothing; USD {number(self.available)} million are available."]
        stages = ", ".join(f"{stage} {number(paid)}" for stage, paid in self.stages.items())
        projects = count(int(facts["projects"]), "project")
        pays = f"It pays USD {number(self.paid)} million of {number(self.available)}"
        if self.support <= LEAST_PAYMENT:
            pays += f" for {projects}: {stages}."
        elif facts["paid_usd_m"] <= LEAST_PAYMENT:
            pays += ", all of it operating support."
        else:
            pays += (
                f": {number(facts['paid_usd_m'])} of capital for {projects} ({stages}) and"
                f" {number(self.support)} of operating support."
            )
        lines = [pays]
        if facts["paid_usd_m"] > LEAST_PAYMENT:
            lines.append(
                f"Of the capital, USD {number(facts['home_usd_m'])} million go to its home region,"
                f" {number(facts['deals_usd_m'])} elsewhere to projects on which it has a deal,"
                f" {number(facts['elsewhere_usd_m'])} to others. Signed and closed deals bind"
                f" {number(facts['signed_usd_m'])}."
            )
        later = facts["support_usd_m"] - self.support
        if later > LEAST_PAYMENT:
            lines.append(
                f"Operating support of USD {number(later)} million more falls due after the years"
                " of the case, and is no part of the public money of the plan."
            )
        if facts["priced_usd_m"] > 0:
            irr = facts["irr"]
            rate = "no single internal rate of return" if irr != irr else f"internal rate {irr:.1%}"
            lines.append(
                f"Return on USD {number(facts['priced_usd_m'])} million in projects with prices,"
                f" real: {rate}, net present value USD {facts['npv_usd_m']:,.1f} million at"
                f" {facts['rate']:.1%}."
            )
        return lines


def statements(named: NamedPlan) -> list[Statement]:
    """Statements of all funders that pay for something, largest payment first."""
    facts = {str(row["funder"]): row for row in records(named.plan.table("statements"))}
    order = sorted(facts, key=lambda name: (-float(facts[name]["paid_usd_m"]), name))
    return [statement(named, name) for name in order]


def statement(named: NamedPlan, funder: str) -> Statement:
    """The statement of a funder that takes part in the plan.

    Raises:
        InputError: if it does not, with the names of those that do.
    """
    plan = named.plan
    rows = {str(row["funder"]): row for row in records(plan.table("funders"))}
    if funder not in rows:
        known = ", ".join(sorted(rows)) or "none"
        words = f"should be a funder that takes part in the plan ({known})"
        raise InputError([Problem.of_option("FUNDER", funder, words)])
    facts = {str(row["funder"]): row for row in records(plan.table("statements"))}
    tables = named.tables
    deals = () if tables is None else tuple(one for one in tables.deals if one.funder == funder)
    cash = [row for row in records(plan.table("funder_cash")) if row["funder"] == funder]
    return Statement(
        support=sum(float(row["support_usd_m"]) for row in cash if row["year"] in named.years),
        funder=funder,
        name=named.funder(funder),
        region=named.region(rows[funder]["region"]),
        available=float(rows[funder]["available_usd_m"]),
        facts=facts.get(funder, {}),
        bought=_bought(named, funder, deals),
        cash=tuple(
            (
                int(row["year"]),
                float(row["paid_usd_m"]),
                float(row["support_usd_m"]),
                float(row["received_usd_m"]),
            )
            for row in sorted(cash, key=lambda row: int(row["year"]))
        ),
        deals=deals,
    )


def _bought(named: NamedPlan, funder: str, deals: tuple[Deal, ...]) -> tuple[Bought, ...]:
    plan = named.plan
    projects = {str(row["project"]): row for row in records(plan.portfolio)}
    states: dict[str, set[str]] = defaultdict(set)
    for deal in deals:
        states[str(deal.project)].add(deal.state)
    found = []
    for row in records(plan.table("accounts")):
        if row["party"] != funder or row["project"] not in projects:
            continue
        project = projects[row["project"]]
        found.append(
            Bought(
                project=str(row["project"]),
                name=str(project["name"]),
                stage=named.stage(project["stage"]),
                region=named.region(project["region"]),
                committed_year=int(project["committed_year"]),
                online_year=int(project["online_year"]),
                paid=float(row["paid_usd_m"]),
                public=float(project["public_usd_m"]),
                deals=", ".join(sorted(states[str(row["project"])])),
                npv=known(row["npv_usd_m"]),
                irr=known(row["irr"]),
            )
        )
    return tuple(sorted(found, key=lambda one: (-one.paid, one.project)))


def known(value: Any) -> float | None:
    """A number of a table; ``None`` for a blank."""
    return None if blank(value) else float(value)


def without_funder(plan: Plan, other: Plan) -> list[str]:
    """What a plan of the same case without a funder (``other``) changes, in sentences."""
    if other.status == "infeasible":
        return ["Without it no plan meets the requirements of the case."]
    if other.objective is None:
        return ["Without it no plan was found within the limits of the solver."]
    costs = [one.costs.set_index("term")["usd_m"] for one in (plan, other)]
    cost = [float(one.sum()) for one in costs]
    short = [float(one.get(coverage_shortfall.__name__, 0.0)) for one in costs]
    public = [float(one.portfolio["public_usd_m"].sum()) for one in (plan, other)]
    names = [set(one.portfolio["project"].map(str)) for one in (plan, other)]
    gaps = (plan.gap_usd_m or 0.0) + (other.gap_usd_m or 0.0)
    lines = [
        f"Without it the cost of the plan changes by USD {cost[1] - cost[0]:+,.1f} million"
        f" (optimality gaps of both plans: {gaps:,.1f}) and public capital by"
        f" {public[1] - public[0]:+,.1f}."
    ]
    if any(short):
        lines.append(
            f"Of the change of cost, USD {short[1] - short[0]:+,.1f} million are the price of"
            " coverage that falls short."
        )
    lines += [
        f"Joint coverage in {own.year}: {own.coverage:.1%} with it, {its.coverage:.1%} without it."
        for own, its in zip(joint_years(plan)[-1:], joint_years(other)[-1:], strict=True)
    ]
    for words, some in (
        ("Projects only with it", names[0] - names[1]),
        ("Projects only without it", names[1] - names[0]),
    ):
        lines.append(f"{words}: {', '.join(sorted(some)) or 'none'}.")
    return lines
