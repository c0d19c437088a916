"""Sentences and number formats that all reports share."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paxsilica.plan.result import Plan

OBJECTIVES = {
    "cost": "least expected cost over the years of the case, discounted",
    "security": "closest to the required coverage; then all costs, discounted",
    "budget": "least public money",
}

LEAST_PERCENT = 1e-4
"""Smaller shares are not written out, per cent."""

ROUNDING = 1e-9
"""A smaller gap is rounding of the solver, share of the objective."""


SHADOW_PRICES = "Shadow prices: the value of one more, with projects divisible"
"""Heading of the sentences on shadow prices, on the screen, the page and in the workbook."""


NAME_LENGTH = 56
"""Longest name in a line of the screen."""


def short_name(name: str, length: int = NAME_LENGTH) -> str:
    """The name, cut to ``length`` characters.

    >>> short_name("Nolans separation"), short_name("Nolans separation", 7)
    ('Nolans separation', 'Nolans…')
    """
    return name if len(name) <= length else f"{name[: length - 1].rstrip(' ,')}…"


def number(value: float) -> str:
    """The value with thousands separators and four significant digits.

    >>> number(7188603.9), number(42.1875), number(0.0)
    ('7,188,604', '42.19', '0')
    """
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def share(value: float) -> str:
    """The share of 1 in per cent with two significant digits.

    >>> share(0.00505), share(0.000094), share(0.968), share(1.284), share(3e-7)
    ('0.51 %', '0.0094 %', '97 %', '128 %', 'less than 0.0001 %')
    """
    percent = 100 * value
    if 0 < abs(percent) < LEAST_PERCENT:
        return f"less than {LEAST_PERCENT:g} %"
    return f"{percent:.0f} %" if abs(percent) >= 10 else f"{percent:.2g} %"


def count(amount: int, thing: str, things: str = "") -> str:
    """The amount with its noun; ``things`` is the plural, if that is not ``thing`` with an s.

    >>> count(1, "row"), count(1200, "row"), count(2, "other party", "other parties")
    ('1 row', '1,200 rows', '2 other parties')
    """
    return f"{amount:,} {thing if amount == 1 else things or f'{thing}s'}"


def status_sentence(plan: Plan) -> str:
    """The status of the plan in a sentence."""
    solver = plan.manifest.get("case", {}).get("solver", {})
    if plan.status == "optimal":
        return (
            "No plan can be better than this one."
            if plan.gap_usd_m is not None and _gap(plan) == 0
            else "No plan can be better than this one by more than the gap."
        )
    if plan.status == "feasible":
        return (
            f"The search ended before the requested gap ({share(solver.get('gap', 0))}) was proved:"
            " a better plan may exist."
        )
    if plan.status == "unverified" and plan.audit.status == "not run":
        return "This plan was saved without an audit: do not rely on its numbers."
    if plan.status == "unverified":
        return (
            f"The audit of this plan has {count(plan.audit.count, 'finding')}: do not rely on its"
            " numbers."
        )
    if plan.status == "infeasible":
        return "No plan meets the requirements of the case; this is proved."
    return (
        f"No plan was found in {number(solver.get('time_limit_s', 0))} seconds of search. This"
        " proves nothing about the case."
    )


def advice(plan: Plan) -> str:
    """Next step where there is no plan."""
    if plan.status == "no_plan":
        return "Give the search more time (--time-limit 3600), or accept a wider gap (--gap 0.02)."
    coverage = plan.manifest.get("case", {}).get("coverage") or {}
    if coverage.get("hard"):
        return "--set objective=security asks for the plan that comes closest."
    return (
        "The projects, the budget or the limits in the data cannot meet a requirement of the case."
    )


def _gap(plan: Plan) -> float:
    """The gap in USD million; 0 where it is rounding of the solver."""
    gap = plan.gap_usd_m or 0.0
    return 0.0 if gap <= ROUNDING * max(1.0, abs(plan.objective or 0.0)) else gap


def gap_sentence(plan: Plan) -> str:
    """The gap as a share of the objective, in USD million and as a share of the capital decided."""
    if plan.gap_usd_m is None:
        return "not known"
    gap = _gap(plan)
    parts = [] if plan.gap is None else [f"{share(plan.gap if gap else 0.0)} of the objective"]
    parts.append(f"USD {number(gap)} million")
    if plan.gap_of_capital is not None:
        parts.append(f"{share(plan.gap_of_capital if gap else 0.0)} of the capital decided")
    return " = ".join(parts)


def gap_in_money(plan: Plan) -> str:
    """The gap in USD million and as a share of the capital decided."""
    if plan.gap_usd_m is None:
        return "not known"
    gap = _gap(plan)
    words = f"USD {number(gap)} million"
    if plan.gap_of_capital is not None:
        words += f", {share(plan.gap_of_capital if gap else 0.0)} of the capital"
    return words


def objective_sentence(plan: Plan) -> str:
    """The objective with its unit and meaning."""
    year = plan.manifest.get("case", {}).get("finance", {}).get("price_year")
    amount = (
        "none"
        if plan.objective is None
        else f"USD {number(plan.objective)} million" + (f" of {year}" if year else "")
    )
    return f"{amount} ({OBJECTIVES[plan.objective_kind]})"


def bound_sentence(plan: Plan) -> str:
    """The bound with its meaning."""
    if plan.bound is None:
        return "none"
    return f"USD {number(plan.bound)} million: no plan can be better than this"


def proof_lines(plan: Plan) -> dict[str, str]:
    """Status, objective, bound and gap in words, by label."""
    lines = {
        "Status": f"{plan.status.replace('_', ' ')}. {status_sentence(plan)}",
        "Objective": objective_sentence(plan),
    }
    if plan.bound is not None:
        lines["Bound"] = bound_sentence(plan)
    if plan.objective is not None:
        lines["Gap"] = gap_sentence(plan)
    return lines
