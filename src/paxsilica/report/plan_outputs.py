"""The page, the workbook and the charts that the methods of a plan give (see
:mod:`paxsilica.plan.outputs`)."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from paxsilica.atomic import new_file
from paxsilica.errors import InputError, Problem
from paxsilica.plan.result import Plan
from paxsilica.report.page import render_page
from paxsilica.report.views.named_plan import NamedPlan, load_named_plan, name_plan
from paxsilica.report.workbook.book import write_workbook
from paxsilica.studies.results import Figure, axes, with_thousands
from paxsilica.tables import Tables

WITHOUT, WITH, REQUIRED = "#b0b7c3", "#3b6fb6", "#c0392b"
"""Colours of the state without the plan, with the plan, and of the requirement."""

MOST_FUNDERS = 7
"""Most funders with a colour of their own; the others are added up."""


def write_page(plan: Plan, path: Path, data: Tables | Path | str | None = None) -> Path:
    """Writes the page; see :meth:`paxsilica.plan.outputs.Outputs.report`."""
    page = render_page(_named(plan, data))
    with new_file(path) as draft:
        draft.write_text(page, encoding="utf-8")
    return path


def write_book(plan: Plan, path: Path, data: Tables | Path | str | None = None) -> Path:
    """Writes the workbook; see :meth:`paxsilica.plan.outputs.Outputs.to_excel`."""
    named = _named(plan, data)
    with new_file(path) as draft:
        write_workbook(named, draft)
    return path


def _named(plan: Plan, data: Tables | Path | str | None) -> NamedPlan:
    if not isinstance(data, Tables):
        return load_named_plan(plan, None if data is None else Path(data))
    if data.digest != plan.manifest.get("data_digest"):
        raise InputError("`data` is not the tables that the plan was made from")
    return name_plan(plan, data)


def draw_coverage(plan: Plan, year: int | None = None) -> Figure:
    """See :meth:`paxsilica.plan.outputs.Charts.coverage`."""
    table = _rows(plan, "coverage", "coverage")
    years = sorted(map(int, table["year"].unique()))
    year = years[-1] if year is None else year
    if year not in years:
        words = f"one of the years with required coverage: {', '.join(map(str, years))}"
        raise InputError([Problem("plot.coverage", "", "year", str(year), f"should be {words}")])
    last = table[table["year"] == year].iloc[::-1]
    figure, ax = axes(8.0, 1.6 + 0.36 * len(last))
    at = list(range(len(last)))
    ax.barh(at, last["standalone_coverage"], 0.7, color=WITH, label="standalone, with the plan")
    ax.barh(
        at,
        last["standalone_coverage_without"],
        0.7,
        color=WITHOUT,
        label="standalone, without the plan",
    )
    ax.plot(
        last["nameplate_share_without"].clip(upper=1.0),
        at,
        "o",
        color="white",
        markeredgecolor="black",
        label="nameplate share without the plan (at most 1)",
    )
    ax.plot(last["required_share"], at, "|", color=REQUIRED, ms=16, mew=2.5, label="required")
    ax.set_yticks(at, list(last["name"]))
    ax.set_xlim(0.0, 1.03)
    ax.set_xlabel(f"share of the need in {year}")
    ax.set_title("Coverage by stage when adversaries are cut off", loc="left", fontsize=11)
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    return figure


def draw_coverage_by_year(plan: Plan) -> Figure:
    """See :meth:`paxsilica.plan.outputs.Charts.coverage_by_year`."""
    table = _rows(plan, "joint_coverage", "joint coverage").sort_values("year")
    figure, ax = axes(8.0, 4.0)
    for column, label, colour in (
        ("without", "without the plan", WITHOUT),
        ("with", "with the plan", WITH),
        ("required", "largest share that is required of a stage", REQUIRED),
    ):
        line = "--" if column == "required" else "o-"
        ax.plot(table["year"], table[column], line, color=colour, label=label)
    ax.set_xticks(list(table["year"]))
    ax.set_ylim(0.0, 1.03)
    ax.set_ylabel("share of all needs")
    ax.set_title("Joint coverage of the chain", loc="left", fontsize=11)
    ax.legend(frameon=False, fontsize=9)
    return figure


def draw_capital(plan: Plan) -> Figure:
    """See :meth:`paxsilica.plan.outputs.Charts.capital`."""
    table = _rows(plan, "portfolio", "projects")
    sums = table.groupby("stage")[["capex_usd_m", "public_usd_m"]].sum().sort_values("capex_usd_m")
    figure, ax = axes(8.0, 1.6 + 0.36 * len(sums))
    ax.barh(sums.index, sums["public_usd_m"], color=WITH, label="paid by funders")
    own = sums["capex_usd_m"] - sums["public_usd_m"]
    ax.barh(sums.index, own, left=sums["public_usd_m"], color=WITHOUT, label="paid by owners")
    ax.set_xlabel("capital, USD million, undiscounted")
    with_thousands(ax.xaxis)
    ax.set_title("Capital of the projects by stage", loc="left", fontsize=11)
    ax.legend(frameon=False, fontsize=9, loc="lower right")
    return figure


def draw_funding(plan: Plan) -> Figure:
    """See :meth:`paxsilica.plan.outputs.Charts.funding`."""
    table = _rows(plan, "funding", "payments")
    names = plan.table("funders").set_index("funder")["name"]
    paid = table.groupby("funder")["usd_m"].sum().sort_values(ascending=False)
    shown = list(paid.index[:MOST_FUNDERS])
    labels = {name: str(names.get(name, name)) for name in shown} | {"sponsor": "Owners"}
    others = "all other funders"
    who = table["funder"].map(lambda name: labels[name] if name in shown else others)
    wide = table.assign(who=who).pivot_table(
        index="year", columns="who", values="usd_m", aggfunc="sum", fill_value=0.0
    )
    order = [name for name in [*(labels[one] for one in shown), others] if name in wide]
    figure, ax = axes(8.0, 4.5)
    base = pd.Series(0.0, index=wide.index)
    for at, name in enumerate(order):
        colour = WITHOUT if name == others else f"C{at}"
        ax.bar(wide.index, wide[name], bottom=base, label=name, color=colour)
        base += wide[name]
    ax.set_xticks(list(wide.index))
    ax.set_ylabel("USD million")
    with_thousands(ax.yaxis)
    ax.set_title("Payments by year", loc="left", fontsize=11)
    figure.legend(loc="outside right upper", frameon=False, fontsize=8)
    return figure


def _rows(plan: Plan, name: str, what: str) -> pd.DataFrame:
    """A table of the plan that has rows."""
    table = plan.table(name)
    if table.empty:
        raise InputError(f"the plan {plan.case!r} ({plan.status}) has no {what} to draw")
    return table
