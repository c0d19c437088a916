"""Statements of funders: what the money of each buys, its cash by year, and its return.

A statement adds up the accounts of the funder (see :mod:`paxsilica.plan.accounts`). Returns count
the projects whose goods have prices, and so does the payment that they are compared with.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pandas as pd

from paxsilica.finance import internal_rate, present_value
from paxsilica.instance import Instance
from paxsilica.instance.funder_deals import at_home
from paxsilica.plan.accounts import Account, each_account, flows_of, rate_of
from paxsilica.plan.extract import table
from paxsilica.solver import Values


def statements_of_funders(
    instance: Instance, values: Values, funding: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """The tables ``statements`` and ``funder_cash``, from the table ``funding`` of the same plan;
    without rows where the data has no funders."""
    kept: dict[str, list[Account]] = defaultdict(list)
    for one in each_account(instance, values, funding):
        if instance.funding is not None and one.party in instance.funding.funders:
            kept[one.party].append(one)
    rows, cash = [], []
    for funder, accounts in sorted(kept.items()):
        rows.append(_statement(instance, funder, accounts))
        paid, received = _by_year(accounts, priced=False)
        cash += [
            (funder, year, paid.get(year, 0.0), received.get(year, 0.0))
            for year in sorted({*paid, *received})
        ]
    frame = table("statements", rows)
    return {
        "statements": frame.astype({"irr": "float64"}) if len(frame) else frame,
        "funder_cash": table("funder_cash", cash),
    }


def _by_year(accounts: list[Account], *, priced: bool) -> tuple[dict[int, float], dict[int, float]]:
    """What is paid and received by year, USD million; ``priced`` leaves out what is paid into
    projects without prices."""
    paid: dict[int, float] = defaultdict(float)
    received: dict[int, float] = defaultdict(float)
    for one in accounts:
        if one.received is None and priced:
            continue
        for year, amount in one.paid.items():
            paid[year] += amount
        for year, amount in (one.received or {}).items():
            received[year] += amount
    return dict(paid), dict(received)


def _statement(instance: Instance, funder: str, accounts: list[Account]) -> tuple[Any, ...]:
    funding, world = instance.funding, instance.world
    assert funding is not None
    home = deals = elsewhere = weight = 0.0
    for one in accounts:
        own = sum(one.paid.values())
        pair = (funder, one.project)
        if at_home(world, funding.funders[funder].region, instance.candidates[one.project].region):
            home += own
        elif pair in funding.preferred:
            deals += own
        else:
            elsewhere += own
            weight += sum(instance.discount(year) * paid for year, paid in one.paid.items())
    paid, received = _by_year(accounts, priced=True)
    rate = rate_of(instance, funder, "")
    flows = flows_of(instance.years[0], paid, received) if paid else [0.0]
    return (
        funder,
        home + deals + elsewhere,
        len(accounts),
        sum(amount for pair, amount in funding.signed.items() if pair[0] == funder),
        home,
        deals,
        elsewhere,
        instance.case.funders.preference * weight,
        rate,
        sum(paid.values()),
        sum(received.values()),
        present_value(rate, flows),
        internal_rate(flows),
    )
