"""Who pays what in which year."""

from __future__ import annotations

import math

import pandas as pd
from markupsafe import Markup

from paxsilica.report.facts import OWNER, Facts
from paxsilica.report.page.svg import figure, line, rect, text


def cash(facts: Facts) -> pd.DataFrame:
    """USD million by funder (rows, the largest first, owners of projects last) and year (columns,
    every year in which anybody pays)."""
    funding = facts.plan.funding
    if funding.empty:
        return pd.DataFrame()
    wide = funding.pivot_table(
        index="funder", columns="year", values="usd_m", aggfunc="sum", fill_value=0.0
    )
    wide = wide.reindex(
        columns=range(int(funding["year"].min()), int(funding["year"].max()) + 1), fill_value=0.0
    )
    totals = {str(name): float(row.to_numpy().sum()) for name, row in wide.iterrows()}
    order = sorted(wide.index, key=lambda name: (name == OWNER, -totals[str(name)], str(name)))
    return wide.loc[order]


def _steps(top: float) -> list[float]:
    """Three to six round marks from zero to above ``top``."""
    size = 10.0 ** math.floor(math.log10(top))
    step = next(part * size for part in (0.2, 0.25, 0.5, 1.0, 2.0) if top / (part * size) <= 5)
    return [step * at for at in range(math.ceil(top / step - 1e-9) + 1)]


def cash_figure(facts: Facts, name: str, width: float) -> Markup | None:
    """Columns by year: what funders pay, and on top of it what owners bring."""
    frame = cash(facts)
    if frame.empty:
        return None
    years = [int(year) for year in frame.columns]
    others = [name for name in frame.index if name != OWNER] or list(frame.index)
    scale, unit = (1000.0, "billion") if float(frame.sum().max()) >= 1000 else (1.0, "million")
    public = {year: float(frame.loc[others, year].to_numpy().sum()) / scale for year in years}
    owners = {
        year: float(frame.to_numpy()[:, at].sum()) / scale - public[year]
        for at, year in enumerate(years)
    }
    narrow = width < 500
    height, left, top, bottom = (210.0, 30.0, 18.0, 22.0) if narrow else (260.0, 40.0, 20.0, 26.0)
    marks = _steps(max(public[year] + owners[year] for year in years))
    room = (width - left - 4) / len(years)

    def y(value: float) -> float:
        return top + (height - top - bottom) * (1 - value / marks[-1])

    parts: list[Markup] = [text(left, 10, f"USD {unit} a year", "axis")]
    for mark in marks:
        parts += [
            line(left, y(mark), width, y(mark), "grid"),
            text(left - 5, y(mark) + 4, f"{mark:,g}", "axis", "end"),
        ]
    for at, year in enumerate(years):
        x, thick = left + at * room + room * 0.14, room * 0.72
        paid, brought = public[year], owners[year]
        hint = (
            f"{year}: funders USD {scale * paid:,.0f} million, owners USD {scale * brought:,.0f}"
            " million"
        )
        for kind, low, high in (("public", 0.0, paid), ("owners", paid, paid + brought)):
            amount = {"data_year": year, "data_usd_m": f"{scale * (high - low):.3f}"}
            parts.append(rect(x, y(high), thick, y(low) - y(high), kind, hint, **amount))
        if paid + brought >= 0.005 * marks[-1]:
            total = paid + brought
            parts.append(
                text(x + thick / 2, y(total) - 4, f"{total:,.1f}", "label strong", "middle")
            )
        if not narrow or at % 2 == 0:
            parts.append(text(x + thick / 2, height - 8, year, "axis", "middle"))
    words = "; ".join(
        f"{year} funders {scale * public[year]:,.0f}, owners {scale * owners[year]:,.0f}"
        for year in years
    )
    return figure(name, "Payments by year, USD million", f"{words}.", width, height, parts, "cash")


def purses(facts: Facts) -> list[dict[str, object]]:
    """What each funder can pay and does, the largest payer first, those that pay nothing last."""
    frame = facts.plan.table("funders").sort_values(
        ["paid_usd_m", "available_usd_m", "funder"], ascending=[False, False, True]
    )
    return [
        {
            "name": str(row["name"]),
            "region": facts.region(row["region"]),
            "paid": float(row["paid_usd_m"]),
            "available": float(row["available_usd_m"]),
            "share": (
                float(row["paid_usd_m"]) / float(row["available_usd_m"])
                if row["available_usd_m"]
                else 0.0
            ),
            "projects": int(row["projects"]),
        }
        for row in frame.to_dict("records")
    ]
