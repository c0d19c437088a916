"""The answer of a plan in sentences and headline figures, for the page and the workbook."""

from __future__ import annotations

from dataclasses import dataclass

from paxsilica.plan.result import Plan
from paxsilica.report.headline import headline_sentences
from paxsilica.report.rounding import covered
from paxsilica.report.views.named_plan import NamedPlan
from paxsilica.report.views.portfolio import Totals, totals
from paxsilica.report.wording import advice, count, listed, status_sentence


@dataclass(frozen=True)
class Card:
    """A headline figure with its label."""

    value: str
    label: str
    note: str = ""


def money(usd_m: float) -> str:
    """USD million in words.

    >>> money(19_999.99), money(334.2), money(4.25), money(0)
    ('USD 20.0 billion', 'USD 334 million', 'USD 4.2 million', 'nothing')
    """
    if abs(usd_m) < 0.05:
        return "nothing"
    if abs(usd_m) >= 1000:
        return f"USD {usd_m / 1000:,.1f} billion"
    return f"USD {usd_m:,.0f} million" if abs(usd_m) >= 10 else f"USD {usd_m:.1f} million"


def sentences(named: NamedPlan) -> list[str]:
    """The answer: coverage, money, what remains short, proof."""
    plan = named.plan
    if plan.objective is None:
        return [status_sentence(plan), advice(plan)]
    found = totals(plan)
    return [*headline_sentences(named), _spent(named, found), _proof(plan)]


def _spent(named: NamedPlan, found: Totals) -> str:
    if not found.projects:
        return "The plan commits to no project."
    words = (
        f"The plan builds {count(found.projects, 'project')} in {count(found.regions, 'region')}"
        f" for {money(found.public + found.own)}"
    )
    if found.funded:
        budget = named.case.get("budget_usd_m")
        used = f" (of a budget of {money(budget)})" if budget else ""
        if budget and found.public >= 0.9995 * budget:
            used = " (all of the budget)"
        words += (
            f": {money(found.public)} from governments and their funds{used} and"
            f" {money(found.own)} from the owners of the plants"
        )
    years = sorted(int(year) for year in named.plan.portfolio["committed_year"])
    early = years[int(0.8 * (len(years) - 1))]
    by = f"in {early}" if years[0] == early else f"by {early}"
    return f"{words}. Four in five of them must be committed {by}."


def _proof(plan: Plan) -> str:
    if plan.status != "optimal" or plan.gap_usd_m is None:
        return status_sentence(plan)
    if plan.gap_usd_m < 0.05:
        return "It is proved that no other plan has a better objective."
    share = ""
    if plan.gap_of_capital is not None:
        share = f" ({100 * plan.gap_of_capital:.1f}\u00a0% of the capital decided)"
    return (
        "It is proved that the objective of no other plan is better by more than"
        f" {money(plan.gap_usd_m)}{share}."
    )


def cards(named: NamedPlan) -> list[Card]:
    """The headline figures; none without a plan."""
    if named.plan.objective is None:
        return []
    found, budget = totals(named.plan), named.case.get("budget_usd_m")
    scale, unit = (1000.0, "billion") if found.capital >= 1000 else (1.0, "million")
    shown = []
    if found.funded:
        allowed = f"of {budget / scale:,.1f} allowed" if budget else "no limit set"
        shown.append(Card(f"{found.public / scale:,.1f}", f"USD {unit} of public money", allowed))
    note = "public money and the owners' share"
    shown.append(Card(f"{found.capital / scale:,.1f}", f"USD {unit} of capital in all", note))
    where = f"in {count(found.regions, 'region')}" if found.regions else ""
    shown.append(Card(f"{found.projects:,}", f"project{'' if found.projects == 1 else 's'}", where))
    if found.stages:
        weakest = min(found.stages, key=lambda stage: stage.last.coverage)
        last = weakest.last
        met = f"{found.covered} of {len(found.stages)}"
        shown.append(Card(met, "stages covered as required", f"in a cut-off in {last.year}"))
        shown.append(
            Card(
                f"{covered(last.coverage)}\u00a0%",
                f"lowest coverage: {weakest.name}",
                f"{covered(last.without)}\u00a0% without the plan, {last.year}",
            )
        )
    return shown


def measure(named: NamedPlan) -> str:
    """The objective of the case in words."""
    return {
        "cost": (
            "the least cost over the years of the case, discounted: capital, operation, trade,"
            " operating support for standby capacity, and a price on missing coverage"
        ),
        "security": "the plan that comes closest to the required coverage",
        "budget": "the least public money",
    }.get(named.plan.objective_kind, named.plan.objective_kind)


def protected_words(named: NamedPlan) -> str:
    """The protected regions, in the words of the case."""
    kinds = [str(kind) for kind in named.case.get("roles", {}).get("protected", {})]
    return listed([f"{kind} regions" for kind in kinds]) if kinds else "every region"
