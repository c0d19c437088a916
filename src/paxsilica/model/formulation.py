"""The generated parts of ``models/FORMULATION.md``: variables, rows and cost terms, from their
registers.

``python -m paxsilica.model.formulation`` rewrites these parts of the page and keeps the text
outside the markers.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from paxsilica.errors import InputError
from paxsilica.model.registry import COSTS, OWNERS, ROWS, VARIABLES, RowDoc, TermDoc

PAGE = Path("models") / "FORMULATION.md"


def _variables() -> str:
    lines = ["| symbol | name in code | index | unit | meaning |", "|---|---|---|---|---|"]
    lines += [
        f"| ${doc.symbol}$ | `{doc.name}` | {doc.index} | {doc.unit} | {doc.meaning} |"
        for doc in VARIABLES.values()
    ]
    return "\n".join(lines)


def _row(row: RowDoc) -> str:
    index = ", ".join(row.index_names).replace("other", "prerequisite")
    required = "; ".join(f'"{one.words}"' for one in row.requirements) or "structural"
    price = row.price if isinstance(row.price, str) else row.price.item
    checks = ", ".join(row.audit) if isinstance(row.audit, tuple) else "recomputed by its own check"
    return "\n\n".join(
        [
            f"#### `{row.name}`",
            f"$$ {row.latex} $$",
            row.prose,
            (f"*For each*: {index}. " if index != "_" else "*One row.* ") + f"*Dual*: {row.dual}.",
            f"*Requirement*: {required}. *Unit*: {row.unit}. *Price*: {price}. *Audit check*:"
            f" {checks}.",
        ]
    )


def _rows() -> str:
    parts = []
    for owner, heading in OWNERS.items():
        parts.append(f"### {heading}")
        parts += [_row(row) for row in ROWS.values() if row.owner == owner]
    return "\n\n".join(parts)


def _cost(term: TermDoc) -> str:
    kind = "*Preference*: no part of the cost. " if term.preference else ""
    facts = (
        f"{kind}*Unit*: {term.unit}. *Priced decisions*: {term.owner}. *Audit check*: {term.audit}."
    )
    return f"#### `{term.name}`\n\n$$ {term.latex} $$\n\n{term.prose}\n\n{facts}"


def sections() -> dict[str, str]:
    """The generated parts of the page, by name."""
    return {
        "variables": _variables(),
        "rows": _rows(),
        "costs": "\n\n".join(_cost(term) for term in COSTS.values()),
    }


def rewritten(page: str) -> str:
    """``page`` with its generated parts as the model has them now.

    Raises:
        InputError: if a pair of markers is missing.
    """
    for name, text in sections().items():
        begin, end = f"<!-- generated: {name} -->", f"<!-- end: {name} -->"
        pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
        if len(pattern.findall(page)) != 1:
            raise InputError(f"the page should hold one pair of lines {begin} and {end}")
        page = pattern.sub(lambda _, new=f"{begin}\n\n{text}\n\n{end}": new, page)  # type: ignore[misc]
    return page


def main(arguments: Sequence[str] | None = None) -> None:
    """Rewrites the page named in ``arguments``, or ``models/FORMULATION.md`` under the working
    directory."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    path = Path(given[0]) if given else PAGE
    path.write_text(rewritten(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
