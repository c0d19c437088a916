"""What a study gives back: frozen, with tidy tables whose columns are documented, units included,
and a figure."""

from __future__ import annotations

import html
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from paxsilica.errors import InputError
from paxsilica.plan.result import TableDoc
from paxsilica.serialize import json_text, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage


@dataclass(frozen=True)
class Study(ABC):
    """Base of all results of studies.

    Attributes:
        tables: by name; ``docs`` of the class says what each column holds.
        title: what was asked, in a line.
        notes: sentences that a reader should know.
        stopped: whether the study was stopped before its end, so that rows are missing; run it
            again with the same store to go on.
    """

    docs: ClassVar[Mapping[str, TableDoc]] = {}
    main: ClassVar[str] = ""

    tables: Mapping[str, pd.DataFrame] = field(repr=False)
    title: str
    notes: tuple[str, ...]
    stopped: bool

    def table(self, name: str = "") -> pd.DataFrame:
        """A table by name; by default the main one."""
        if (name or self.main) not in self.tables:
            raise KeyError(f"there is no table {name!r}; tables are {', '.join(self.tables)}")
        return self.tables[name or self.main].copy()

    @abstractmethod
    def figure(self) -> Figure:
        """The picture of the study; needs matplotlib."""

    def save(self, folder: Path | str) -> Path:
        """Writes every table as CSV, ``study.json`` (kind, title, notes, meaning of columns) and,
        if matplotlib is there, the figure as SVG."""
        place = Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        for name, table in self.tables.items():
            table.to_csv(
                place / f"{name}.csv", index=False, lineterminator="\n", float_format="%.10g"
            )
        words = {
            "study": type(self).__name__,
            "title": self.title,
            "notes": list(self.notes),
            "stopped": self.stopped,
            "tables": {
                name: {"title": self.docs[name].title, "columns": dict(self.docs[name].columns)}
                for name in self.tables
            },
        }
        (place / "study.json").write_text(json_text(words), encoding="utf-8")
        (place / "figure.svg").unlink(missing_ok=True)
        if self.table().empty:
            return place  # stopped before there was anything to draw
        try:
            figure = self.figure()
        except InputError:
            return place  # without matplotlib the tables are all there is
        figure.savefig(place / "figure.svg", metadata={"Date": None})
        return place

    def result(self) -> dict[str, Any]:
        """Everything in plain data, for JSON; blanks are ``None``."""
        return {
            "study": type(self).__name__,
            "title": self.title,
            "notes": list(self.notes),
            "stopped": self.stopped,
            "tables": plain(self.tables),
        }

    def _repr_html_(self) -> str:
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self.notes)
        table = self.table().to_html(
            index=False, float_format="{:,.4g}".format, na_rep="", max_rows=40
        )
        return f"<p><b>{html.escape(self.title)}</b></p>{notes}{table}"


def frame(doc: TableDoc, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Rows under the columns that the document names."""
    return pd.DataFrame(rows, columns=list(doc.columns))


def axes(width: float = 8.0, height: float = 4.5) -> tuple[Figure, Axes]:
    """A figure with one set of axes, which no later figure is drawn into."""
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        raise InputError(
            "figures need the package matplotlib: pip install 'paxsilica[plots]'"
        ) from None
    figure, ax = plt.subplots(figsize=(width, height), layout="constrained")
    plt.close(figure)  # whoever asked for it shows it; an open figure would be shown a second time
    ax.spines[["top", "right"]].set_visible(False)
    return figure, ax


def with_thousands(axis: Axis) -> None:
    """Writes the numbers along an axis in full, with commas."""
    from matplotlib.ticker import StrMethodFormatter

    axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))


def field_of(
    ax: Axes, values: NDArray[np.float64], colours: str, low: float | None = None
) -> AxesImage:
    """A field of coloured cells with the number in each, legible on dark and on light; blank where
    there is none."""
    picture = ax.imshow(values, cmap=colours, aspect="auto", vmin=low)
    for y, line in enumerate(values):
        for x, value in enumerate(line):
            shade = picture.cmap(picture.norm(value))[:3]
            dark = 0.299 * shade[0] + 0.587 * shade[1] + 0.114 * shade[2] < 0.5
            text = "cannot run" if np.isnan(value) else f"{value:,.0f}"
            ax.text(
                x,
                y,
                text,
                ha="center",
                va="center",
                color="white" if dark and not np.isnan(value) else "black",
            )
    return picture


def stopped_note(stopped: bool) -> tuple[str, ...]:
    """What to tell of a study that did not come to its end."""
    return (
        (
            (
                "Stopped before its end: rows are missing. The same study with the same store goes"
                " on where it stopped."
            ),
        )
        if stopped
        else ()
    )
