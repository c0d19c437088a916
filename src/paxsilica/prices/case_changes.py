"""Prices of what is no sum and no limit: a year of lead time, a region's standing. The data or the
case is changed and solved again."""

from __future__ import annotations

from dataclasses import replace

from paxsilica.case import Case, Solver
from paxsilica.instance.world import World
from paxsilica.prices.finite_difference import Basis, decisions, fall, refuse, search, written
from paxsilica.prices.priced_items import saved
from paxsilica.prices.table import Price, number
from paxsilica.tables import Tables


def sooner(tables: Tables, project: str) -> Tables:
    """Tables in which a project takes a year less from commitment to operation."""
    rows = {row.project: row for row in tables.projects}
    if project not in rows:
        raise refuse("sooner", project, "should be a project of the data")
    row = rows[project]
    if row.lead_time_years == 0:
        raise refuse("sooner", project, "has no lead time to be shortened")
    faster = row.model_copy(update={"lead_time_years": row.lead_time_years - 1})
    return replace(
        tables,
        projects=tuple(faster if other.project == project else other for other in tables.projects),
    )


def toggled(world: World, region: str) -> tuple[Case, bool, str]:
    """The case with a region's standing turned: trusted if it is not in the last year, not trusted
    if it is.

    Returns:
        the case, whether the region is trusted in it, and its standing there.
    """
    case = world.case
    if region not in world.regions or world.regions[region].kind == "hub":
        raise refuse("member", region, "should be a country or group of the data")
    last = case.years[1]
    if world.trusted(region, last):
        standing = next(
            (
                status
                for status in ("neutral", "untrusted", "participant")
                if status not in case.trusted
            ),
            None,
        )
    else:
        # without its money if the case knows such a standing, so that trust is priced and not its
        # funders
        standing = next(
            (status for status in case.trusted if status not in case.funding),
            next(iter(case.trusted), None),
        )
    if standing is None or not world.tables.membership:
        raise refuse("member", region, "the case knows no other standing that it could have")
    joins = standing in case.trusted
    return (
        case.model_copy(update={"membership": {**case.membership, region: standing}}),
        joins,
        standing,
    )


def changed_price(
    basis: Basis,
    what: str,
    where: str,
    tables: Tables,
    case: Case,
    better: bool,
    options: Solver,
    words: str,
) -> Price:
    """What a change of the data or of the case is worth, by solving again.

    Args:
        basis: the case as solved.
        what, where: as in the table of prices.
        tables, case: with the change.
        better: whether the change is the thing priced, or its absence.
        options: of the solver.
        words: what happens, for the sentence.
    """
    _, program = written(tables, case)
    other = search(program, options, start=decisions(program.column_at, basis.known()))
    change = fall(basis.solved, other) if better else fall(other, basis.solved)
    meaning = (
        f"{words} {saved(basis.instance)} by {number(change.value)} USD million, found by solving"
        f" again; the truth lies between {number(change.low)} and {number(change.high)}; positive:"
        " worth having."
    )
    undecided = "yes" if change.undecided else "no"
    return Price(
        what,
        where,
        None,
        "resolve",
        change.value,
        change.low,
        change.high,
        "USD million",
        meaning,
        "",
        undecided,
    )


def sooner_price(basis: Basis, project: str, options: Solver) -> Price:
    """What a project is worth more if it takes a year less."""
    words = f"A year less of lead time of {project} lowers"
    return changed_price(
        basis, "lead time", project, sooner(basis.tables, project), basis.case, True, options, words
    )


def member_price(basis: Basis, region: str, options: Solver) -> Price:
    """What it is worth that a region is trusted: against its being neutral if it is, against its
    being so if it is not."""
    world = basis.instance.world
    case, joins, standing = toggled(world, region)
    funders = [row.funder for row in basis.tables.funders if row.region == region]
    pays = world.pays(region, basis.case.years[1])
    if funders and pays != (standing in case.funding):
        money = (
            f"the money of {', '.join(funders)} (the command partners tells trust and money apart)"
        )
    else:
        money = "no money"
    along = f"(with its plants, its demand among what must be covered, and {money})"
    words = (
        f"That {region} is {standing} {along} lowers"
        if joins
        else f"That {region} is trusted and not {standing} {along} lowers"
    )
    return changed_price(basis, "membership", region, basis.tables, case, joins, options, words)
