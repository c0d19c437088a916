"""Statements of funders: what the money of each buys, its cash by year, and its return.

A statement adds up the accounts of the funder (see :mod:`paxsilica.plan.accounts`) and its
operating support of existing plants. Returns count the projects whose goods have prices, and so
does the payment that they are compared with; operating support is always paid out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from paxsilica.finance import internal_rate, present_value
from paxsilica.instance import Instance
from paxsilica.instance.funder_deals import at_home
from paxsilica.plan.accounts import Account, each_account, flows_of, rate_of
from paxsilica.plan.extract import table
from paxsilica.solver import Values


def statements_of_funders(
    instance: Instance, values: Values, funding: pd.DataFrame, support: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """The tables ``statements`` and ``funder_cash``, from the tables ``funding`` and ``support`` of
    the same plan; without rows where the data has no funders."""
    kept: dict[str, list[Account]] = defaultdict(list)
    of_assets = _support_of_assets(support)
    for one in each_account(instance, values, funding, support):
        kept[one.party].append(one)
    rows, cash = [], []
    taking_part = set() if instance.funding is None else set(instance.funding.funders)
    for funder in sorted(taking_part & {*kept, *of_assets}):
        flows = _flows(kept[funder], of_assets[funder])
        rows.append(_statement(instance, funder, kept[funder], flows))
        cash += [
            (funder, year, *(column.get(year, 0.0) for column in flows.columns))
            for year in flows.years
        ]
    frame = table("statements", rows)
    return {
        "statements": frame.astype({"irr": "float64"}) if len(frame) else frame,
        "funder_cash": table("funder_cash", cash),
    }


def _support_of_assets(support: pd.DataFrame) -> dict[str, dict[int, float]]:
    """Support of existing plants by payer and year, USD million."""
    found: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for row in support.to_dict("records"):
        if row["kind"] == "asset":
            found[row["funder"]][row["year"]] += row["support_usd_m"]
    return found


@dataclass(frozen=True)
class _Flows:
    """What a funder pays and receives by year, USD million.

    Attributes:
        paid: of the capital of all its projects.
        priced: of the capital of projects whose goods have prices.
        support: operating support of projects and existing plants.
        received: from projects whose goods have prices.
    """

    paid: Mapping[int, float]
    priced: Mapping[int, float]
    support: Mapping[int, float]
    received: Mapping[int, float]

    @property
    def columns(self) -> tuple[Mapping[int, float], ...]:
        return self.paid, self.support, self.received

    @property
    def years(self) -> list[int]:
        return sorted(set().union(*self.columns))


def _flows(accounts: list[Account], of_assets: Mapping[int, float]) -> _Flows:
    paid: dict[int, float] = defaultdict(float)
    priced: dict[int, float] = defaultdict(float)
    support: dict[int, float] = defaultdict(float, of_assets)
    received: dict[int, float] = defaultdict(float)
    for one in accounts:
        for year, amount in one.paid.items():
            paid[year] += amount
            if one.received is not None:
                priced[year] += amount
        for year, amount in one.support.items():
            support[year] += amount
        for year, amount in (one.received or {}).items():
            received[year] += amount
    return _Flows(paid, priced, support, received)


def _statement(
    instance: Instance, funder: str, accounts: list[Account], flows: _Flows
) -> tuple[Any, ...]:
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
    rate = rate_of(instance, funder, "")
    moved = flows.priced or flows.support
    by_year = (
        flows_of(instance.years[0], flows.priced, flows.support, flows.received) if moved else [0.0]
    )
    return (
        funder,
        home + deals + elsewhere,
        sum(1 for one in accounts if one.paid),
        sum(amount for pair, amount in funding.signed.items() if pair[0] == funder),
        home,
        deals,
        elsewhere,
        instance.case.funders.preference * weight,
        sum(flows.support.values()),
        rate,
        sum(flows.priced.values()),
        sum(flows.received.values()),
        present_value(rate, by_year),
        internal_rate(by_year),
    )
