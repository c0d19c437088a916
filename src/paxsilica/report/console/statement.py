"""The statement of a funder on the screen."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text

from paxsilica.report.console.screen import Screen
from paxsilica.report.views.statement import Statement
from paxsilica.report.wording import number

RIGHT = ("commit", "online", "pays", "of public", "NPV", "IRR")
CASH = ("year", "capital paid", "support paid", "received")
NOT_SOLVED = "The plan without this funder was not solved; --without DIR solves it."
COLUMNS = ("project", "stage", "region", *RIGHT, "deals")


def print_statement(screen: Screen, one: Statement, without: Iterable[str] = ()) -> None:
    """Prints a statement; ``without`` are sentences on the plan without the funder, and nothing if
    it was not solved."""
    screen.print(Text(f"{one.name} ({one.funder}), {one.region}", "bold"))
    screen.show(*one.sentences)
    if one.bought:
        screen.show_rows(
            COLUMNS,
            (
                (
                    item.name,
                    item.stage,
                    item.region,
                    str(item.committed_year),
                    str(item.online_year),
                    number(item.paid),
                    f"{item.paid / item.public:.0%}" if item.public else "",
                    "" if item.npv is None else f"{item.npv:,.1f}",
                    "" if item.irr is None else f"{item.irr:.1%}",
                    item.deals,
                )
                for item in one.bought
            ),
            RIGHT,
            "What its money buys, USD million",
        )
    if one.cash:
        screen.show_rows(
            CASH,
            ((str(year), *(f"{amount:,.1f}" for amount in amounts)) for year, *amounts in one.cash),
            CASH,
            "Cash by year, USD million: capital paid at its beginning, the rest at its end",
        )
    if one.deals:
        screen.show_rows(
            ("deal", "project", "state", "date", "instrument", "USD m"),
            (
                (
                    deal.deal,
                    deal.project or "not in the data",
                    deal.state,
                    deal.date,
                    deal.instrument,
                    "not public" if deal.amount_usd_m is None else number(deal.amount_usd_m),
                )
                for deal in one.deals
            ),
            ("USD m",),
            "Deals in the data",
        )
    screen.show(*(list(without) or [NOT_SOLVED]))
