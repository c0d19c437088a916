"""The generated part of ``data/README.md``: every table and column, as the schema has them."""

from __future__ import annotations

from paxsilica.errors import InputError
from paxsilica.tables import TABLES
from paxsilica.tables.layout import layout

BEGIN = (
    "<!-- generated from the schema by `paxsilica data describe --write`: do not edit from here -->"
)
END = "<!-- end of the generated part -->"


def tables_in_words() -> str:
    """Write a section for each table, with a line for each column."""
    parts: list[str] = []
    for table, row in TABLES.items():
        absent = f" Without the table: {row.absent}." if row.absent else " Must be there."
        text = " ".join((row.__doc__ or "").split())
        parts += [
            f"### {table}",
            "",
            f"{text} Key: {', '.join(f'`{name}`' for name in row.key)}.{absent}",
            "",
        ]
        parts += ["| column | holds | unit | meaning |", "|---|---|---|---|"]
        for name, column in layout(table).items():
            holds = column.expected.split(" (")[0] + ("" if column.required else "; may be blank")
            meaning = column.description + (
                "; may vary by year (`series`)" if column.column.series else ""
            )
            parts.append(
                f"| `{name}` | {_cell(holds)} | {_cell(column.column.unit)} |"
                f" {_cell(meaning.removeprefix('; '))} |"
            )
        parts.append("")
    return "\n".join(parts)


def renewed(text: str) -> str:
    """Return a README with its generated part written anew.

    Raises:
        InputError: if it does not have the two marks between which that part stands.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise InputError(
            f"README.md should hold the lines {BEGIN!r} and {END!r}, between which the generated"
            " part stands"
        )
    return f"{before}{BEGIN}\n\n{tables_in_words()}\n{END}{after}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*")
