"""The terms of the page, in the words of the glossary of the documentation."""

from __future__ import annotations

GLOSSARY = {
    "adversary": (
        "The role of a region that is cut off, together with all plants that it controls elsewhere."
    ),
    "closest plan": (
        "The plan of objective security: the largest smallest part of what is reachable, then the"
        " largest averages of the stages, then the least cost. An infeasible case is reported with"
        " it."
    ),
    "coverage": (
        "The share of need that can be met after a cut-off, measured as standalone coverage and"
        " joint coverage."
    ),
    "cut-off": (
        "An event that makes plants and routes unavailable. In the coverage test, all plants"
        " located in, or controlled from, adversaries are cut off."
    ),
    "envelope": "The most that a funder can pay over the years of a case.",
    "funder": "An institution or programme that pays for projects.",
    "gap": "The distance between the objective of a plan and the bound.",
    "grade": "The quality of the source of a number, from A to D.",
    "joint coverage": (
        "The largest share of all needs of a year that can be met at once in a cut-off."
    ),
    "least budget": (
        "The least public money that meets the required coverage, with a proved bound."
    ),
    "limiting good": (
        "A good that cannot exceed the joint coverage in any operation that reaches it."
    ),
    "lost": (
        "The role of a region that is cut off as a host only. Plants of its firms elsewhere keep"
        " running."
    ),
    "nameplate share": (
        "The capacity that is not cut off, divided by need. It ignores inputs, control, credit and"
        " readiness."
    ),
    "need": (
        "The required supply of a commodity, computed from final demand and the recipes of the"
        " benchmark processes, net of what by-products of the chain return. Scrap at the end of"
        " life is supply and is not deducted."
    ),
    "open": "The role of a region that trades and is neither protected nor an adversary.",
    "operating support": (
        "What funders pay so that a plant that is ready for a cut-off earns its costs: its fixed"
        " cost, the annuity of its owner's capital and its loss at list prices, less its profit."
        " It can take the form of a price floor for the offtake quantity, or of a grant of the same"
        " value (grant equivalent)."
    ),
    "protected": "The role of a region whose need must be covered.",
    "public money": (
        "What funders pay in the years of the case: the public part of the capital of projects, and"
        " operating support."
    ),
    "shadow price": (
        "The change of the optimum for one more unit of a limit, a requirement or a good."
    ),
    "stage": "A step of the chain for which coverage is required and reported.",
    "standalone coverage": (
        "The largest share of the needs of one stage that can be made in a cut-off, whatever other"
        " stages make."
    ),
    "standby capacity": (
        "Capacity that runs enough in the normal state to be ready for a cut-off."
    ),
}
"""Definition by term, in alphabetical order."""
