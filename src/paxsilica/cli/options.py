"""Options that several commands share, and the one reader of tables and cases."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paxsilica.bundled import data_folder, find_case
from paxsilica.cli import completion
from paxsilica.cli.completion import Completer
from paxsilica.cli.output import OutputOptions
from paxsilica.errors import InputError, Problem

if TYPE_CHECKING:
    from paxsilica.api import Question
    from paxsilica.case import Case
    from paxsilica.plan.result import Plan
    from paxsilica.tables import Tables


def finite(value: Any) -> Any:
    """Refuses ``nan`` and ``inf``, which no limit of an option catches."""
    for one in value if isinstance(value, list | tuple) else (value,):
        if isinstance(one, float) and not math.isfinite(one):
            raise typer.BadParameter(f"{one} is not a finite number.")
    return value


def number(
    metavar: str,
    text: str,
    *names: str,
    least: float | None = 0,
    most: float | None = None,
    shown: str | bool = True,
) -> Any:
    """An option that takes a number, not ``nan`` or ``inf``; ``shown`` is what help says where
    nothing is given."""
    return typer.Option(
        *names,
        metavar=metavar,
        help=text,
        min=least,
        max=most,
        callback=finite,
        show_default=shown,
    )


def several(
    metavar: str, text: str, offered: Completer | None, *names: str, shown: str | bool = True
) -> Any:
    """An option that may be given again, with what the shell offers for it."""
    return typer.Option(
        *names,
        metavar=metavar,
        help=f"{text}; may be given again.",
        autocompletion=offered,
        show_default=shown,
    )


CaseName = Annotated[
    str,
    typer.Argument(
        metavar="CASE",
        help="Name of a bundled case, or the path of a case file.",
        autocompletion=completion.cases,
    ),
]
PLAN_WORDS = "Folder of a plan, as paxsilica solve writes it."
PlanArgument = Annotated[
    Path, typer.Argument(metavar="DIR", help=PLAN_WORDS, autocompletion=completion.plans)
]
PlanFolder = Annotated[
    Path | None,
    typer.Option("--plan", metavar="DIR", help=PLAN_WORDS, autocompletion=completion.plans),
]
Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="PATH",
        help="Tables: a folder of CSV files, or a workbook.",
        show_default="those that the case names, or the bundled data",
    ),
]
Settings = Annotated[
    list[str] | None,
    several(
        "KEY=VALUE",
        "Change one key of the case, such as coverage.hard=true",
        completion.settings,
        "--set",
    ),
]
Gap = Annotated[
    float | None,
    number(
        "SHARE",
        "Gap at which each search ends, as a share of the objective: 0.01 is 1 %.",
        shown="that of the case",
    ),
]
TimeLimit = Annotated[
    float | None, number("SECONDS", "Longest search of each solve.", shown="that of the case")
]
Cluster = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help=(
            "Address of the scheduler of a Dask cluster to solve on. Scheduler and workers are"
            " trusted: they can run any code here."
        ),
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Write over what is there.")]


@dataclass(frozen=True)
class DataOptions(OutputOptions):
    """Options of a command that reads tables."""

    data: Data = None

    def tables(self) -> Tables:
        """The tables, checked."""
        from paxsilica.tables import load_tables

        return load_tables(self.data or data_folder())


PlanTables = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="PATH",
        help="Tables that the plan was made from.",
        show_default="the bundled data, if the plan was made from it",
    ),
]


@dataclass(frozen=True)
class WriteOptions(OutputOptions):
    """Options of a command that writes a plan in another form."""

    data: PlanTables = None
    force: Force = False


@dataclass(frozen=True)
class CaseOptions(DataOptions):
    """Options of a command that reads a case and tables."""

    settings: Settings = None

    def changes(self) -> Mapping[str, Any]:
        """Keys of the case that options of their own set."""
        return {}

    def all_settings(self) -> list[str]:
        """The settings of ``--set`` and of the options that stand for one."""
        changed = self.changes().items()
        given = (f"{key}={value!r}" for key, value in changed if value is not None)
        return [*(self.settings or ()), *given]

    def adjusted(self, case: Case) -> Case:
        """The case as the command solves it; a command may need a smaller gap than the case has."""
        return case

    def refuse_other_case(self, case: str, out: Path | None) -> None:
        """Refuses a folder for a plan that holds one of another case, before the tables are read. A
        case with problems is left to :meth:`question`.

        Raises:
            InputError: if it does.
        """
        from paxsilica.case import read_case
        from paxsilica.plan.result import refuse_other_plan

        if out is None or not out.exists():
            return
        problems: list[Problem] = []
        with gathered(problems):
            read = self.adjusted(read_case(find_case(case), self.all_settings()))
        if not problems:
            refuse_other_plan(out, {"case": read.model_dump(mode="json")}, of="case")

    def question(self, case: str, found: Iterable[Problem] = ()) -> Question:
        """Tables and case.

        Raises:
            InputError: with the problems of both, and those that were ``found`` before.
        """
        return self.questions([case], found)[0]

    def questions(self, cases: Sequence[str], found: Iterable[Problem] = ()) -> list[Question]:
        """The tables with each of the cases: those of ``--data``, or else those that the case file
        names, or else the bundled ones. Each folder is read once.

        Raises:
            InputError: with the problems of tables, cases and settings, and those that were
                ``found`` before.
        """
        from paxsilica.api import Question
        from paxsilica.case import named_tables, read_case
        from paxsilica.tables import load_tables

        problems = list(found)
        settings = self.all_settings()
        read = []
        tables: dict[Path, Tables] = {}
        with gathered(problems):
            refuse_contradictions(settings)
        for name in cases:
            path: Path | None = None
            with gathered(problems):
                path = find_case(name)
            folder = self.data or (path and named_tables(path)) or data_folder()
            with gathered(problems):
                if folder not in tables:
                    tables[folder] = load_tables(folder)
            with gathered(problems):
                if path is not None:
                    read.append((folder, self.adjusted(read_case(path, settings))))
        if problems:
            raise InputError(problems)
        return [Question(tables[folder], case) for folder, case in read]


@dataclass(frozen=True)
class GapOptions(CaseOptions):
    """Options of a command that solves to a gap."""

    gap: Gap = None

    def changes(self) -> Mapping[str, Any]:
        """Keys of the case that options of their own set."""
        return {"solver.gap": self.gap}


@dataclass(frozen=True)
class SolveOptions(GapOptions):
    """Options of a command whose solves have a time limit."""

    time_limit: TimeLimit = None

    def changes(self) -> Mapping[str, Any]:
        """Keys of the case that options of their own set."""
        return {**super().changes(), "solver.time_limit_s": self.time_limit}


@contextmanager
def gathered(problems: list[Problem]) -> Iterator[None]:
    """Adds problems raised inside to ``problems``, so that all of them are reported at once."""
    try:
        yield
    except InputError as error:
        problems += error.problems


def read_all(*readers: Callable[[], Any]) -> list[Any]:
    """What each of the readers returns; raises an InputError with the problems of all of them."""
    problems: list[Problem] = []
    found = []
    for read in readers:
        with gathered(problems):
            found.append(read())
    if problems:
        raise InputError(problems)
    return found


def gathered_plan(folder: Path | None, problems: list[Problem]) -> Plan | None:
    """The plan in a folder, if one is given; its problems are added to ``problems``."""
    with gathered(problems):
        return None if folder is None else load_plan(folder)
    return None


def unknown(
    option: str, given: Iterable[str] | None, known: Collection[str], what: str
) -> list[Problem]:
    """Unknown names given to an option, each with the closest known name."""
    from paxsilica.tables.suggestions import Nearest

    near = Nearest(known)
    return [
        Problem.of_option(option, name, f"should be {what} of the data{near(name)}")
        for name in given or ()
        if name not in known
    ]


def refuse_contradictions(settings: Sequence[str]) -> None:
    """Raises an InputError if two settings give different values to one key: which of them was
    meant cannot be known."""
    from paxsilica.case import parse_setting

    values: dict[str, Any] = {}
    problems = []
    for text in settings:
        key, value = parse_setting(text)
        if repr(values.setdefault(key, value)) != repr(value):  # nan is not itself
            words = f"is set to {values[key]} too; give one of them"
            problems.append(Problem("--set", "", key, str(value), words))
    if problems:
        raise InputError(problems)


def load_plan(folder: Path) -> Plan:
    """The plan in a folder."""
    from paxsilica.plan.result import Plan

    return Plan.load(folder)
