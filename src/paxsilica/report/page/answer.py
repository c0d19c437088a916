"""The answer in sentences that need no glossary, made from the tables of the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from paxsilica.plan.result import Plan
from paxsilica.report.facts import Facts
from paxsilica.report.page.coverage import Step, coverage_steps
from paxsilica.report.wording import advice, covered, status_sentence


@dataclass(frozen=True)
class Card:
    """A figure to remember, with what it is."""

    value: str
    label: str
    note: str = ""


def money(usd_m: float) -> str:
    """USD million as people say it.

    >>> money(19_999.99), money(334.2), money(4.25), money(0)
    ('USD 20.0 billion', 'USD 334 million', 'USD 4.2 million', 'nothing')
    """
    if abs(usd_m) < 0.05:
        return "nothing"
    if abs(usd_m) >= 1000:
        return f"USD {usd_m / 1000:,.1f} billion"
    return f"USD {usd_m:,.0f} million" if abs(usd_m) >= 10 else f"USD {usd_m:.1f} million"


def listed(words: Sequence[str]) -> str:
    """The words with commas and an and.

    >>> listed(["ore", "metal", "magnets"])
    'ore, metal and magnets'
    """
    return (
        words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""
    )


def count(amount: int, thing: str) -> str:
    """The number with its noun."""
    return f"{amount:,} {thing}{'' if amount == 1 else 's'}"


def sentences(facts: Facts) -> list[str]:
    """The answer: what it costs, what it brings, what stays open, how sure it is."""
    plan = facts.plan
    if plan.objective is None:
        return [status_sentence(plan), advice(plan)]
    return [
        part
        for part in (*_brings(facts)[:1], _spends(facts), *_brings(facts)[1:], _proof(plan))
        if part
    ]


def _spends(facts: Facts) -> str:
    portfolio, budget = facts.plan.portfolio, facts.case.get("budget_usd_m")
    if portfolio.empty:
        return "The plan commits to no project."
    places = portfolio["region"].nunique()
    public, owners = float(portfolio["public_usd_m"].sum()), float(portfolio["sponsor_usd_m"].sum())
    words = (
        f"The plan builds {count(len(portfolio), 'project')} in {places}"
        f" {'region' if places == 1 else 'regions'} for {money(public + owners)}"
    )
    if not facts.plan.table("funders").empty:
        used = (
            "all of the budget"
            if budget and public >= 0.9995 * budget
            else f"of a budget of {money(budget)}"
            if budget
            else ""
        )
        words += (
            f": {money(public)} from governments and their funds{f' ({used})' if used else ''} and"
            f" {money(owners)} from the owners of the plants"
        )
    early = sorted(portfolio["committed_year"])[int(0.8 * (len(portfolio) - 1))]
    first = int(portfolio["committed_year"].min())
    by = f"in {first}" if int(early) == first else f"by {int(early)}"
    return f"{words}. Four in five of them must be committed {by}."


def _brings(facts: Facts) -> list[str]:
    steps = coverage_steps(facts.plan)
    if not steps:
        return []
    year = steps[0].last.year
    met = sum(not step.last.short for step in steps)
    before = sum(step.last.before >= step.last.required - 5e-4 for step in steps)
    public = float(facts.plan.portfolio["public_usd_m"].sum())
    price = (
        f"For {money(public)} of public money"
        if public >= 0.05 and not facts.plan.table("funders").empty
        else "With the plan"
    )
    which = f"all {len(steps)} steps" if met == len(steps) else f"{met} of the {len(steps)} steps"
    found = [
        f"{price}, {which} of the chain could make the share of need asked for in {year} with"
        " everything cut off that others host or control; without the plan,"
        f" {before if before else 'none'} of them could."
    ]
    if met == len(steps):
        return found
    gaps = sorted((step for step in steps if step.last.short), key=lambda step: step.last.after)
    parts = [
        f"{step.name} ({covered(step.last.after)}\u00a0% of need against"
        f" {covered(step.last.required)}\u00a0% asked for)"
        for step in gaps
    ]
    words = f"Still short in {year}: {listed(parts[:4])}"
    return [
        *found,
        words + (f", and {count(len(parts) - 4, 'other step')}." if len(parts) > 4 else "."),
    ]


def _proof(plan: Plan) -> str:
    if plan.status != "optimal" or plan.gap_usd_m is None:
        return status_sentence(plan)
    share = (
        f", {100 * plan.gap_of_capital:.1f}\u00a0% of the capital in question"
        if plan.gap_of_capital is not None
        else ""
    )
    if plan.gap_usd_m < 0.05:
        return "It is proved that no other plan does better by the measure of this question."
    return (
        "It is proved that no other plan can do better by more than"
        f" {money(plan.gap_usd_m)}{share}, by the measure of this question."
    )


def cards(facts: Facts) -> list[Card]:
    """The figures to remember."""
    plan, portfolio = facts.plan, facts.plan.portfolio
    if plan.objective is None:
        return []
    public, budget = float(portfolio["public_usd_m"].sum()), facts.case.get("budget_usd_m")
    total, places = float(portfolio["capex_usd_m"].sum()), portfolio["region"].nunique()
    scale, unit = (1000.0, "billion") if total >= 1000 else (1.0, "million")
    found = []
    if not plan.table("funders").empty:
        allowed = f"of {budget / scale:,.1f} allowed" if budget else "no limit set"
        found.append(Card(f"{public / scale:,.1f}", f"USD {unit} of public money", allowed))
    found.append(
        Card(
            f"{total / scale:,.1f}",
            f"USD {unit} of capital in all",
            "public money and what owners bring",
        )
    )
    where = f"in {count(places, 'region')}" if places else ""
    found.append(
        Card(f"{len(portfolio):,}", "project" if len(portfolio) == 1 else "projects", where)
    )
    steps = coverage_steps(plan)
    if steps:
        year = steps[0].last.year
        met = sum(not step.last.short for step in steps)
        found.append(
            Card(f"{met} of {len(steps)}", "steps covered as asked", f"in a cut-off in {year}")
        )
        weakest = min(steps, key=lambda step: step.last.after)
        found.append(
            Card(
                f"{weakest.last.percent[1]}\u00a0%",
                f"narrowest step: {weakest.name}",
                f"{weakest.last.percent[0]}\u00a0% without the plan, {year}",
            )
        )
    return found


def measure(facts: Facts) -> str:
    """What best means here."""
    return {
        "cost": (
            "the least cost over the years of the case, discounted: capital, operation, trade,"
            " support for plants kept ready, and a price on coverage that is missing"
        ),
        "shortfall": "the least shortfall of coverage, at its price",
        "budget": "the least public money",
    }.get(facts.plan.objective_kind, facts.plan.objective_kind)


def trusted_words(facts: Facts) -> str:
    """Who is trusted, in the words of the case."""
    kinds = [str(kind) for kind in facts.case.get("trusted", {})]
    return listed([f"{kind} regions" for kind in kinds]) if kinds else "every region"


def narrowest(steps: Sequence[Step]) -> list[Step]:
    """Steps with the worst first, for those who read one line."""
    return sorted(steps, key=lambda step: (step.last.after - step.last.required, step.name))
