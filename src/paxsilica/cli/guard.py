"""Turns everything that can go wrong into a sentence and an exit code: nobody is shown a traceback who did not ask for one."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.text import Text

from paxsilica.cli.interrupts import Stopped
from paxsilica.errors import InputError, PaxSilicaError
from paxsilica.report.screen import Screen, print_problems

STOPPED = 130
_debug = False


def show_tracebacks(wanted: bool) -> None:
    """Sets whether a fault of the program shows its traceback, for the rest of this process."""
    global _debug
    _debug = wanted


@contextmanager
def guarded(screen: Screen) -> Iterator[None]:
    """Prints on ``screen`` what goes wrong inside, and ends the command with the code that :mod:`paxsilica.errors` gives it."""
    try:
        yield
    except InputError as error:
        print_problems(screen, error.problems)
        raise typer.Exit(error.exit_code) from None
    except (Stopped, KeyboardInterrupt):
        _trace(screen)
        screen.print("Stopped; no plan was written.", soft_wrap=True)
        raise typer.Exit(STOPPED) from None
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        screen.print(f"Cannot read or write{where}: {error.strerror or error}.", style="red", soft_wrap=True)
        _trace(screen)
        raise typer.Exit(InputError.exit_code) from None
    except typer.Exit:
        raise
    except Exception as error:
        what = str(error) if isinstance(error, PaxSilicaError) else f"{type(error).__name__}: {error}"
        screen.print(Text.assemble(("A fault of the program, not of your input: ", "bold red"), " ".join(what.split())), soft_wrap=True)
        if not _trace(screen):
            screen.print(
                "Please report it with the command that you gave; the option --debug before the command prints more.", soft_wrap=True
            )
        raise typer.Exit(PaxSilicaError.exit_code) from None


def _trace(screen: Screen) -> bool:
    if _debug:
        screen.print(traceback.format_exc(), soft_wrap=True)
    return _debug
