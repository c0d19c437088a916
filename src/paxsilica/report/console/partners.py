"""The value of each player as a table, and what the numbers do not say."""

from __future__ import annotations

from paxsilica.studies.partners import (
    UNLIMITED,
    VALUES,
    Partners,
    Player,
    amount_words,
    span_words,
)

TITLE = "Value of each player: decrease of the objective, USD million"
TEXTS = 2
"""Columns of text at the left; the others are numbers."""


def headings(found: Partners) -> list[str]:
    """Headings of :func:`rows`."""
    heads = ["player", "takes part by", *VALUES.values()]
    return heads if found.exact else [*heads, "sampling error"]


def rows(found: Partners) -> list[list[str]]:
    """A row for each player: name, how it takes part, values in USD million and, where not every
    coalition was solved, the sampling error of the Shapley value."""
    kinds = {one.name: _kind(one) for one in found.players}
    cells = []
    for row in found.table.to_dict("records"):
        values = [span_words(row[f"{kind}_low"], row[f"{kind}_high"]) for kind in VALUES]
        error = [] if found.exact else [amount_words(row["shapley_error"])]
        cells.append([row["player"], kinds[row["player"]], *values, *error])
    return cells


def remarks(found: Partners) -> list[str]:
    """What the numbers of :func:`rows` do not say: values without limit, values that may be zero,
    and the optimum with none and with all of the players."""
    lines = []
    cells = {cell for row in rows(found) for cell in row}
    if UNLIMITED in cells:
        lines.append(f"{UNLIMITED}: a plan exists only after this player joins.")
    if f"-{UNLIMITED}" in cells:
        lines.append(f"-{UNLIMITED}: no plan exists after this player joins.")
    lines += [
        f"{row['player']}: {row['verdict']}"
        for row in found.table.to_dict("records")
        if row["verdict"]
    ]
    for words, span in (("none", found.no_partners), ("all", found.all_partners)):
        amount = f"{span_words(span.low, span.high)} USD million" if span.exists else "no plan"
        lines.append(f"Objective with {words} of the players: {amount}.")
    return lines


def _kind(player: Player) -> str:
    """How a player takes part."""
    ways = (("signature", player.signs), ("money", player.pays))
    return " and ".join(word for word, regions in ways if regions)
