"""The command ``cases``."""

from __future__ import annotations

from paxsilica.bundled import case_files
from paxsilica.cli.output import Answer, OutputOptions


def cases(output: OutputOptions) -> Answer:
    """List the bundled cases: name, title and question.

    With --json: cases, a list of name, title, question and file.

    [bold]Examples[/bold]

      paxsilica cases

      paxsilica cases --quiet
    """
    from paxsilica.case import read_case
    from paxsilica.report.console.summary import print_cases

    read = {path: read_case(path) for path in case_files().values()}
    rows = [
        {"name": case.name, "title": case.title, "question": case.question, "file": path}
        for path, case in read.items()
    ]
    return Answer(
        lambda screen: print_cases(screen, read.values()),
        lambda: {"cases": rows},
        "\n".join(case.name for case in read.values()),
    )
