"""The answer of a command, for people and for programs, and the one place that prints it."""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Annotated, Any, ClassVar, get_type_hints

import typer

from paxsilica.cli.interrupts import Interrupts, Stopped
from paxsilica.report.console.screen import Screen

AsJson = Annotated[
    bool,
    typer.Option(
        "--json",
        help=(
            "Print one JSON document for programs; steps and errors in words go to the standard"
            " error."
        ),
    ),
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print no steps and only the essential result.")
]


EXAMPLES = "[bold]Examples[/bold]"


@dataclass(frozen=True)
class Answer:
    """What came of a command.

    Attributes:
        show: prints the page for people.
        document: gives what ``--json`` prints: plain data or tables, under keys that stay as they
            are.
        brief: what ``--quiet`` prints in the place of the page; ``None``: the page.
        exit_code: with which the command ends.
    """

    show: Callable[[Screen], None]
    document: Callable[[], Mapping[str, Any]]
    brief: str | None = None
    exit_code: int = 0


@dataclass(frozen=True)
class OutputOptions:
    """How to answer; ``--json`` wins over ``--quiet`` on the standard output."""

    ABOUT: ClassVar[str] = ""
    """Paragraphs that the help of every command with these options has before the examples."""

    as_json: AsJson = False
    quiet: Quiet = False

    @property
    def aside(self) -> Screen:
        """Where steps and errors go."""
        return Screen(sys.stderr)

    def on_step(self, step: str) -> None:
        """Reports a step of the work."""
        if not self.quiet:
            self.aside.show(step)

    def print(self, answer: Answer) -> None:
        """Prints the answer."""
        screen = Screen(sys.stdout)
        if self.as_json:
            print_json(screen, answer.document())
        elif self.quiet and answer.brief is not None:
            screen.show(*answer.brief.splitlines())
        else:
            answer.show(screen)


def print_json(screen: Screen, document: Mapping[str, Any]) -> None:
    """Prints one document; in letters of ASCII where the stream cannot hold others."""
    from paxsilica.serialize import json_text

    text = json_text(document)
    try:
        text.encode(screen.encoding)
    except UnicodeEncodeError:
        text = json.dumps(json.loads(text), indent=2) + "\n"
    screen.write(text)


def with_output_options(
    command: Callable[..., Answer], *, interrupts: bool = True
) -> Callable[..., None]:
    """The command as Typer takes it: its answer printed, and the options that it shares with others
    offered one by one.

    Args:
        command: one of its parameters is a dataclass derived from :class:`OutputOptions`; each
            field of it becomes an option.
        interrupts: whether Ctrl-C ends the command at once; if not, it sees ``KeyboardInterrupt``
            and keeps what it has.
    """
    hints = get_type_hints(command, include_extras=True)
    shared, kind = next(
        (name, hint)
        for name, hint in hints.items()
        if isinstance(hint, type) and issubclass(hint, OutputOptions)
    )
    parameters: list[inspect.Parameter] = []
    for name, parameter in inspect.signature(command).parameters.items():
        own = parameter.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY)
        parameters += _options(kind) if name == shared else [own]

    def run(**given: Any) -> None:
        output = kind(**{one.name: given.pop(one.name) for one in fields(kind)})
        with Interrupts() if interrupts else nullcontext():
            answer = command(**given, **{shared: output})
            try:
                output.print(answer)
            except (Stopped, KeyboardInterrupt):
                raise Stopped("Stopped; what was found before is written.") from None
        if answer.exit_code:
            raise typer.Exit(answer.exit_code)

    run.__name__ = command.__name__
    words, heading, examples = inspect.cleandoc(command.__doc__ or "").partition(EXAMPLES)
    parts = [words.rstrip(), kind.ABOUT, heading + examples]
    run.__doc__ = reflowed("\n\n".join(part for part in parts if part))
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def reflowed(text: str) -> str:
    """The text with every paragraph in a line, so that it is wrapped where it is shown and not
    where it was written.

    >>> reflowed("One\\n    two.\\n\\n      Three.")
    'One two.\\n\\n  Three.'
    """
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(
        one[: len(one) - len(one.lstrip())] + " ".join(one.split()) for one in paragraphs
    )


def _options(kind: Any) -> list[inspect.Parameter]:
    """The fields as options, those of every command last."""
    hints = get_type_hints(kind, include_extras=True)
    common = {one.name for one in fields(OutputOptions)}
    return [
        inspect.Parameter(
            one.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if one.default is MISSING else one.default,
            annotation=hints[one.name],
        )
        for one in sorted(fields(kind), key=lambda one: one.name in common)
    ]


def written(path: Path) -> Answer:
    """The answer of a command that wrote a file or a folder."""
    return Answer(lambda screen: screen.show(str(path)), lambda: {"written": path}, str(path))
