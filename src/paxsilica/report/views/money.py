"""Payments by funder and year, and the use of each funder's budget."""

from __future__ import annotations

from typing import Any

import pandas as pd

from paxsilica.instance import Instance
from paxsilica.model.costs import operating_support
from paxsilica.plan.result import Plan
from paxsilica.report.views.named_plan import OWNER, NamedPlan, records

LEAST_PAYMENT = 1e-4
"""Below this nothing is paid, USD million."""


COST_TERMS = {operating_support.__name__: "cost of public funds for operating support"}
"""Terms of the table ``costs`` whose keys would be mistaken for the money that is paid."""


def cost_words(term: object) -> str:
    """A term of the table ``costs`` in words.

    >>> cost_words("operating_support"), cost_words("fixed_operation")
    ('cost of public funds for operating support', 'fixed operation')
    """
    return COST_TERMS.get(str(term), str(term).replace("_", " "))


def payments_by_year(plan: Plan) -> pd.DataFrame:
    """USD million by funder (rows, largest total first, owners of projects last) and year (columns,
    first to last year of payment)."""
    funding = plan.funding
    if funding.empty:
        return pd.DataFrame()
    wide = funding.pivot_table(
        index="funder", columns="year", values="usd_m", aggfunc="sum", fill_value=0.0
    )
    years = range(int(funding["year"].min()), int(funding["year"].max()) + 1)
    wide = wide.reindex(columns=years, fill_value=0.0)
    totals = {str(name): float(row.to_numpy().sum()) for name, row in wide.iterrows()}
    order = sorted(wide.index, key=lambda name: (name == OWNER, -totals[str(name)], str(name)))
    return wide.loc[order]


def public_and_own(payments: pd.DataFrame) -> list[tuple[int, float, float]]:
    """Year, payments of funders and payments of owners, USD million; takes the result of
    :func:`payments_by_year`."""
    own = payments.index == OWNER
    amounts = payments.to_numpy()
    return [
        (int(year), float(amounts[~own, at].sum()), float(amounts[own, at].sum()))
        for at, year in enumerate(payments.columns)
    ]


def funder_rows(named: NamedPlan) -> list[dict[str, Any]]:
    """Budget, payments (USD million) and projects of each funder, largest payments first; ``share``
    is the used share of the budget."""
    frame = named.plan.table("funders").sort_values(
        ["paid_usd_m", "available_usd_m", "funder"], ascending=[False, False, True]
    )
    return [
        {
            **row,
            "region": named.region(row["region"]),
            "share": row["paid_usd_m"] / row["available_usd_m"] if row["available_usd_m"] else 0.0,
        }
        for row in records(frame)
    ]


def payments_by_project(plan: Plan) -> dict[str, list[tuple[str, float]]]:
    """For each project the public funders that pay for it with USD million, largest payment
    first."""
    funding = plan.funding
    public = funding[~funding["funder"].isin([OWNER, "unallocated"])]
    paid: dict[str, list[tuple[str, float]]] = {}
    for (project, funder), part in public.groupby(["project", "funder"]):
        paid.setdefault(str(project), []).append((str(funder), float(part["usd_m"].sum())))
    return {
        project: sorted(found, key=lambda item: (item[1], item[0]), reverse=True)
        for project, found in paid.items()
    }


def idle_funders(plan: Plan, instance: Instance) -> dict[str, list[str]]:
    """Funders with money that pay for nothing in the plan, by the reason."""
    if instance.funding is None:
        return {}
    chosen = set(map(str, plan.portfolio["project"]))
    may_pay: dict[str, set[str]] = {}
    for funder, project in instance.funding.pairs:
        may_pay.setdefault(funder, set()).add(project)
    reasons: dict[str, list[str]] = {}
    for row in records(plan.table("funders")):
        if row["paid_usd_m"] > LEAST_PAYMENT or row["available_usd_m"] <= LEAST_PAYMENT:
            continue
        funder = str(row["funder"])
        fit = may_pay.get(funder, set())
        if not fit:
            reason = "no candidate fits their mandate, place and time"
        elif fit & chosen:
            reason = "others pay for the projects of the plan that they may pay for"
        else:
            reason = "the plan needs none of the projects that they may pay for"
        reasons.setdefault(reason, []).append(funder)
    return reasons
