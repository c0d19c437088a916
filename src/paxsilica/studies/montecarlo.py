"""How often each project is chosen and how cost is distributed, over many samples of the ranges in
the data.

Samples are scrambled Sobol points (quasi-random, evenly distributed), fixed by the seed. The first
hundred of two hundred samples are the samples of a study of one hundred, so a study can be
extended. Confidence intervals are those of independent samples; Sobol points are mostly better.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, Unpack

import numpy as np
from scipy.stats import binomtest, qmc, rankdata

from paxsilica import output_tables as doc
from paxsilica.api import Question
from paxsilica.case import Case
from paxsilica.errors import InputError, Problem
from paxsilica.output_tables import TableDoc
from paxsilica.plan.result import Plan
from paxsilica.studies.parallel import Packed, Result, Runner, RunOptions, task
from paxsilica.studies.parameters import Parameter, Range, Shape, find_ranges, moved
from paxsilica.studies.results import OUTCOME, Figure, Study, axes, outcome, with_thousands
from paxsilica.studies.sensitivity import from_plain, plain, ranged, solve_or_run
from paxsilica.studies.tasks import decision_in
from paxsilica.tables import Tables

Rows = list[dict[str, Any]]

NORMAL_95 = 1.959963984540054
"""Quantile of the normal distribution for 95 % confidence intervals."""


@dataclass(frozen=True, repr=False)
class MonteCarlo(Study):
    """Result of many samples. ``figure`` draws the distribution of cost."""

    main: ClassVar[str] = "projects"
    docs: ClassVar[Mapping[str, TableDoc]] = {
        "projects": doc.table(
            "How often each project is chosen",
            project=doc.text("project"),
            chosen=doc.count("samples in which it is in the best plan"),
            samples=doc.count("samples that have a plan"),
            share=doc.share("samples in which it is chosen over samples that have a plan"),
            share_low=doc.share("lower end of the 95 % confidence interval of the share (Wilson)"),
            share_high=doc.share("upper end"),
            mean_year=doc.number("mean year of commitment where chosen", doc.CALENDAR_YEAR),
            mean_size=doc.number("mean size where chosen", doc.PROJECT_UNIT),
        ),
        "distribution": doc.table(
            "How cost and shortfall are distributed",
            quantity=doc.text("what"),
            unit=doc.text("its unit"),
            mean=doc.amount("mean of the samples"),
            mean_low=doc.amount("lower end of the 95 % confidence interval of the mean"),
            mean_high=doc.amount("upper end"),
            deviation=doc.amount("standard deviation"),
            p05=doc.amount("5 % quantile"),
            p50=doc.amount("median"),
            p95=doc.amount("95 % quantile"),
        ),
        "drivers": doc.table(
            "Which numbers correlate with cost",
            parameter=doc.text("group of numbers that change together"),
            rank_correlation=doc.number(
                "Spearman's rank correlation between the draw and all cost", doc.DIMENSIONLESS
            ),
        ),
        "samples": doc.table(
            "Every sample",
            sample=doc.count("number of the sample, from 0"),
            status=doc.text("of the search or, fixed plans, the LP; error: no valid problem"),
            **OUTCOME,
        ),
    }

    def figure(self) -> Figure:
        """Distribution of all cost over the samples."""
        table = self.table("samples").dropna(subset=["cost_usd_m"])
        figure, ax = axes()
        costs = np.sort(table["cost_usd_m"].to_numpy(dtype=float))
        shares = np.arange(1, len(costs) + 1) / max(1, len(costs))
        ax.step(costs, shares, where="post", color="#3b6fb6")
        ax.set_xlabel("all cost, USD million")
        with_thousands(ax.xaxis)
        ax.set_ylabel("share of samples at or below")
        ax.set_ylim(0.0, 1.02)
        return figure

    def figure_of_projects(self, most: int = 40) -> Figure:
        """How often projects are chosen; those chosen in some samples only come first."""
        table = self.table("projects")
        order = (table["share"] - 0.5).abs().argsort(kind="stable")
        table = table.iloc[order].head(most).sort_values("share")
        figure, ax = axes(8.0, 1.0 + 0.22 * len(table))
        ends = table["share_low"], table["share_high"]
        ax.hlines(table["project"], *ends, color="#9ab4d8", linewidth=3)
        ax.plot(table["share"], table["project"], "o", color="#3b6fb6", markersize=4)
        ax.set_xlim(-0.02, 1.02)
        ax.set_xlabel("share of samples in which it is chosen, with its 95 % confidence interval")
        return figure


def wilson(chosen: int, samples: int) -> tuple[float, float]:
    """The Wilson 95 % confidence interval of a share, which stays within 0 and 1.

    >>> [round(end, 3) for end in wilson(10, 10)]
    [0.722, 1.0]
    """
    if samples == 0:
        return 0.0, 1.0
    ends = binomtest(chosen, samples).proportion_ci(0.95, "wilson")
    return float(ends.low), float(ends.high)


@lru_cache(maxsize=4)
def _engine_state(dimensions: int, seed: int) -> qmc.Sobol:
    return qmc.Sobol(dimensions, scramble=True, rng=np.random.default_rng(seed))


def sobol_point(dimensions: int, seed: int, sample: int) -> list[float]:
    """One point of the scrambled Sobol sequence of ``seed``, each coordinate between 0 and 1."""
    engine = _engine_state(dimensions, seed)
    engine.reset()
    if sample:
        engine.fast_forward(sample)
    return [float(share) for share in engine.random(1)[0]]


def _draws(
    tables: Tables, arguments: Mapping[str, Any]
) -> tuple[list[tuple[Range, float]], list[float]]:
    """Numbers with their drawn values, and the draw of each parameter unless ``apart``."""
    groups = [find_ranges(tables, from_plain(data)) for data in arguments["parameters"]]
    if arguments["apart"]:
        rows = sorted({(at, one.row) for at, group in enumerate(groups) for one in group})
    else:
        rows = [(at, "") for at in range(len(groups))]
    place = {row: dimension for dimension, row in enumerate(rows)}
    shares = sobol_point(len(rows), arguments["seed"], arguments["sample"])
    numbers = {
        (one.table, one.row, one.column, one.year): (
            one,
            one.draw(shares[place[at, one.row if arguments["apart"] else ""]], arguments["shape"]),
        )
        for at, group in enumerate(groups)
        for one in group
    }
    return list(numbers.values()), [] if arguments["apart"] else shares


def solve_sample(tables: Tables, case: Case, arguments: Mapping[str, Any]) -> Result:
    """Work: one sample, solved, or run with the projects of ``decision``."""
    numbers, shares = _draws(tables, arguments)
    return solve_or_run(moved(tables, numbers), case, arguments) | {"draws": shares}


def montecarlo(
    question: Question,
    samples: int = 64,
    *,
    parameters: Iterable[Parameter | str] | None = None,
    shape: Shape = "triangular",
    apart: bool = False,
    seed: int = 0,
    plan: Plan | None = None,
    **run: Unpack[RunOptions],
) -> MonteCarlo:
    """Solves the question for many draws of its uncertain numbers.

    Args:
        question: the base.
        samples: how many; powers of two fill the ranges most evenly.
        parameters: groups of numbers; by default
            :data:`~paxsilica.studies.parameters.GROUPS`.
        shape: ``triangular``, with its mode at the number of the data, or ``uniform``.
        apart: whether each row of a group is drawn independently; else the numbers of a group
            change together, which spreads cost more widely.
        seed: fixes the draws.
        plan: if given, its projects are fixed and only operation is optimised: how this plan
            performs, not which plan is best.
        run: ``workers``, ``store``, ``cluster``, ``progress``: see
            :class:`~paxsilica.studies.parallel.Runner`.
    """
    if samples < 1:
        raise InputError([Problem("samples", "", "", str(samples), "should be at least 1")])
    groups = ranged(question, parameters)
    packed = Packed.of(question.tables)
    shared: dict[str, Any] = {
        "parameters": [plain(parameter) for parameter in groups],
        "apart": apart,
        "shape": shape,
        "seed": seed,
    }
    if plan is not None:
        shared["decision"] = decision_in(plan)
    case = question.case
    jobs = [task(solve_sample, packed, case, sample=at, **shared) for at in range(samples)]
    with Runner(**run) as runner:
        found = runner.run(jobs, "samples")
    done = [(at, result) for at, result in enumerate(found) if result is not None]
    planned = [result for _, result in done if "decision" in result]
    without = len(done) - len(planned)
    tables = {
        "projects": _projects(question, planned),
        "distribution": _distribution(planned),
        "drivers": _drivers(groups, planned),
        "samples": [{"sample": at, "status": one["status"]} | outcome(one) for at, one in done],
    }
    title = f"{len(done)} samples, {shape}: {question.case.title or question.case.name}"
    note = f"{without} of {len(done)} samples have no plan; shares are of the others."
    return MonteCarlo.of(tables, title, runner.stopped, [note] if without else [])


def _projects(question: Question, planned: Sequence[Result]) -> Rows:
    rows: Rows = []
    for name in sorted(row.project for row in question.tables.projects):
        taken = [result["decision"][name] for result in planned if name in result["decision"]]
        low, high = wilson(len(taken), len(planned))
        years, sizes = zip(*taken, strict=True) if taken else ((math.nan,), (math.nan,))
        rows.append(
            {
                "project": name,
                "chosen": len(taken),
                "samples": len(planned),
                "share": len(taken) / len(planned) if planned else math.nan,
                "share_low": low,
                "share_high": high,
                "mean_year": float(np.mean(years)),
                "mean_size": float(np.mean(sizes)),
            }
        )
    return sorted(rows, key=lambda row: (-row["chosen"], row["project"]))


def _distribution(planned: Sequence[Result]) -> Rows:
    rows = []
    for quantity, key in (
        ("all cost", "cost"),
        ("missing coverage at its price", "shortfall"),
        ("capital that funders pay", "public_capital"),
        ("capital of all projects", "capital"),
    ):
        values = np.array([result[key] for result in planned], dtype=float)
        if len(values):
            spread = float(values.std(ddof=1)) if len(values) > 1 else math.nan
            half = NORMAL_95 * spread / math.sqrt(len(values))
            quantiles = np.quantile(values, [0.05, 0.5, 0.95]).tolist()
            mean = float(values.mean())
            cells = (quantity, "USD million", mean, mean - half, mean + half, spread, *quantiles)
            rows.append(dict(zip(MonteCarlo.docs["distribution"].columns, cells, strict=True)))
    return rows


def _drivers(groups: Sequence[Parameter], planned: Sequence[Result]) -> Rows:
    draws = np.array([result["draws"] for result in planned], dtype=float)
    if len(planned) <= 2 or not draws.size:
        return []
    cost = rankdata([result["cost"] for result in planned])
    values = [float(np.corrcoef(rankdata(draw), cost)[0, 1]) for draw in draws.T]
    found = sorted(zip(groups, values, strict=True), key=lambda one: -abs(one[1]))
    return [{"parameter": one.name, "rank_correlation": value} for one, value in found]
