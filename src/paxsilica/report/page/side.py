"""Content of the page for one plan: figures as drawings, everything else as records for the
template."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any

from markupsafe import Markup

from paxsilica.report import answer
from paxsilica.report.page.chain import NARROW, WIDE, Chain, chain_figure, chain_years, make_chain
from paxsilica.report.page.charts import cash_figure, coverage_figure, most_paid
from paxsilica.report.page.timetable import Bar, bars, by_stage, largest, timetable_figure
from paxsilica.report.page.view_data import limits, view_data
from paxsilica.report.page.world_map import map_figure, spots
from paxsilica.report.views.coverage import Stage, coverage_stages, short_commodities, years_of
from paxsilica.report.views.diagnosis import Reasons
from paxsilica.report.views.evidence import (
    capital_range,
    grade_rows,
    project_facts,
    project_sources,
)
from paxsilica.report.views.limits import OWN_UNIT, best_prices, binding_limits
from paxsilica.report.views.losses import SHOWN
from paxsilica.report.views.money import funder_rows, payments_by_year
from paxsilica.report.views.named_plan import NamedPlan, blank, records
from paxsilica.report.views.near_optimal import MARK, near_optimal_sentences
from paxsilica.report.views.portfolio import (
    dropped_by_reason,
    portfolio_rows,
    rows_by_region,
    rows_by_status,
)
from paxsilica.report.views.statement import statements
from paxsilica.report.wording import number, proof_lines
from paxsilica.serialize import leaves

MEDIUM, FULL, PHONE = 560.0, 1120.0, 352.0
"""Widths of figures in pixels: beside another plan, alone on the page, on a phone."""


@dataclass(frozen=True)
class Scales:
    """What the largest mark of a figure stands for, the same for all plans of a page, USD million:
    capital of a region, and payments of a year."""

    capital: float
    paid: float

    @classmethod
    def of(cls, plans: Iterable[NamedPlan]) -> Scales:
        """The largest values of the plans."""
        found = list(plans)
        capital = [spot.capital for one in found for spot in spots(one)]
        return cls(max(capital, default=0.0), max(most_paid(one) for one in found))


PRICES_EACH = 4
"""Most prices shown for each kind of item."""


@dataclass(frozen=True)
class Drawing:
    """A figure for a wide and for a narrow screen; the page shows the one that fits."""

    wide: Markup
    narrow: Markup


def make_side(
    named: NamedPlan,
    key: str,
    label: str,
    paired: bool,
    scales: Scales | None = None,
    reasons: Reasons | None = None,
) -> SimpleNamespace:
    """All that the template shows of one plan; ``key`` makes the names of its figures unique on the
    page, ``paired`` says that another plan stands beside it, ``scales`` are those of both."""
    scales = scales or Scales.of([named])
    plan, width = named.plan, MEDIUM if paired else FULL
    stages, found = coverage_stages(plan), bars(named)
    chains = _chains(named, key, paired)
    payments = payments_by_year(plan)
    by_year = [payments[year].tolist() for year in payments.columns]
    return SimpleNamespace(
        named=named,
        plan=plan,
        key=key,
        label=label,
        lead=answer.lead(named),
        parts=answer.parts(named),
        closest=named.closest,
        reasons=reasons,
        cards=answer.cards(named),
        stages=stages,
        coverage_years=years_of(stages),
        highest_requirements=[
            max(cell.required for stage in stages if (cell := stage.in_year(year)) is not None)
            for year in years_of(stages)
        ],
        coverage_figures=[
            (stage, coverage_figure(stage, f"{key}-stage-{at}")) for at, stage in enumerate(stages)
        ],
        short=_short(named, years_of(stages)[-1]) if stages else [],
        chains=chains,
        has_chain=bool(chains or named.missing),
        shown_chain=max(len(chains) - 2, 0),
        ladder=_ladder(named, stages),
        data=Markup(view_data(named, stages, [chain for chain, _ in chains])),
        map=_drawing(partial(map_figure, named, scales.capital), f"{key}-map", width),
        regions=rows_by_region(named),
        bars=found,
        largest=largest(found),
        timetable=_timetable(named, largest(found), f"{key}-time", width, "The largest projects"),
        timetables=[
            (name, part, _timetable(named, part, f"{key}-time-{at}", width, f"Projects: {name}"))
            for at, (name, part) in enumerate(by_stage(named, found))
        ],
        portfolio=_portfolio(named, found),
        cash=_drawing(
            partial(cash_figure, named, scales.paid), f"{key}-cash", width if paired else 760.0
        ),
        cash_years=[int(year) for year in payments.columns],
        cash_rows=[
            (str(name), named.funder(name), list(values), float(sum(values)))
            for name, values in zip(payments.index, zip(*by_year, strict=True), strict=True)
        ],
        cash_totals=[float(sum(amounts)) for amounts in by_year],
        funders=funder_rows(named),
        statements=statements(named),
        costs=[row for row in records(plan.costs) if abs(row["usd_m"]) > 0.05],
        binding=_binding(named),
        front_prices=[str(row["sentence"]) for row in records(plan.table("front_prices"))],
        prices=_prices(named),
        near=named.near,
        near_lines=near_optimal_sentences(named.near, plan, _project_names(named)),
        mark=MARK,
        losses=named.losses,
        losses_shown=[] if named.losses is None else named.losses.singles[:SHOWN],
        statuses=rows_by_status(named),
        grades=grade_rows(named),
        capital_range=capital_range(named),
        sources=project_sources(named),
        notes=plan.notes,
        dropped=_dropped(named),
        proof=proof_lines(plan),
        made_from=[(name, str(value)) for name, value in leaves(plan.manifest)],
        protected=answer.protected_words(named),
        measure=answer.measure(named),
    )


def _project_names(named: NamedPlan) -> dict[str, str]:
    """Name of each project of the data by its key; none without the tables."""
    rows = () if named.tables is None else named.tables.projects
    return {row.project: row.name or row.project for row in rows}


def _ladder(named: NamedPlan, stages: list[Stage]) -> list[dict[str, Any]]:
    """The stages in the last year of coverage, with the number of projects of each."""
    if not stages:
        return []
    built = Counter(map(str, named.plan.portfolio["stage"]))
    last = years_of(stages)[-1]
    return [
        {"stage": stage, "cell": cell, "limits": limits(named, cell), "projects": built[stage.key]}
        for stage in stages
        if (cell := stage.in_year(last) or stage.last)
    ]


def _drawing(
    draw: Callable[[str, float], Markup | None], name: str, width: float
) -> Drawing | None:
    """What ``draw`` makes of a name and a width."""
    wide, narrow = draw(name, width), draw(f"{name}-n", PHONE)
    return None if wide is None or narrow is None else Drawing(wide, narrow)


def _chains(named: NamedPlan, key: str, paired: bool) -> list[tuple[Chain, Drawing]]:
    found = []
    for year in chain_years(named):
        chain = make_chain(named, year)
        if chain is not None:
            narrow = chain_figure(chain, f"{key}-chain-{year}-n", NARROW)
            wide = chain_figure(chain, f"{key}-chain-{year}", NARROW if paired else WIDE)
            found.append((chain, Drawing(wide, narrow)))
    return found


def _short(named: NamedPlan, year: int) -> list[dict[str, Any]]:
    return [
        {**row, "name": named.commodity(row["commodity"]), "stage": named.stage(row["stage"])}
        for row in records(short_commodities(named.plan, year))
    ]


def _timetable(
    named: NamedPlan, found: list[Bar], name: str, width: float, title: str
) -> Drawing | None:
    return _drawing(partial(timetable_figure, named, found, title), name, width) if found else None


def _portfolio(named: NamedPlan, found: list[Bar]) -> list[dict[str, Any]]:
    """Every project in the order of the chain; ``place`` numbers the stages."""
    order = {key: at for at, key in enumerate(dict.fromkeys(bar.stage for bar in found))}
    rows = {str(row["project"]): row for row in portfolio_rows(named)}
    return [
        {
            **rows[bar.project],
            "place": order[bar.stage],
            "first_of_stage": at == 0 or found[at - 1].stage != bar.stage,
            "facts": project_facts(named, bar.project),
            "public_funders": "; ".join(
                f"{name} {amount:,.0f}" for name, amount in rows[bar.project]["payments"]
            ),
        }
        for at, bar in enumerate(found)
    ]


def _binding(named: NamedPlan) -> list[tuple[str, str]]:
    """Kind of limit, and its object with years and amount."""
    lines = []
    for limit in binding_limits(named.plan):
        years = limit.years
        when = f"{years[0]}" if len(years) == 1 else ""
        if len(years) > 1:
            when = f"{years[0]} to {years[-1]}, {len(years)} years"
        amount, unit = limit.amounts[0]
        if unit == OWN_UNIT:
            unit = named.limit_unit(limit.where)
        parts = (
            named.thing(limit.where) if limit.where not in ("", "programme") else "",
            when,
            _amount(amount, unit) if len(limit.amounts) == 1 else "",
        )
        words = "; ".join(part for part in parts if part)
        lines.append((limit.what[:1].upper() + limit.what[1:], words))
    return lines


def _prices(named: NamedPlan) -> list[dict[str, str]]:
    """The rows of the table of prices; ``*`` marks a dual whose left and right values differ or may
    differ, ``?`` a finite difference whose sign depends on the optimality gap."""
    rows = []
    for row in best_prices(named.plan, PRICES_EACH):
        one_value = blank(row["low"]) or row["low"] == row["high"]
        one_sided = row.get("degenerate") in ("yes", "open") and blank(row["low"])
        mark = " *" if one_sided else " ?" if row.get("undecided") == "yes" else ""
        where = "" if blank(row["where"]) else named.thing(row["where"])
        year = "" if blank(row["when"]) else str(int(row["when"]))
        rows.append(
            {
                "what": str(row["what"]),
                "where": " ".join(part for part in (where, year) if part),
                "kind": str(row["kind"]),
                "value": f"{number(float(row['value']))} {row['unit']}{mark}",
                "range": "" if one_value else f"{number(row['low'])} to {number(row['high'])}",
                "meaning": str(row["meaning"]),
            }
        )
    return rows


def _dropped(named: NamedPlan) -> list[tuple[str, list[str]]]:
    """The names of the dropped projects by reason."""
    names = {} if named.world is None else named.world.projects_by_name
    return [
        (reason, [names[key].name if key in names else key for key in keys])
        for reason, keys in dropped_by_reason(named.plan).items()
    ]


def _amount(amount: float, unit: str) -> str:
    """A limit with its unit.

    >>> _amount(600.0, "USD million"), _amount(1.0, "projects"), _amount(11000.0, "t W")
    ('USD 600 million', '1 project', '11,000 t W')
    """
    if unit == "USD million":
        return f"USD {number(amount)} million"
    return f"{number(amount)} {'project' if amount == 1 and unit == 'projects' else unit}".rstrip()
