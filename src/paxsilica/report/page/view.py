"""Everything that the template shows of one plan, worked out beforehand: the template only places
it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from markupsafe import Markup

from paxsilica.report.facts import OWNER, Facts, records
from paxsilica.report.page import answer, doubts
from paxsilica.report.page.chain import NARROW, WIDE, Chain, chain_figure, chain_years, make_chain
from paxsilica.report.page.coverage import Step, coverage_steps, short_commodities, step_figure
from paxsilica.report.page.payments import cash, cash_figure, purses
from paxsilica.report.page.timetable import Bar, bars, by_stage, largest, timetable_figure
from paxsilica.report.page.world_map import Spot, map_figure, spots
from paxsilica.report.wording import gap_sentence, objective_sentence, status_sentence
from paxsilica.serialize import leaves

MEDIUM = 560.0
FULL = 1120.0
PHONE = 352.0
LEFT_OUT = " was left out: "


@dataclass(frozen=True)
class Drawing:
    """A figure for a wide and for a narrow screen; the page shows the one that fits."""

    wide: Markup
    narrow: Markup


@dataclass(frozen=True)
class Side:
    """One plan on the page; ``key`` keeps the names of its figures apart from those of the other
    plan."""

    facts: Facts
    key: str
    label: str
    paired: bool

    @property
    def plan(self) -> Any:
        """The plan."""
        return self.facts.plan

    @property
    def width(self) -> float:
        """Width of a figure on a wide screen."""
        return MEDIUM if self.paired else FULL

    @cached_property
    def sentences(self) -> list[str]:
        """The answer."""
        return answer.sentences(self.facts)

    @cached_property
    def cards(self) -> list[answer.Card]:
        """The figures to remember."""
        return answer.cards(self.facts)

    @cached_property
    def chains(self) -> list[tuple[Chain, Drawing]]:
        """The chain in some years."""
        found = []
        for year in chain_years(self.facts):
            chain = make_chain(self.facts, year)
            if chain is not None:
                narrow = chain_figure(chain, f"{self.key}-chain-{year}-n", NARROW)
                wide = chain_figure(
                    chain, f"{self.key}-chain-{year}", NARROW if self.paired else WIDE
                )
                found.append((chain, Drawing(wide, narrow)))
        return found

    @property
    def has_chain(self) -> bool:
        """Whether there is a chain to show, or a reason to say why it cannot be shown."""
        return bool(self.chains) or bool(self.facts.missing)

    @cached_property
    def shown_chain(self) -> int:
        """Which of the chains is shown first: the third of four years, when most of the plan
        runs."""
        return max(len(self.chains) - 2, 0)

    @cached_property
    def steps(self) -> list[Step]:
        """Coverage by step."""
        return coverage_steps(self.facts.plan)

    @cached_property
    def step_figures(self) -> list[tuple[Step, Markup]]:
        """A small chart for each step."""
        return [
            (step, step_figure(step, f"{self.key}-step-{at}")) for at, step in enumerate(self.steps)
        ]

    @cached_property
    def short(self) -> list[dict[str, Any]]:
        """Commodities that fall short in the last year."""
        if not self.steps:
            return []
        frame = short_commodities(self.facts.plan, self.steps[0].last.year)
        return [
            {
                **row,
                "name": self.facts.commodity(row["commodity"]),
                "step": self.facts.stage(row["stage"]),
            }
            for row in records(frame)
        ]

    @cached_property
    def map(self) -> Drawing | None:
        """Where the projects are."""
        wide = map_figure(self.facts, f"{self.key}-map", self.width, labels=True)
        narrow = map_figure(self.facts, f"{self.key}-map-n", PHONE, labels=False)
        return None if wide is None or narrow is None else Drawing(wide, narrow)

    @cached_property
    def spots(self) -> list[Spot]:
        """The regions on the map."""
        return spots(self.facts)

    @cached_property
    def regions(self) -> list[dict[str, Any]]:
        """Projects and money by region, the most capital first."""
        portfolio = self.facts.plan.portfolio
        rows = []
        for region, part in portfolio.groupby("region"):
            stages = part.groupby("stage")["capex_usd_m"].sum().sort_values(ascending=False)
            rows.append(
                {
                    "region": str(region),
                    "name": self.facts.region(region),
                    "projects": len(part),
                    "capital": float(part["capex_usd_m"].sum()),
                    "public": float(part["public_usd_m"].sum()),
                    "steps": ", ".join(self.facts.stage(key) for key in stages.index[:3]),
                }
            )
        return sorted(rows, key=lambda row: (-float(str(row["capital"])), str(row["name"])))

    @cached_property
    def bars(self) -> list[Bar]:
        """The projects in time."""
        return bars(self.facts)

    @cached_property
    def largest(self) -> list[Bar]:
        """The largest of them."""
        return largest(self.bars)

    @cached_property
    def timetable(self) -> Drawing | None:
        """The largest projects in time."""
        return (
            None
            if not self.bars
            else self._timetable(self.largest, f"{self.key}-time", "The largest projects in time")
        )

    @cached_property
    def timetables(self) -> list[tuple[str, list[Bar], Drawing]]:
        """All projects in time, by step."""
        return [
            (
                name,
                found,
                self._timetable(found, f"{self.key}-time-{at}", f"Projects in time: {name}"),
            )
            for at, (name, found) in enumerate(by_stage(self.facts, self.bars))
        ]

    def _timetable(self, found: list[Bar], name: str, title: str) -> Drawing:
        narrow = timetable_figure(self.facts, found, f"{name}-n", title, PHONE)
        return Drawing(timetable_figure(self.facts, found, name, title, self.width), narrow)

    @cached_property
    def portfolio(self) -> list[dict[str, Any]]:
        """Every project, in the order of the chain."""
        order = {key: at for at, key in enumerate(dict.fromkeys(bar.stage for bar in self.bars))}
        rows = {str(row["project"]): row for row in records(self.facts.plan.portfolio)}
        return [
            {
                **rows[bar.project],
                "place": order[bar.stage],
                "step": self.facts.stage(bar.stage),
                "host": self.facts.region(bar.region),
                "status": self.facts.status(rows[bar.project]["status"]),
                "payers": self._payers(rows[bar.project]["who_pays"]),
            }
            for bar in self.bars
        ]

    def _payers(self, words: object) -> str:
        """``who_pays`` with names in the place of keys, without the owner, who has a column of its
        own."""
        if not isinstance(words, str) or not words:
            return ""
        pairs = [part.rpartition(" ") for part in words.split("; ")]
        return "; ".join(
            f"{self.facts.funder(name)} {amount}" for name, _, amount in pairs if name != OWNER
        )

    @cached_property
    def cash(self) -> Drawing | None:
        """Payments by year."""
        wide = cash_figure(self.facts, f"{self.key}-cash", self.width if self.paired else 760.0)
        narrow = cash_figure(self.facts, f"{self.key}-cash-n", PHONE)
        return None if wide is None or narrow is None else Drawing(wide, narrow)

    @cached_property
    def cash_years(self) -> list[int]:
        """Years in which anybody pays."""
        return [int(year) for year in cash(self.facts).columns]

    @cached_property
    def cash_rows(self) -> list[tuple[str, list[float], float]]:
        """Payments of each payer by year, and in all."""
        frame = cash(self.facts)
        return [
            (self.facts.funder(name), [float(value) for value in row], float(row.sum()))
            for name, row in frame.iterrows()
        ]

    @cached_property
    def cash_totals(self) -> list[float]:
        """Payments of all by year."""
        frame = cash(self.facts)
        return [float(frame[year].sum()) for year in frame.columns]

    @cached_property
    def purses(self) -> list[dict[str, Any]]:
        """What each funder can pay and does."""
        return purses(self.facts)

    @cached_property
    def costs(self) -> list[dict[str, Any]]:
        """Cost terms that are not nought."""
        return [row for row in records(self.facts.plan.costs) if abs(row["usd_m"]) > 0.05]

    @cached_property
    def binding(self) -> list[tuple[str, str]]:
        """What binds."""
        return doubts.binding_lines(self.facts)

    @cached_property
    def prices(self) -> list[dict[str, str]]:
        """What prices say."""
        return doubts.price_rows(self.facts)

    @cached_property
    def statuses(self) -> list[dict[str, Any]]:
        """The portfolio by status."""
        return doubts.status_rows(self.facts)

    @cached_property
    def grades(self) -> list[dict[str, Any]]:
        """Capital by the grade of its figure."""
        return doubts.grade_rows(self.facts)

    @cached_property
    def capital_range(self) -> doubts.Range | None:
        """Capital at its low and high."""
        return doubts.capital_range(self.facts)

    @cached_property
    def sources(self) -> Sequence[tuple[Any, int]]:
        """Documents behind the projects."""
        return doubts.project_sources(self.facts)

    @cached_property
    def notes(self) -> list[str]:
        """Notes of the plan, those on what was left out drawn together by reason."""
        lines = [note for note in self.facts.plan.notes if LEFT_OUT not in note]
        reasons: dict[str, list[str]] = {}
        for note in self.facts.plan.notes:
            if LEFT_OUT in note:
                name, _, reason = note.partition(LEFT_OUT)
                reasons.setdefault(reason.rstrip("."), []).append(self._project_name(name))
        return lines + [
            f"Left out because {reason}: {answer.listed(names)}."
            for reason, names in reasons.items()
        ]

    def _project_name(self, key: str) -> str:
        row = None if self.facts.world is None else self.facts.world.projects_by_name.get(key)
        return key if row is None else row.name

    @cached_property
    def proof(self) -> list[tuple[str, str]]:
        """Status, objective, bound and gap."""
        plan = self.facts.plan
        rows = [
            ("Status", f"{plan.status.replace('_', ' ')}. {status_sentence(plan)}"),
            ("Objective", objective_sentence(plan)),
        ]
        if plan.bound is not None:
            rows.append(
                ("Bound", f"USD {plan.bound:,.0f} million: no plan can be better than this")
            )
        if plan.objective is not None:
            rows.append(("Gap", gap_sentence(plan)))
        return rows

    @cached_property
    def made_from(self) -> list[tuple[str, str]]:
        """The manifest, its leaves under dotted names."""
        return [(name, str(value)) for name, value in leaves(self.facts.plan.manifest)]

    @property
    def trusted(self) -> str:
        """Who is trusted."""
        return answer.trusted_words(self.facts)

    @property
    def measure(self) -> str:
        """What best means."""
        return answer.measure(self.facts)
