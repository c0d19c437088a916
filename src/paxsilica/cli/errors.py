"""Turns every error into a sentence and an exit code. A traceback is shown only on request.

With ``--json`` the error is also a JSON document on the standard output::

    {"error": {"kind": "input", "exit_code": 2, "message": "...", "problems": [{"table", "row",
    "column", "value", "expected"}]}}

``kind`` is one of ``usage`` (the command line), ``input`` (tables, case or options), ``file`` (one
that cannot be read or written), ``infeasible``, ``no_plan``, ``stopped`` and ``fault`` (of the
program). ``problems`` is empty for all but ``input``.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import typer
from rich.text import Text
from typer.core import TyperGroup

from paxsilica.cli.interrupts import Stopped
from paxsilica.errors import InfeasibleError, InputError, NoPlanError, PaxSilicaError, Problem
from paxsilica.report.console.screen import Screen, print_problems

STOPPED = 130
PIPE_CLOSED = 141
"""Where the reader of the help has gone, as for any program on a pipe. Answers are dropped without
a word, and the command ends as ever."""
_debug = False


def show_tracebacks(wanted: bool) -> None:
    """Sets whether a fault of the program shows its traceback, for the rest of this process."""
    global _debug
    _debug = wanted


class Guarded(TyperGroup):
    """The commands, with every error as a sentence, as JSON where that is asked for, and as the
    exit code that errors have."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any
    ) -> Any:
        """Takes the words before the command apart."""
        if os.environ.get("NO_COLOR"):
            from typer import rich_utils

            # of help and of mistakes in the command line: it would leave them bold and dim
            rich_utils.COLOR_SYSTEM = None
        self.as_json = "--json" in (args[: args.index("--")] if "--" in args else args)
        with self._report_usage():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: Any) -> Any:
        """Runs the command."""
        with (
            self._report_usage(),
            guarded(Screen(sys.stderr), Screen(sys.stdout) if self.as_json else None),
        ):
            return super().invoke(ctx)

    @contextmanager
    def _report_usage(self) -> Iterator[None]:
        """Help and mistakes in the command line are printed by Typer; all that is added is the
        document."""
        try:
            yield
        except (BrokenPipeError, SystemExit) as error:
            if (
                isinstance(error, SystemExit) and error.code != 1
            ):  # 1 is what Rich makes of a pipe that is closed
                raise
            Screen(sys.stdout).on_broken_pipe()
            raise typer.Exit(PIPE_CLOSED) from None
        except Exception as error:
            if self.as_json and _is_usage(error):
                message: str = error.format_message()  # type: ignore[attr-defined]
                _print_error(Screen(sys.stdout), "usage", InputError.exit_code, message)
            raise


def _is_usage(error: Exception) -> bool:
    """Whether Typer raised the error for a mistake in the command line; releases of Typer differ in
    where its class is."""
    return hasattr(error, "format_message") and hasattr(error, "exit_code")


def _file_error(error: Exception) -> OSError | None:
    """The error of the system in it; writers of workbooks hand that on inside an error of their
    own."""
    inside = error.args[0] if error.args else None
    return error if isinstance(error, OSError) else inside if isinstance(inside, OSError) else None


@contextmanager
def guarded(aside: Screen, document: Screen | None = None) -> Iterator[None]:
    """Prints an error raised inside on ``aside``, and as JSON on ``document``, and ends with the
    code that :mod:`paxsilica.errors` gives it."""

    def end(kind: str, code: int, message: str, problems: Sequence[Problem] = ()) -> typer.Exit:
        if document is not None:
            _print_error(document, kind, code, message, problems)
        return typer.Exit(code)

    try:
        yield
    except InputError as error:
        print_problems(aside, error.problems)
        raise end("input", error.exit_code, str(error), error.problems) from None
    except (InfeasibleError, NoPlanError) as error:
        aside.show(str(error))
        kind = "infeasible" if isinstance(error, InfeasibleError) else "no_plan"
        raise end(kind, error.exit_code, str(error)) from None
    except (Stopped, KeyboardInterrupt) as error:
        _trace(aside)
        words = str(error) or "Stopped; no plan was written."
        aside.show(words)
        raise end("stopped", STOPPED, words) from None
    except BrokenPipeError:
        raise
    except typer.Exit:
        raise
    except Exception as error:
        if _is_usage(error) and not isinstance(error, PaxSilicaError):
            raise
        if (of_files := _file_error(error)) is not None:
            where = f" {of_files.filename}" if of_files.filename else ""
            words = f"Cannot read or write{where}: {of_files.strerror or of_files}."
            aside.print(words, style="red", soft_wrap=True)
            _trace(aside)
            raise end("file", InputError.exit_code, words) from None
        what = (
            str(error) if isinstance(error, PaxSilicaError) else f"{type(error).__name__}: {error}"
        )
        aside.print(
            Text.assemble(
                ("A fault of the program, not of your input: ", "bold red"), " ".join(what.split())
            ),
            soft_wrap=True,
        )
        if not _trace(aside):
            aside.show(
                "Please report it with the command that you gave; the option --debug before the"
                " command prints more."
            )
        raise end("fault", PaxSilicaError.exit_code, what) from None


def _print_error(
    screen: Screen, kind: str, code: int, message: str, problems: Sequence[Problem] = ()
) -> None:
    from paxsilica.cli.output import print_json

    rows = [
        {
            "table": one.table,
            "row": one.row,
            "column": one.column,
            "value": one.value,
            "expected": one.expected,
        }
        for one in problems
    ]
    print_json(
        screen, {"error": {"kind": kind, "exit_code": code, "message": message, "problems": rows}}
    )


def _trace(screen: Screen) -> bool:
    if _debug:
        screen.show(traceback.format_exc())
    return _debug
