"""The command ``export-model``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from paxsilica.bundled import DEFAULT_CASE
from paxsilica.cli.options import CaseName, CaseOptions, Force
from paxsilica.cli.output import Answer, written
from paxsilica.cli.paths import refuse_to_write_over


class ModelFormat(StrEnum):
    """File format of an exported model."""

    mps = "mps"
    lp = "lp"


@dataclass(frozen=True)
class ModelOptions(CaseOptions):
    """Options of ``export-model``."""

    format: Annotated[
        ModelFormat, typer.Option("--format", help="MPS, or the LP format of CPLEX.")
    ] = ModelFormat.mps
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help="File to write.", show_default="<case>.mps or <case>.lp"
        ),
    ] = None
    force: Force = False


def export_model(case: CaseName = DEFAULT_CASE, *, options: ModelOptions) -> Answer:
    """Write the mixed-integer program of a case to a file that other solvers read.

    With --json: written, the path of the file.

    Writes the file of --out.

    [bold]Examples[/bold]

      paxsilica export-model base --format mps --out base.mps

      paxsilica export-model my-case.toml --data my-tables --format lp
    """
    from paxsilica.solver.highs import write_model

    path = options.out or Path(f"{Path(case).stem}.{options.format.value}")
    refuse_to_write_over(path, lambda _: False, options.force)
    write_model(options.question(case), path, options.format.value)
    return written(path)
