"""The command ``check``."""

from __future__ import annotations

from paxsilica.bundled import DEFAULT_CASE
from paxsilica.cli.options import CaseName, CaseOptions
from paxsilica.cli.output import Answer


def check(case: CaseName = DEFAULT_CASE, *, options: CaseOptions) -> Answer:
    """Check tables and a case without solving, and list everything that is wrong with them.

    With --json: case, years, counts (tables, rows, projects, funders, operating_states, cut_offs),
    absent (tables), unused (number of rows that the model does not use, by table, column or measure
    of limits) and dropped (projects, with the reason). Problems are listed in error.problems.

    [bold]Examples[/bold]

      paxsilica check

      paxsilica check my-case.toml --data my-tables

      paxsilica check --json | jq .error.problems
    """
    from paxsilica.report.console.summary import check_facts, print_check

    instance = options.question(case).instance()
    return Answer(lambda screen: print_check(screen, instance), lambda: check_facts(instance), "")
