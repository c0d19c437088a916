"""Results of studies: frozen, with tidy tables, documented columns with units, and a figure."""

from __future__ import annotations

import html
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from paxsilica import output_tables as doc
from paxsilica.atomic import new_folder, writing
from paxsilica.errors import InputError
from paxsilica.output_tables import Column, TableDoc
from paxsilica.plan.result import table_text
from paxsilica.serialize import json_text, plain, safe_table
from paxsilica.studies.parallel import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure as Figure
    from matplotlib.image import AxesImage
else:
    Figure = Any


@dataclass(frozen=True, repr=False)
class Study(ABC):
    """Base of all results of studies.

    Attributes:
        docs: title of each table, with type, unit and meaning of its columns.
        main: the table that is shown first.
        blank_columns_shown: whether the screen shows columns without any value.
        tables: by name.
        title: the question in a line.
        notes: remarks on the result.
        stopped: whether the study was stopped before its end, so that rows are missing; the same
            study with the same store continues it.
    """

    docs: ClassVar[Mapping[str, TableDoc]] = {}
    main: ClassVar[str] = ""
    blank_columns_shown: ClassVar[bool] = False

    tables: Mapping[str, pd.DataFrame]
    title: str
    notes: tuple[str, ...]
    stopped: bool

    @classmethod
    def of(
        cls,
        rows: Mapping[str, pd.DataFrame | Sequence[Mapping[str, Any]]],
        title: str,
        stopped: bool,
        notes: Sequence[str] = (),
        **more: Any,
    ) -> Self:
        """The result; rows are put under the documented columns of their table."""
        tables = {
            name: part if isinstance(part, pd.DataFrame) else cls.frame(name, part)
            for name, part in rows.items()
        }
        return cls(tables, title, (*notes, *([STOPPED] if stopped else [])), stopped, **more)

    @classmethod
    def frame(cls, name: str, rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
        """Rows under the documented columns of a table."""
        return pd.DataFrame(rows, columns=list(cls.docs[name].columns))

    def table(self, name: str = "") -> pd.DataFrame:
        """A table by name; by default the main one."""
        if (name or self.main) not in self.tables:
            raise KeyError(f"there is no table {name!r}; tables are {', '.join(self.tables)}")
        return self.tables[name or self.main].copy()

    def heading(self, column: str) -> str:
        """The head of a column on the screen."""
        return column.replace("_usd_m", ", USD m").replace("_", " ")

    @abstractmethod
    def figure(self) -> Figure:
        """The figure of the study; needs matplotlib."""

    def save(self, folder: Path | str) -> Path:
        """Writes every table (CSV), ``study.json`` and, with matplotlib, the figure (SVG); all or
        nothing."""
        place = Path(folder)
        with new_folder(place, "study.json") as draft:
            self._write(draft)
            old = place / "figure.svg"
            if not (draft / old.name).exists():
                old.unlink(missing_ok=True)
        return place

    def _write(self, place: Path) -> None:
        for name, table in self.tables.items():
            path = place / f"{name}.csv"
            with writing(path):
                path.write_text(table_text(safe_table(table)), encoding="utf-8", newline="")
        docs = {
            name: {
                "title": self.docs[name].title,
                "columns": dict(self.docs[name].columns),
                "types": {key: one.dtype for key, one in self.docs[name].schema.items()},
                "units": {key: one.unit for key, one in self.docs[name].schema.items()},
            }
            for name in self.tables
        }
        words = self.result() | {"tables": docs}
        with writing(place / "study.json"):
            (place / "study.json").write_text(json_text(words), encoding="utf-8")
        if self.table().empty:
            return  # nothing to draw yet
        try:
            figure = self.figure()
        except InputError:
            return  # without matplotlib
        with writing(place / "figure.svg"):
            figure.savefig(place / "figure.svg", metadata={"Date": None})

    def result(self) -> dict[str, Any]:
        """Everything in plain data, for JSON; blanks are ``None``."""
        return {
            "study": type(self).__name__,
            "title": self.title,
            "notes": list(self.notes),
            "stopped": self.stopped,
            "tables": plain(self.tables),
        }

    def __repr__(self) -> str:
        rows = ", ".join(f"{name} ({len(table)} rows)" for name, table in self.tables.items())
        stopped = "; stopped before its end" if self.stopped else ""
        return f"<{type(self).__name__} {self.title!r}: {rows}{stopped}>"

    def _repr_html_(self) -> str:
        head = f"<p><b>{html.escape(self.title)}</b></p>"
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self.notes)
        style: dict[str, Any] = {"float_format": "{:,.4g}".format, "na_rep": "", "max_rows": 40}
        return f"{head}{notes}{self.table().to_html(index=False, **style)}"


STOPPED = (
    "Stopped before its end: rows are missing. The same study with the same store continues it."
)

OUTCOME: Mapping[str, Column] = {
    "objective_usd_m": doc.money("objective"),
    "bound_usd_m": doc.money("bound on it"),
    "cost_usd_m": doc.money("all cost"),
    "shortfall_usd_m": doc.money("missing coverage at its price"),
    "public_capital_usd_m": doc.money("capital that funders pay"),
    "projects": doc.count("number of projects"),
}
"""Columns that describe the plan of a solve."""


def outcome(result: Result) -> dict[str, Any]:
    """The columns of :data:`OUTCOME`; ``None`` where there is no plan."""
    found = {column: result.get(column.removesuffix("_usd_m")) for column in OUTCOME}
    return found | {"projects": len(result["decision"]) if "decision" in result else None}


def differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, str]:
    """Projects that only the second decision has (``joined``) or only the first (``left``)."""
    return {
        "joined": "; ".join(sorted(set(second) - set(first))),
        "left": "; ".join(sorted(set(first) - set(second))),
    }


def axes(width: float = 8.0, height: float = 4.5) -> tuple[Figure, Axes]:
    """A figure with one set of axes, closed to later plots."""
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        words = "figures need the package matplotlib: pip install 'paxsilica[plots]'"
        raise InputError(words) from None
    figure, ax = plt.subplots(figsize=(width, height), layout="constrained")
    plt.close(figure)  # the caller shows it; an open figure would be shown twice
    ax.spines[["top", "right"]].set_visible(False)
    return figure, ax


def with_thousands(axis: Axis) -> None:
    """Formats the numbers along an axis with commas."""
    from matplotlib.ticker import StrMethodFormatter

    axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))


def with_whole_years(axis: Axis) -> None:
    """Puts the marks of an axis at whole years."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(integer=True))


def field_of(
    ax: Axes, values: NDArray[np.float64], colours: str, low: float | None = None
) -> AxesImage:
    """A heat map with the number in each cell, in white on dark cells; NaN: cannot run."""
    picture = ax.imshow(values, cmap=colours, aspect="auto", vmin=low)
    for y, line in enumerate(values):
        for x, value in enumerate(line):
            shade = picture.cmap(picture.norm(value))[:3]
            dark = 0.299 * shade[0] + 0.587 * shade[1] + 0.114 * shade[2] < 0.5
            text = "cannot run" if np.isnan(value) else f"{value:,.0f}"
            colour = "white" if dark and not np.isnan(value) else "black"
            ax.text(x, y, text, ha="center", va="center", color=colour)
    return picture
