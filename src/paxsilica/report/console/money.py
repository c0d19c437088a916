"""The money of a plan on the first screen, and what the plan leaves unused."""

from __future__ import annotations

from collections.abc import Iterable

from paxsilica.bundled import case_files
from paxsilica.case import read_case
from paxsilica.instance import Instance
from paxsilica.model.costs import capital, coverage_shortfall, operating_support
from paxsilica.plan.result import Plan
from paxsilica.report.views.coverage import coverage_stages
from paxsilica.report.views.limits import binding_limits
from paxsilica.report.views.money import LEAST_PAYMENT, cost_words, idle_funders
from paxsilica.report.views.named_plan import NamedPlan, blank, records
from paxsilica.report.wording import count, number, short_name

OWN_COSTS = (capital.__name__, operating_support.__name__, coverage_shortfall.__name__)
"""Terms of the table ``costs`` that hold no cost of plants that exist without the plan."""


def money_lines(named: NamedPlan, names: int) -> Iterable[tuple[str, str]]:
    """(label, words): at most ``names`` funders, public money, least budget, costs and limits."""
    plan = named.plan
    found, budget = plan.headline, named.case.get("budget_usd_m")
    paid_by = _funders_pay(named, names)
    if paid_by:
        yield "Funders pay, USD million", paid_by
    if found:
        limit = "no limit" if budget is None else f"budget {number(float(budget))}"
        owners = found["capital_usd_m"] - found["public_capital_usd_m"]
        paid = (named.case.get("support") or {}).get("pay", True)
        support = f"support {number(found['support_usd_m'])}" if paid else "support not computed"
        yield (
            "Public money",
            f"{number(found['public_money_usd_m'])} ({limit}), capital"
            f" {number(found['public_capital_usd_m'])} and {support}; owners {number(owners)};"
            f" all capital {number(found['capital_usd_m'])}",
        )
        if words := _support(named, names):
            yield "Operating support, USD million", words
        yield "Least budget", _least_budget(named)
    if words := _preference(named):
        yield "Preferences of funders", words
    if own := _own_costs(plan):
        yield "Cost of the plan, discounted", own
    limits = list(
        dict.fromkeys(
            limit.what if limit.what.endswith(limit.where) else f"{limit.what} {limit.where}"
            for limit in binding_limits(plan)
        )
    )
    if limits and "front_prices" not in plan.tables:  # which name them with their prices
        more = f" and {len(limits) - 3} more" if len(limits) > 3 else ""
        yield "Limits used up", f"{', '.join(limits[:3])}{more}"


def _funders_pay(named: NamedPlan, names: int) -> str:
    frame = named.plan.table("funders").sort_values(
        ["paid_usd_m", "funder"], ascending=[False, True]
    )
    paying = [row for row in records(frame) if row["paid_usd_m"] > LEAST_PAYMENT]
    words = [
        f"{short_name(named.funder(row['funder']))} {number(round(row['paid_usd_m'], 1))}"
        for row in paying
    ]
    rest = sum(row["paid_usd_m"] for row in paying[names:])
    more = [f"{len(words) - names} more {number(rest)}"] if rest else []
    return "; ".join([*words[:names], *more])


def _support(named: NamedPlan, names: int) -> str:
    """The plants with most operating support, with their price floor in the first year of it."""
    frame = named.plan.table("support").sort_values(["plant", "year", "funder"])
    sums = frame.groupby("plant")["support_usd_m"].sum()
    order = sorted(sums.index, key=lambda plant: (-float(sums[plant]), str(plant)))
    order = [plant for plant in order if sums[plant] > LEAST_PAYMENT]
    words = []
    for plant in order[:names]:
        row = records(frame[frame["plant"] == plant])[0]
        form = "for its capacity"
        if not blank(row["price_floor_usd_per_unit"]):
            form = f"price floor {number(row['price_floor_usd_per_unit'])} USD in {row['year']}"
        name = short_name(named.plant(plant))
        words.append(f"{name} {number(round(float(sums[plant]), 1))} ({form})")
    rest = sum(float(sums[plant]) for plant in order[names:])
    more = [f"{len(order) - names} more {number(round(rest, 1))}"] if rest else []
    return "; ".join([*words, *more])


def _least_budget(named: NamedPlan) -> str:
    """The least public money that meets the requirement, between its bound and a plan."""
    coverage = named.case.get("coverage")
    if not coverage:
        return "none, the case requires no coverage"
    if not coverage.get("hard"):
        return "not defined, coverage is not required but priced (coverage.hard = false)"
    if named.plan.objective_kind == "security":
        return "not defined for the closest plan"
    found = named.plan.headline["least_budget_usd_m"]
    if found is None:
        return "not computed"
    value, bound = found["value"], found["bound"]
    proved = "" if bound is None else f"less than {number(bound)} cannot suffice (proved)"
    if value is None:
        return f"no plan found; {proved}" if proved else "no plan found"
    return f"{number(value)} would suffice" + (f"; {proved}" if proved else "")


def _preference(named: NamedPlan) -> str:
    """What funders pay away from home and from their deals, and what their preference costs."""
    weight = float((named.case.get("funders") or {}).get("preference") or 0.0)
    frame = named.plan.table("statements")
    if not weight or frame.empty:
        return ""
    elsewhere, paid = (float(frame[f"{name}_usd_m"].sum()) for name in ("elsewhere", "paid"))
    words = (
        f"{number(elsewhere)} of {number(paid)} go to regions that are not home and projects"
        f" without a deal (weight {weight:.3g}, in the objective and in no cost)"
    )
    found = named.plan.headline.get("preference_cost_usd_m")
    if found is None:
        return words
    bound = "" if found["bound"] is None else f", at most {number(round(found['bound'], 1))}"
    return f"{words}; the preference costs {number(round(found['value'], 1))}{bound}"


def _own_costs(plan: Plan) -> str:
    terms = {str(row["term"]): float(row["usd_m"]) for row in records(plan.costs)}
    shown = [
        f"{cost_words(term)} {number(terms[term])}"
        for term in OWN_COSTS
        if abs(terms.get(term, 0.0)) > LEAST_PAYMENT
    ]
    return ", ".join(shown)


def unused_lines(named: NamedPlan, instance: Instance | None, names: int) -> Iterable[str]:
    """Which funders pay for nothing and why, at which stages nothing is built and why, and the
    bundled cases that use them; at most ``names`` funders for each reason, no line if that is 0."""
    if not names:
        return
    idle = {} if instance is None else idle_funders(named.plan, instance)
    reasons = [
        f"{', '.join(funders[:names])}"
        + (f" and {len(funders) - names} more" if len(funders) > names else "")
        + f" ({reason})"
        for reason, funders in idle.items()
    ]
    if reasons:
        yield f"No payment by {'; '.join(reasons)}."
    built = set(named.plan.portfolio["stage"].dropna().map(str))
    free = [stage for stage in coverage_stages(named.plan) if stage.key not in built]
    enough = sum(stage.needs_nothing for stage in free)
    if enough:
        where = "there" if enough == len(free) else f"at {enough} of them"
        yield (
            f"Nothing is built at {count(len(free), 'stage')} (0 projects above): the requirement"
            f" is met {where} without the plan."
        )
    others = [name for name in named.case.get("see_also", ()) if name in case_files()]
    if others and (reasons or enough):
        cases = [f"{name} ({read_case(case_files()[name]).title})" for name in others]
        yield f"Cases that use what this one leaves unused: {', '.join(cases)}."
