"""The answer of a plan in sentences and headline figures, for the page and the workbook."""

from __future__ import annotations

from dataclasses import dataclass

from paxsilica.instance.world import year_ranges
from paxsilica.plan.labels import listed, money
from paxsilica.plan.requirement import covered, required
from paxsilica.plan.result import Plan
from paxsilica.report.headline import headline_sentences
from paxsilica.report.views.coverage import coverage_stages, scarcest_first
from paxsilica.report.views.money import LEAST_PAYMENT, cost_words, funder_rows
from paxsilica.report.views.named_plan import NamedPlan, blank, records
from paxsilica.report.views.portfolio import Totals, portfolio_rows, rows_by_region, totals
from paxsilica.report.wording import SHADOW_PRICES, advice, count, status_sentence

GOODS_NAMED, PROJECTS_NAMED, REGIONS_NAMED, FUNDERS_NAMED, PRICES_NAMED = 4, 8, 8, 6, 6
"""Most names of each kind in the answer."""

LEAST_CHANGE = 0.005
"""Least fall of coverage that is reported, a share of 1: half a point."""

LEAST_COST = 0.5
"""Least difference of a cost term that is named, USD million."""


@dataclass(frozen=True)
class Card:
    """A headline figure with its label."""

    value: str
    label: str
    note: str = ""


@dataclass(frozen=True)
class Part:
    """A part of the answer: a heading and sentences."""

    title: str
    lines: tuple[str, ...]


def lead(named: NamedPlan) -> list[str]:
    """The first sentences of the answer: coverage and money; without a plan its status."""
    plan = named.plan
    if plan.objective is None:
        return [status_sentence(plan), advice(plan)]
    return [*headline_sentences(named, stages=False), _spent(named, totals(plan))]


def parts(named: NamedPlan) -> list[Part]:
    """The answer by subject, without parts that have nothing to say."""
    if named.plan.objective is None:
        return []
    prices = [str(words) for words in named.plan.table("front_prices")["sentence"]]
    if len(prices) > PRICES_NAMED + 1:
        rest = count(len(prices) - PRICES_NAMED, "more shadow price")
        prices = [*prices[:PRICES_NAMED], f"{rest}: see the list of all shadow prices."]
    found = (
        ("Stages below the requirement", below(named)),
        ("Lower with the plan than without it", lower(named)),
        ("Projects", _projects(named)),
        ("Countries and regions", _regions(named)),
        ("Funders", _funders(named)),
        ("Cost, as the difference to no plan", cost_difference(named)),
        (SHADOW_PRICES, prices),
        ("Proof", [_proof(named.plan)]),
    )
    return [Part(title, tuple(lines)) for title, lines in found if lines]


def sentences(named: NamedPlan) -> list[str]:
    """The whole answer as sentences."""
    return [*lead(named), *(line for part in parts(named) for line in part.lines)]


def below(named: NamedPlan) -> list[str]:
    """Each stage that is below its requirement, in its worst year and with what limits it, the
    worst stage first."""
    found = []
    for stage in coverage_stages(named.plan):
        short = [cell for cell in stage.cells if cell.short]
        if not short:
            continue
        worst = min(short, key=lambda cell: cell.coverage / cell.required)
        goods = scarcest_first(named.plan, worst.limiting, worst.year) or [worst.weakest]
        names = [named.commodity(good) for good in goods[:GOODS_NAMED]]
        if len(goods) > GOODS_NAMED:
            names.append(f"{len(goods) - GOODS_NAMED} more")
        found.append(
            (
                worst.coverage / worst.required,
                f"{stage.name}: {covered(worst.coverage)}\u00a0% of need in {worst.year},"
                f" {required(worst.required)}\u00a0% required. Short in"
                f" {year_ranges(stage.years_short)}. Limited by {listed(names)}.",
            )
        )
    return [words for _, words in sorted(found)]


def lower(named: NamedPlan) -> list[str]:
    """Each stage that is covered less with the plan than without it, with the reason."""
    found = []
    for stage in coverage_stages(named.plan):
        cells = [cell for cell in stage.cells if cell.coverage < cell.without - LEAST_CHANGE]
        if not cells:
            continue
        worst = min(cells, key=lambda cell: cell.coverage - cell.without)
        if worst.credited < worst.credited_without - LEAST_CHANGE:
            reason = "less capacity is within reach"
        else:
            reason = (
                "the capacity within reach is not smaller, but plants of the stage or of its"
                " inputs run less in normal times, so that less of it is ready for a cut-off"
            )
        found.append(
            f"{stage.name}: {covered(worst.without)}\u00a0% without the plan and"
            f" {covered(worst.coverage)}\u00a0% with it in {worst.year} (lower in"
            f" {year_ranges([cell.year for cell in cells])}). Reason: {reason}."
        )
    return found


def _projects(named: NamedPlan) -> list[str]:
    """The projects with the most capital, and the number of the others."""
    rows = sorted(portfolio_rows(named), key=lambda row: (-row["capex_usd_m"], row["project"]))
    found = [
        f"{row['name']} ({row['region_name']}): {money(row['capex_usd_m'])}, committed in"
        f" {row['committed_year']}, first output in {row['online_year']}."
        for row in rows[:PROJECTS_NAMED]
    ]
    if rest := rows[PROJECTS_NAMED:]:
        amount = money(sum(row["capex_usd_m"] for row in rest))
        found.append(f"{count(len(rest), 'more project')} for {amount}.")
    return found


def _regions(named: NamedPlan) -> list[str]:
    rows = rows_by_region(named)
    words = [
        f"{row['name']} {money(row['capital'])} ({count(row['projects'], 'project')})"
        for row in rows[:REGIONS_NAMED]
    ]
    if len(rows) > REGIONS_NAMED:
        words.append(f"{len(rows) - REGIONS_NAMED} more")
    return [f"Capital by place of the project: {listed(words)}."] if words else []


def _funders(named: NamedPlan) -> list[str]:
    """Who pays, the least budget, and who pays nothing."""
    rows = funder_rows(named)
    paying = [row for row in rows if row["paid_usd_m"] > LEAST_PAYMENT]
    words = [f"{row['name']} {money(row['paid_usd_m'])}" for row in paying[:FUNDERS_NAMED]]
    if rest := paying[FUNDERS_NAMED:]:
        words.append(f"{len(rest)} more {money(sum(row['paid_usd_m'] for row in rest))}")
    found = [f"Public money comes from {'; '.join(words)}."] if words else []
    idle = [row["name"] for row in rows if row not in paying and row["available_usd_m"] > 0]
    if idle:
        shown = idle[:FUNDERS_NAMED]
        if len(idle) > len(shown):
            shown.append(f"{len(idle) - len(shown)} more")
        found.append(f"No payment by {listed(shown)}.")
    least = named.plan.headline.get("least_budget_usd_m") or {}
    if least.get("value") is not None:
        bound = least.get("bound")
        proved = f"; less than {money(bound)} cannot suffice (proved)" if bound else ""
        found.append(f"Least budget: {money(least['value'])} would suffice{proved}.")
    return found


def cost_difference(named: NamedPlan) -> list[str]:
    """Cost with the plan less the cost without any project, by term; what is missing has a price in
    some cases and is no cost."""
    rows = [
        (cost_words(row["term"]), row["usd_m"] - row["without_usd_m"])
        for row in records(named.plan.costs)
        if not blank(row["without_usd_m"])
    ]
    if not rows:
        return []
    total = sum(amount for _, amount in rows)
    same = "The plan costs the same as no plan"
    much = f"The plan costs {money(abs(total))} {'more' if total >= 0 else 'less'} than no plan"
    terms = [
        f"{name} {money(abs(amount))} {'more' if amount > 0 else 'less'}"
        for name, amount in sorted(rows, key=lambda row: -abs(row[1]))
        if abs(amount) >= LEAST_COST
    ]
    by_term = f": {listed(terms)}" if terms else ""
    return [
        f"{same if abs(total) < LEAST_COST else much}, discounted over the years of the"
        f" case{by_term}. No plan means that no project is built and that normal operation is the"
        " cheapest possible."
    ]


def _spent(named: NamedPlan, found: Totals) -> str:
    if not found.projects:
        return "The plan commits to no project."
    words = (
        f"The plan builds {count(found.projects, 'project')} in {count(found.regions, 'region')}"
        f" for {money(found.public + found.own)}"
    )
    if found.funded:
        words += (
            f" of capital: {money(found.public)} from governments and their funds and"
            f" {money(found.own)} from the owners of the plants. {_public_money(named, found)}"
        )
    years = sorted(int(year) for year in named.plan.portfolio["committed_year"])
    early = years[int(0.8 * (len(years) - 1))]
    by = f"in {early}" if years[0] == early else f"by {early}"
    return f"{words.removesuffix('.')}. Four in five projects must be committed {by}."


def _public_money(named: NamedPlan, found: Totals) -> str:
    """What governments and their funds pay in all, and the budget that limits it."""
    budget, covers = named.case.get("budget_usd_m"), budget_covers(named)
    support = found.support if found.support and found.support >= LEAST_COST else 0.0
    used = f", within the budget of {money(budget)}" if budget else ""
    if budget and found.limited(covers) >= 0.9995 * budget:
        used = ", all of the budget"
    if not support:
        return f"Public money is {money(found.public)}{used}."
    capital = f"{money(found.public)} of capital"
    paid = f"Public money is {money(found.public + support)}"
    if covers == "capital":
        return f"{paid}: {money(support)} of operating support and {capital}{used}."
    return f"{paid}{used}: {capital} and {money(support)} of operating support."


def budget_covers(named: NamedPlan) -> str:
    """What the budget of the case limits, as in ``budget.covers``."""
    return str((named.case.get("budget") or {}).get("covers", "money"))


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
        paid = found.limited(budget_covers(named))
        shown.append(Card(f"{paid / scale:,.1f}", f"USD {unit} of public money", allowed))
    note = "public capital and the owners' share; without operating support"
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
            " the cost of public funds for operating support, and a price on missing coverage"
        ),
        "security": "the plan that comes closest to the required coverage",
        "budget": "the least public money",
    }.get(named.plan.objective_kind, named.plan.objective_kind)


def protected_words(named: NamedPlan) -> str:
    """The protected regions, in the words of the case."""
    kinds = [str(kind) for kind in named.case.get("roles", {}).get("protected", {})]
    return listed([f"{kind} regions" for kind in kinds]) if kinds else "every region"
