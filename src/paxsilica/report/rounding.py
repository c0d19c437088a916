"""Shares of coverage in per cent, rounded as in :mod:`paxsilica.plan.requirement`."""

from paxsilica.plan.requirement import cell_share, covered, required

__all__ = ["cell_share", "covered", "required"]
