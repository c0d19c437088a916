"""The command ``partners``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paxsilica.bundled import DEFAULT_CASE
from paxsilica.cli import completion
from paxsilica.cli.interrupts import Stopped
from paxsilica.cli.options import CaseName, Cluster, GapOptions, gathered, number
from paxsilica.cli.output import Answer
from paxsilica.errors import InputError, Problem
from paxsilica.studies import MOST_EXACT

if TYPE_CHECKING:
    from paxsilica.report.console.screen import Screen

STORE = Path("plans") / "coalitions"


@dataclass(frozen=True)
class PartnerOptions(GapOptions):
    """Options of ``partners``."""

    players: Annotated[
        list[str] | None,
        typer.Option(
            "--players",
            metavar="[NAME=]sign:REGION | [NAME=]money:REGION",
            help=(
                "Who may take part: by signing, or with the money of the region's funders; +REGION"
                " adds regions. May be given again."
            ),
            show_default="the key partners of the case",
            autocompletion=completion.players,
        ),
    ] = None
    workers: Annotated[
        int, number("N", "Coalitions that are solved at the same time.", least=1, most=64)
    ] = 2
    cluster: Cluster = None
    samples: Annotated[
        int,
        number(
            "N", f"Orders of arrival that are drawn with more than {MOST_EXACT} players.", least=4
        ),
    ] = 32
    seed: Annotated[int, number("N", "Seed of that draw.")] = 0
    store: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            help="Where finished coalitions are kept; the same command goes on from them.",
        ),
    ] = STORE
    own_needs: Annotated[
        bool,
        typer.Option(
            "--own-needs",
            help=(
                "Count the needs of those who may sign too, not only what they add for the others."
            ),
        ),
    ] = False


def partners(case: CaseName = DEFAULT_CASE, *, options: PartnerOptions) -> Answer:
    """Value each funder's money and each country's signature: stand-alone value, marginal value
    (joining last) and Shapley value.

    Ctrl-C keeps the coalitions that are done; the same command goes on where it stopped.

    With --json: exact, no_partners_usd_m and all_partners_usd_m (each from low to high), tables
    (partners, players and coalitions) and the sentences as text.

    Writes finished coalitions to the folder of --store.

    [bold]Examples[/bold]

      paxsilica partners base --gap 0.001

      paxsilica partners base --players "A signs=sign:A" --players "money of B and C=money:B+C"
    """
    from paxsilica.studies.partners import Player, default_players, parse_player, value_partners

    question = options.question(case)
    problems: list[Problem] = []
    chosen: list[Player] = []
    for text in options.players or ():
        with gathered(problems):
            chosen.append(parse_player(text, question.tables))
    if len({player.name for player in chosen}) < len(chosen):
        words = "two players have the same name; give them different names"
        problems.append(Problem.of_option("--players", "", words))
    if problems:
        raise InputError(problems)
    chosen = chosen or default_players(question.tables, question.case)
    try:
        found = value_partners(
            question.tables,
            question.case,
            chosen,
            store=options.store,
            workers=options.workers,
            samples=options.samples,
            seed=options.seed,
            own_needs=options.own_needs,
            cluster=options.cluster,
            progress=False if options.quiet else None,
        )
    except KeyboardInterrupt:
        raise Stopped(
            f"Stopped; finished coalitions are kept in {options.store}, and the same command"
            " continues from there."
        ) from None
    signs = any(player.signs for player in chosen)

    def show(screen: Screen) -> None:
        from paxsilica.report.console import partners as table

        heads = table.headings(found)
        screen.show_rows(heads, table.rows(found), heads[table.TEXTS :], table.TITLE)
        screen.say("", *table.remarks(found))
        if not found.exact:
            screen.say(
                f"Shapley values are estimated from {options.samples} orders of arrival; the error"
                " is half the width of a 95 % interval."
            )
        if signs and options.own_needs:
            screen.say(
                "The needs of those who sign are counted: the demand of a covered region must be"
                " covered too."
            )
        elif signs:
            screen.say(
                "The value of a signature is its benefit for the others; the final demand of"
                " possible signatories is not counted."
            )

    return Answer(show, found.result)
