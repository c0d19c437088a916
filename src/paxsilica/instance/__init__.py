"""The joined problem: tables and a case as frozen, indexed data that the model is written from."""

from paxsilica.instance.build import Instance, make_instance
from paxsilica.instance.operating_states import Copy
from paxsilica.instance.projects import Candidate, Funding, Payer
from paxsilica.instance.types import Arc, Arrow, Place
from paxsilica.instance.world import UNLIMITED, Plant, World

__all__ = [
    "UNLIMITED",
    "Arc",
    "Arrow",
    "Candidate",
    "Copy",
    "Funding",
    "Instance",
    "Payer",
    "Place",
    "Plant",
    "World",
    "make_instance",
]
