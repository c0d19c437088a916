"""Formulas of provenance: how a number follows from figures of sources and from other cells.

A formula is arithmetic (``+ - * / ** ( )``) over numbers, figures of sources by their id
(``FAB-F103``) and cells in square brackets: ``[capex_usd_m]`` is a cell of the row that the formula
speaks of, ``[commodities|gallium|price_usd_per_unit]`` a cell elsewhere. An operator stands between
blanks, so that the hyphens inside an id are no minus.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)(?![\w-])|\[(?P<cell>[^\[\]]+)\]|(?P<figure>[A-Za-z][\w./]*(?:-[\w./]+)*)"
    r"|(?P<sign>\*\*|[-+*/()]))"
)


class FormulaError(ValueError):
    """A formula that is no arithmetic over numbers, figures and cells; the text says what would be
    right."""


@dataclass(frozen=True)
class Formula:
    """A formula, read: its parts in postfix order, and what it names."""

    text: str
    figures: tuple[str, ...]
    cells: tuple[str, ...]
    _postfix: tuple[tuple[str, str], ...]

    def value(self, figure: Callable[[str], float], cell: Callable[[str], float]) -> float:
        """Compute the formula with the figures of sources and the cells that it names."""
        stack: list[float] = []
        for kind, word in self._postfix:
            if kind == "number":
                stack.append(float(word))
            elif kind == "figure":
                stack.append(figure(word))
            elif kind == "cell":
                stack.append(cell(word))
            elif word == "negative":
                stack.append(-stack.pop())
            else:
                right, left = stack.pop(), stack.pop()
                stack.append(_apply(word, left, right))
        return stack[0]


def _apply(sign: str, left: float, right: float) -> float:
    match sign:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left / right
        case _:
            return float(left**right)


def read_formula(text: str) -> Formula:
    """Read a formula.

    >>> figures, cells = {"FAB-F103": 8.0}, {"size": 1.0}
    >>> read_formula("FAB-F103 * 0.5 + [size]").value(figures.__getitem__, cells.__getitem__)
    5.0

    Raises:
        FormulaError: if it cannot be read.
    """
    reader = _Reader(_tokens(text))
    reader.sum()
    if reader.place < len(reader.tokens):
        raise FormulaError(f"should have an operator before {reader.tokens[reader.place][1]!r}")
    named = {
        kind: tuple(dict.fromkeys(word for part, word in reader.postfix if part == kind))
        for kind in ("figure", "cell")
    }
    return Formula(text, named["figure"], named["cell"], tuple(reader.postfix))


def _tokens(text: str) -> Sequence[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    place = 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None:
            raise FormulaError(
                "should be arithmetic over numbers, ids of sources and [cells], but holds"
                f" {text[place:].strip()[:20]!r}"
            )
        kind = str(match.lastgroup)
        tokens.append((kind, match[kind].strip()))
        place = match.end()
    if not tokens:
        raise FormulaError("should be arithmetic over numbers, ids of sources and [cells]")
    return tokens


class _Reader:
    """Recursive descent over the tokens, one method per level of binding; what it reads goes to
    ``postfix``."""

    def __init__(self, tokens: Sequence[tuple[str, str]]) -> None:
        self.tokens, self.place = tokens, 0
        self.postfix: list[tuple[str, str]] = []

    def _sign(self, *signs: str) -> str:
        if (
            self.place < len(self.tokens)
            and self.tokens[self.place][0] == "sign"
            and self.tokens[self.place][1] in signs
        ):
            self.place += 1
            return self.tokens[self.place - 1][1]
        return ""

    def sum(self) -> None:
        self.product()
        while sign := self._sign("+", "-"):
            self.product()
            self.postfix.append(("sign", sign))

    def product(self) -> None:
        self.factor()
        while sign := self._sign("*", "/"):
            self.factor()
            self.postfix.append(("sign", sign))

    def factor(self) -> None:
        if self._sign("-"):
            self.factor()
            self.postfix.append(("sign", "negative"))
            return
        self.atom()
        if self._sign("**"):
            self.factor()
            self.postfix.append(("sign", "**"))

    def atom(self) -> None:
        if self._sign("("):
            self.sum()
            if not self._sign(")"):
                raise FormulaError("should have a closing parenthesis for each opening one")
        elif self.place < len(self.tokens) and self.tokens[self.place][0] != "sign":
            self.postfix.append(self.tokens[self.place])
            self.place += 1
        else:
            found = (
                f"{self.tokens[self.place][1]!r}" if self.place < len(self.tokens) else "the end"
            )
            raise FormulaError(
                f"should have a number, the id of a source or a [cell] before {found}"
            )
