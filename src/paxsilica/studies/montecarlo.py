"""Which projects are chosen however the numbers turn out, and how cost is distributed: many samples
of the data's own ranges.

Samples are scrambled Sobol points (quasi-random: they fill the ranges evenly), fixed by the seed.
The first hundred of two hundred samples are the hundred samples of a smaller study, so a study can
be made longer without losing anything. Confidence intervals are those of independent samples; Sobol
points mostly do better than that.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from scipy.stats import qmc, rankdata

from paxsilica.api import Question
from paxsilica.case import Case
from paxsilica.errors import InputError, Problem
from paxsilica.plan.result import Plan, TableDoc
from paxsilica.studies.parallel import Packed, Result, Runner, task
from paxsilica.studies.parameters import Parameter, Range, Shape, find_ranges, moved
from paxsilica.studies.results import Study, axes, frame, stopped_note, with_thousands
from paxsilica.studies.sensitivity import from_plain, plain, ranged, solve_or_run
from paxsilica.studies.tasks import decision_in
from paxsilica.tables import Tables

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NORMAL_95 = 1.959963984540054
"""Quantile of the normal distribution for intervals that hold the truth in 95 of 100 studies."""


@dataclass(frozen=True)
class MonteCarlo(Study):
    """What many samples tell. ``figure`` draws the distribution of cost and the projects by how
    often they are chosen."""

    main: ClassVar[str] = "projects"
    docs: ClassVar[Mapping[str, TableDoc]] = {
        "projects": TableDoc(
            "How often each project is chosen",
            {
                "project": "project",
                "chosen": "samples in which it is in the best plan",
                "samples": "samples that have a plan",
                "share": "share of samples in which it is chosen",
                "share_low": "lower end of the 95 % confidence interval of the share (Wilson)",
                "share_high": "upper end",
                "mean_year": "mean year of commitment where chosen",
                "mean_size": "mean size where chosen, in units of the project",
            },
        ),
        "distribution": TableDoc(
            "How cost and shortfall are distributed",
            {
                "quantity": "what",
                "unit": "its unit",
                "mean": "mean of the samples",
                "mean_low": "lower end of the 95 % confidence interval of the mean",
                "mean_high": "upper end",
                "deviation": "standard deviation",
                "p05": "value that 5 % of samples stay below",
                "p50": "median",
                "p95": "value that 95 % of samples stay below",
            },
        ),
        "drivers": TableDoc(
            "Which numbers go with a high cost",
            {
                "parameter": "group of numbers that move together",
                "rank_correlation": "Spearman's, between the draw and all cost",
            },
        ),
        "samples": TableDoc(
            "Every sample",
            {
                "sample": "number of the sample, from 0",
                "status": (
                    "of the search; fixed plans: of the linear program; error: the numbers make no"
                    " problem"
                ),
                "objective_usd_m": "objective, USD million",
                "bound_usd_m": "bound on it, USD million",
                "cost_usd_m": "all cost, USD million",
                "shortfall_usd_m": "missing coverage at its price, USD million",
                "public_capital_usd_m": "capital that funders pay, USD million",
                "projects": "number of projects",
            },
        ),
    }

    def figure(self) -> Figure:
        """Distribution of all cost over the samples."""
        table = self.table("samples").dropna(subset=["cost_usd_m"])
        figure, ax = axes()
        costs = np.sort(table["cost_usd_m"].to_numpy(dtype=float))
        ax.step(
            costs, np.arange(1, len(costs) + 1) / max(1, len(costs)), where="post", color="#3b6fb6"
        )
        ax.set_xlabel("all cost, USD million")
        with_thousands(ax.xaxis)
        ax.set_ylabel("share of samples at or below")
        ax.set_ylim(0.0, 1.02)
        return figure

    def figure_of_projects(self, most: int = 40) -> Figure:
        """How often projects are chosen, with confidence intervals; those chosen in some samples
        only come first."""
        table = self.table("projects")
        table = (
            table.iloc[(table["share"] - 0.5).abs().argsort(kind="stable")]
            .head(most)
            .sort_values("share")
        )
        figure, ax = axes(8.0, 1.0 + 0.22 * len(table))
        ax.hlines(
            table["project"], table["share_low"], table["share_high"], color="#9ab4d8", linewidth=3
        )
        ax.plot(table["share"], table["project"], "o", color="#3b6fb6", markersize=4)
        ax.set_xlim(-0.02, 1.02)
        ax.set_xlabel(
            "share of samples in which the project is chosen, with its 95 % confidence interval"
        )
        return figure


def wilson(chosen: int, samples: int) -> tuple[float, float]:
    """The 95 % confidence interval of a share, after Wilson: it stays within 0 and 1 and means
    something at the ends too.

    >>> [round(end, 3) for end in wilson(10, 10)]
    [0.722, 1.0]
    """
    if samples == 0:
        return 0.0, 1.0
    share, z2 = chosen / samples, NORMAL_95**2
    middle = (share + z2 / (2 * samples)) / (1 + z2 / samples)
    half = (
        NORMAL_95
        / (1 + z2 / samples)
        * math.sqrt(share * (1 - share) / samples + z2 / (4 * samples**2))
    )
    return max(0.0, middle - half), min(1.0, middle + half)


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
    """Numbers with their drawn values, and the draw of each parameter (where its numbers move
    together)."""
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
    """Work: one sample, solved anew or with the projects of ``decision``."""
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
    workers: int | None = None,
    store: Path | str | None = None,
    cluster: str | None = None,
    progress: bool | None = None,
) -> MonteCarlo:
    """Solves the question for many draws of its uncertain numbers.

    Args:
        question: the base.
        samples: how many; powers of two fill the ranges most evenly.
        parameters: groups of numbers; by default the usual ones (see
            :data:`~paxsilica.studies.parameters.GROUPS`).
        shape: ``triangular``, with its peak at the number of the data, or ``uniform``.
        apart: whether each row of a group is drawn for itself; else a group moves together, which
            spreads cost more widely.
        seed: fixes the draws.
        plan: if given, its projects are kept and only operation is chosen anew: how a plan fares,
            not which plan is best.
        workers, store, cluster, progress: see :class:`~paxsilica.studies.parallel.Runner`.
    """
    if samples < 1:
        raise InputError([Problem("samples", "", "", str(samples), "should be at least 1")])
    groups = ranged(question, parameters)
    packed = Packed.of(question.tables)
    more: dict[str, Any] = {} if plan is None else {"decision": decision_in(plan)}
    jobs = [
        task(
            solve_sample,
            packed,
            question.case,
            parameters=[plain(parameter) for parameter in groups],
            apart=apart,
            shape=shape,
            seed=seed,
            sample=sample,
            **more,
        )
        for sample in range(samples)
    ]
    with Runner(workers, store, cluster, progress) as runner:
        found = runner.run(jobs, "samples")
    done = [(at, result) for at, result in enumerate(found) if result is not None]
    planned = [result for _, result in done if "decision" in result]
    tables = {
        "projects": _projects(question, planned),
        "distribution": _distribution(planned),
        "drivers": _drivers(groups, planned),
        "samples": _samples(done),
    }
    title = f"{len(done)} samples, {shape}: {question.case.title or question.case.name}"
    notes = stopped_note(runner.stopped)
    if len(planned) < len(done):
        notes += (
            (
                f"{len(done) - len(planned)} of {len(done)} samples have no plan; shares and"
                " distributions are of the others."
            ),
        )
    return MonteCarlo(tables, title, notes, runner.stopped)


def _projects(question: Question, planned: Sequence[Result]) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for name in sorted(row.project for row in question.tables.projects):
        taken = [result["decision"][name] for result in planned if name in result["decision"]]
        low, high = wilson(len(taken), len(planned))
        rows.append(
            {
                "project": name,
                "chosen": len(taken),
                "samples": len(planned),
                "share": len(taken) / len(planned) if planned else math.nan,
                "share_low": low,
                "share_high": high,
                "mean_year": float(np.mean([year for year, _ in taken])) if taken else math.nan,
                "mean_size": float(np.mean([size for _, size in taken])) if taken else math.nan,
            }
        )
    rows.sort(key=lambda row: (-row["chosen"], row["project"]))
    return frame(MonteCarlo.docs["projects"], rows)


def _distribution(planned: Sequence[Result]) -> pd.DataFrame:
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
            p05, p50, p95 = np.quantile(values, [0.05, 0.5, 0.95]).tolist()
            mean = float(values.mean())
            cells = (quantity, "USD million", mean, mean - half, mean + half, spread, p05, p50, p95)
            rows.append(dict(zip(MonteCarlo.docs["distribution"].columns, cells, strict=True)))
    return frame(MonteCarlo.docs["distribution"], rows)


def _drivers(groups: Sequence[Parameter], planned: Sequence[Result]) -> pd.DataFrame:
    draws = np.array([result["draws"] for result in planned], dtype=float)
    rows: list[dict[str, Any]] = []
    if len(planned) > 2 and draws.size:
        cost = rankdata([result["cost"] for result in planned])
        for at, parameter in enumerate(groups):
            rows.append(
                {
                    "parameter": parameter.name,
                    "rank_correlation": float(np.corrcoef(rankdata(draws[:, at]), cost)[0, 1]),
                }
            )
        rows.sort(key=lambda row: -abs(row["rank_correlation"]))
    return frame(MonteCarlo.docs["drivers"], rows)


def _samples(done: Sequence[tuple[int, Result]]) -> pd.DataFrame:
    rows = [
        {
            "sample": at,
            "status": result["status"],
            "objective_usd_m": result["objective"],
            "bound_usd_m": result["bound"],
            "cost_usd_m": result.get("cost"),
            "shortfall_usd_m": result.get("shortfall"),
            "public_capital_usd_m": result.get("public_capital"),
            "projects": len(result["decision"]) if "decision" in result else None,
        }
        for at, result in done
    ]
    return frame(MonteCarlo.docs["samples"], rows)
