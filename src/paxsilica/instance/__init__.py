"""The joined problem: tables and a case as frozen, indexed data that the model is written from."""

from paxsilica.instance.assemble import Instance, make_instance
from paxsilica.instance.operating_states import OperatingState
from paxsilica.instance.projects import Candidate, FunderTerms, Funding
from paxsilica.instance.types import Arc, Arrow, Place
from paxsilica.instance.world import UNLIMITED, Plant, World

__all__ = [
    "UNLIMITED",
    "Arc",
    "Arrow",
    "Candidate",
    "FunderTerms",
    "Funding",
    "Instance",
    "OperatingState",
    "Place",
    "Plant",
    "World",
    "make_instance",
]
