"""Names that studies take and the command line offers, where nothing heavy need be loaded to know
them."""

FLIPS = ("capital", "variable cost", "shortage price", "lead time")
"""Numbers at which the verdict on a project may turn."""

DEFAULT_PLAYERS = (
    "Taiwan's signature=sign:TWN",
    "the Netherlands' signature=sign:NLD",
    "Canada's signature=sign:CAN",
    "the UAE's money=money:ARE",
    "Qatar's money=money:QAT",
)

MOST_EXACT = 8
"""Players up to which every coalition is solved."""
