"""Suggestions of names that are close to a misspelt one."""

from __future__ import annotations

import difflib
from collections.abc import Collection


class Nearest:
    """Finds the closest of the names; after many different words it stops, to save time."""

    def __init__(self, names: Collection[str], comparisons: int = 100_000) -> None:
        self._folded = {name.casefold(): name for name in sorted(names)}
        self._budget = min(60, 1 + comparisons // (1 + len(names)))
        self._known: dict[str, str] = {}

    def __call__(self, word: str) -> str:
        """Return ``; did you mean 'x'?``, or nothing where no name is near."""
        if word not in self._known:
            if len(self._known) >= self._budget:
                return ""
            near = difflib.get_close_matches(word.casefold(), self._folded, n=1, cutoff=0.7)
            self._known[word] = f"; did you mean {self._folded[near[0]]!r}?" if near else ""
        return self._known[word]
