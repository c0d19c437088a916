"""Methods of a plan that write and draw it.

The reports are above this module, so their code is imported when a method is called, by name. This
is the only module that reaches up (see ``tests/repo/test_layers.py``), so that a user finds the
outputs where the result is.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Figure

    from paxsilica.tables import Tables
else:
    Figure = Tables = Any

HOME = "paxsilica.report.plan_outputs"
"""Module with a function for each method."""


class _Writer(Protocol):
    def __call__(self, plan: Any, path: Path, data: Tables | Path | str | None) -> Path: ...


class _Chart(Protocol):
    def __call__(self, plan: Any, *choice: int | None) -> Figure: ...


class Charts:
    """The charts of a plan, as :attr:`paxsilica.Plan.plot`. Each returns a figure of matplotlib,
    which is installed with the extra ``plots``.

    Raises:
        InputError: if matplotlib is not installed, or the plan has nothing to draw.
    """

    def __init__(self, plan: Any) -> None:
        self._plan = plan

    def __repr__(self) -> str:
        names = ", ".join(name for name in vars(Charts) if not name.startswith("_"))
        return f"<charts of the plan {self._plan.case!r}: {names}>"

    def coverage(self, year: int | None = None) -> Figure:
        """Coverage of each stage in a year, by default the last one, as a share of need: nameplate
        share and standalone coverage without the plan, standalone coverage with it, and the
        requirement."""
        return self._draw("coverage", year)

    def coverage_by_year(self) -> Figure:
        """Joint coverage of the chain over the years as a share of need, without and with the plan,
        and the requirement."""
        return self._draw("coverage_by_year")

    def capital(self) -> Figure:
        """Capital of the projects by stage, USD million, undiscounted, paid by funders and by
        owners."""
        return self._draw("capital")

    def funding(self) -> Figure:
        """Payments by year, USD million, with a colour for each of the largest funders."""
        return self._draw("funding")

    def _draw(self, name: str, *choice: int | None) -> Figure:
        return cast(_Chart, getattr(import_module(HOME), f"draw_{name}"))(self._plan, *choice)


class Outputs:
    """What a plan can be written as and drawn as."""

    @property
    def plot(self) -> Charts:
        """Charts of the plan, such as ``plan.plot.coverage()``."""
        return Charts(self)

    def report(
        self, path: Path | str = "report.html", data: Tables | Path | str | None = None
    ) -> Path:
        """Writes the page of the plan, one HTML file that needs no network, and returns its path. A
        file of this name is replaced.

        Args:
            path: file to write.
            data: the tables that the plan was made from, or their folder; without it the bundled
                tables if they are those. Without tables the page has keys in the place of names,
                and no sources.

        Raises:
            InputError: if ``data`` is not what the plan was made from.
            OSError: if the file cannot be written.
        """
        return cast(_Writer, import_module(HOME).write_page)(self, Path(path), data)

    def to_excel(
        self, path: Path | str = "plan.xlsx", data: Tables | Path | str | None = None
    ) -> Path:
        """Writes the workbook of the plan and returns its path. A file of this name is replaced.

        Arguments and errors are those of :meth:`report`.
        """
        return cast(_Writer, import_module(HOME).write_book)(self, Path(path), data)
