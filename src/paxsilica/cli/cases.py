"""The commands ``cases`` and ``check``, which solve nothing."""

from __future__ import annotations

from paxsilica.bundled import DEFAULT_CASE, case_files
from paxsilica.cli.options import CaseName, CaseOptions
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


def check(case: CaseName = DEFAULT_CASE, *, options: CaseOptions) -> Answer:
    """Check tables and a case without solving, and list everything that is wrong with them.

    With --json: case, years, counts (tables, rows, projects, funders, operating_states, cut_offs),
    absent (tables) and dropped (projects, with the reason). Problems are listed in error.problems.

    [bold]Examples[/bold]

      paxsilica check

      paxsilica check my-case.toml --data my-tables

      paxsilica check --json | jq .error.problems
    """
    from paxsilica.report.console.summary import check_facts, print_check

    instance = options.question(case).instance()
    return Answer(lambda screen: print_check(screen, instance), lambda: check_facts(instance), "")
