"""Questions that need many solves: frontiers, alternatives, uncertainty, scenarios, the value of
partners, and explanations of decisions.

This module holds the names that the command line offers; it imports nothing.
"""

BREAK_EVEN_NUMBERS = ("capital", "variable cost", "price", "lead time")
"""Numbers of a project whose break-even value can be searched for."""

MOST_EXACT = 8
"""Most players for which every coalition is solved."""
