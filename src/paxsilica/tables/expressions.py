"""Formulas of provenance: how a number follows from figures of sources and from other cells.

A formula is arithmetic (``+ - * / ** ( )``) over numbers, figures of sources by their id
(``FAB-F103``) and cells in square brackets: ``[capex_usd_m]`` is a cell of the same row,
``[commodities|gallium|price_usd_per_unit]`` a cell elsewhere. An operator has blanks around it, so
that the hyphens inside an id are no minus.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)(?![\w-])|\[(?P<cell>[^\[\]]+)\]"
    r"|(?P<figure>[A-Za-z][\w./]*(?:-[\w./]+)*)|(?P<sign>\*\*|[-+*/()]))"
)
_OPERATORS: Mapping[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_Operand = tuple[str, str]


class FormulaError(ValueError):
    """A formula that cannot be read; the text gives what is expected."""


@dataclass(frozen=True)
class Formula:
    """A formula: its text, the figures and cells that it names, and its syntax tree, in which the
    operands are numbered."""

    text: str
    figures: tuple[str, ...]
    cells: tuple[str, ...]
    _operands: tuple[_Operand, ...]
    _tree: ast.expr

    def value(self, figure: Callable[[str], float], cell: Callable[[str], float]) -> float:
        """Compute the formula with the figures of sources and the cells that it names."""
        read = {"number": float, "figure": figure, "cell": cell}

        def compute(node: ast.expr) -> float:
            match node:
                case ast.BinOp(left, sign, right):
                    return float(_OPERATORS[type(sign)](compute(left), compute(right)))
                case ast.UnaryOp(_, operand):
                    return -compute(operand)
                case ast.Constant(int(place)):
                    kind, word = self._operands[place]
                    return read[kind](word)
                case _:
                    raise TypeError(ast.dump(node))

        return compute(self._tree)


def read_formula(text: str) -> Formula:
    """Read a formula.

    >>> figures, cells = {"FAB-F103": 8.0}, {"size": 1.0}
    >>> read_formula("FAB-F103 * 0.5 + [size]").value(figures.__getitem__, cells.__getitem__)
    5.0

    Raises:
        FormulaError: if it cannot be read.
    """
    tokens = _tokens(text)
    _check_order(tokens)
    operands = tuple(token for token in tokens if token[0] != "sign")
    places = iter(range(len(operands)))
    python = " ".join(word if kind == "sign" else str(next(places)) for kind, word in tokens)
    figures, cells = (
        tuple(dict.fromkeys(word for kind, word in operands if kind == wanted))
        for wanted in ("figure", "cell")
    )
    try:
        tree = ast.parse(python, mode="eval").body
    except (SyntaxError, MemoryError, RecursionError):
        raise FormulaError("should have fewer parentheses inside one another") from None
    return Formula(text, figures, cells, operands, tree)


def _tokens(text: str) -> Sequence[_Operand]:
    tokens: list[_Operand] = []
    place = 0
    while rest := text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None:
            raise FormulaError(
                "should be arithmetic over numbers, ids of sources and [cells], but holds"
                f" {rest[:20]!r}"
            )
        kind = str(match.lastgroup)
        tokens.append((kind, match[kind].strip()))
        place = match.end()
    if not tokens:
        raise FormulaError("should be arithmetic over numbers, ids of sources and [cells]")
    return tokens


def _check_order(tokens: Sequence[_Operand]) -> None:
    """Refuse tokens that Python would refuse, with a sentence; ``+`` before an operand too."""
    depth, wants_operand = 0, True
    for kind, word in (*tokens, ("end", "")):
        operand = kind != "sign" and kind != "end"
        opens = word in ("(", "-") and kind == "sign"
        if wants_operand and not operand and not opens:
            found = repr(word) if word else "the end"
            raise FormulaError(
                f"should have a number, the id of a source or a [cell] before {found}"
            )
        if not wants_operand and (operand or word == "("):
            raise FormulaError(f"should have an operator before {word!r}")
        depth += {"(": 1, ")": -1}.get(word, 0) if kind == "sign" else 0
        if depth < 0:
            raise FormulaError("should have an opening parenthesis for each closing one")
        wants_operand = kind == "sign" and word != ")"
    if depth:
        raise FormulaError("should have a closing parenthesis for each opening one")
