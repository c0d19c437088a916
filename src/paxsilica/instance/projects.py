"""Projects and funders as the model uses them: windows of commitment, capital due, possible
payments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from paxsilica.errors import Problem
from paxsilica.finance import MILLION, annuity_share, interest_factor
from paxsilica.instance.completion import Completion, completion_of, ramp_share
from paxsilica.instance.funder_deals import at_home, envelope_factor, signed_amounts, with_a_deal
from paxsilica.instance.running_costs import unit_costs
from paxsilica.instance.world import UNLIMITED, World
from paxsilica.tables.schema import Funder, Project


@dataclass(frozen=True)
class Candidate:
    """A project with its numbers by year.

    ``window`` holds the years in which it may be committed; ``size_years`` those in which size may
    be added. ``capex`` is the expected capital: what the data states times the capital factor of
    the status. All of it is paid, also for projects that are never completed. Capital that would
    fall due after the last year of the case is charged to the last year.
    """

    name: str
    title: str
    region: str
    stage: str | None
    process: str
    window: tuple[int, ...]
    size_years: tuple[int, ...]
    smallest: float
    largest: float
    size_step: float
    expandable: bool
    completion: Completion
    lead_time: int
    ramp: tuple[float, ...]
    decline: float
    spend_profile: tuple[float, ...]
    capex: Mapping[int, float]
    capex_per_unit: Mapping[int, float]
    scale: tuple[tuple[float, float], ...]
    fixed_cost: Mapping[int, float]
    fixed_cost_per_unit: Mapping[int, float]
    sponsor_share: float
    life: int | None
    discount_rate: float
    owner_rate: float
    prerequisites: tuple[str, ...]
    exclusive_group: str | None
    required: bool
    years: tuple[int, ...]

    @property
    def scalable(self) -> bool:
        """Whether its size is a choice."""
        return self.largest > self.smallest

    def saving(self, part: int) -> dict[int, float]:
        """USD million by year of commitment that a unit of size beyond a size of ``scale`` costs
        less than one below it. ``scale`` holds (size above the smallest, further share saved)."""
        return {v: self.scale[part][1] * cost for v, cost in self.capex_per_unit.items()}

    def charged_size(self, above: float) -> float:
        """Size above the smallest, less what economies of scale save of it: what is paid for at
        the cost of the first units."""
        return above - sum(share * max(0.0, above - size) for size, share in self.scale)

    @property
    def most_steps(self) -> int:
        """Whole steps from the smallest to the largest size."""
        return round((self.largest - self.smallest) / self.size_step)

    @property
    def online_from(self) -> int:
        """First year in which it could run."""
        return self.window[0] + self.lead_time if self.window else self.years[-1] + 1

    def credited_share(self, age: int) -> float:
        """Expected share of nameplate ``age`` years after the planned start: the chance of each
        delay times the ramp from then on."""
        return self.completion.credited_share(age, self.ramp, self.decline)

    def _profile(self, commitment: int, year: int) -> float:
        age = year - commitment
        share = self.spend_profile[age] if 0 <= age < len(self.spend_profile) else 0.0
        if year == self.years[-1] and age >= 0:
            share += sum(self.spend_profile[age + 1 :])
        return share

    def availability(self, year: int, of: tuple[int, ...]) -> dict[int, float]:
        """Coefficients on the cumulative decisions of the years ``of`` whose sum is the ramped
        share in service in ``year`` if all goes as planned."""
        return differences(
            of, {v: ramp_share(self.ramp, self._age(v, year), self.decline) for v in of}
        )

    def credited_availability(self, year: int, of: tuple[int, ...]) -> dict[int, float]:
        """The same for the expected ramped share, completed late or never included."""
        return differences(of, {v: self.credited_share(self._age(v, year)) for v in of})

    def in_service(self, year: int, of: tuple[int, ...]) -> dict[int, float]:
        """The same for the probability that the plant is in operation, ramped or not."""
        return differences(of, {v: self.completion.operating_share(self._age(v, year)) for v in of})

    def _age(self, commitment: int, year: int) -> int:
        """Years from the planned start of what is committed in a year to ``year``."""
        return year - commitment - self.lead_time

    @cached_property
    def spend(self) -> dict[int, dict[int, float]]:
        """By year of payment: USD million due per unit of the cumulative commitment of each year of
        the window."""
        return {
            year: differences(
                self.window, {v: self.capex[v] * self._profile(v, year) for v in self.window}
            )
            for year in self.years
        }

    @cached_property
    def spend_on_size(self) -> dict[int, dict[int, float]]:
        """By year of payment: USD million due per unit of the cumulative size above the smallest,
        by year of its commitment."""
        if not self.scalable:
            return {year: {} for year in self.years}
        return {
            year: differences(
                self.size_years,
                {v: self.capex_per_unit[v] * self._profile(v, year) for v in self.size_years},
            )
            for year in self.years
        }

    def saved_on_size(self, part: int, year: int) -> dict[int, float]:
        """USD million less due in ``year`` per unit of the cumulative size beyond a size of
        ``scale``, by year of its commitment."""
        saving = self.saving(part)
        return differences(
            self.size_years, {v: saving[v] * self._profile(v, year) for v in self.size_years}
        )

    def capital_committed(
        self, year: int, of: tuple[int, ...], price: Mapping[int, float]
    ) -> dict[int, float]:
        """Coefficients on the cumulative decisions of the years ``of`` whose sum is the capital
        committed by ``year``, due or not."""
        past = tuple(v for v in of if v <= year)
        return differences(past, {v: price[v] for v in past})

    @cached_property
    def payment_years(self) -> tuple[int, ...]:
        """Years in which some capital may fall due."""
        return tuple(
            year
            for year in self.years
            if any(self.spend[year].values()) or any(self.spend_on_size[year].values())
        )

    @property
    def least_public_capital(self) -> float:
        """Capital of its largest size that is not the owner's, in the year in which it is smallest,
        USD million."""
        least = min((self.capex[v] for v in self.window), default=0.0)
        if self.scalable:
            least += min(
                (self.capex_per_unit[v] for v in self.size_years), default=0.0
            ) * self.charged_size(self.largest - self.smallest)
        return (1 - self.sponsor_share) * least

    @property
    def largest_capital(self) -> float:
        """The most capital that it can take, USD million: the natural big-M of what is paid for
        it."""
        most = max((self.capex[v] for v in self.window), default=0.0)
        if self.scalable:
            most += max((self.capex_per_unit[v] for v in self.size_years), default=0.0) * (
                self.largest - self.smallest
            )
        return most

    @cached_property
    def annuity(self) -> float:
        """What a USD of capital costs in each year of the economic life, interest during
        construction included, at the social discount rate; 0 where no life is stated."""
        return self._annuity(self.discount_rate)

    @cached_property
    def owner_annuity(self) -> float:
        """The same at the rate of the owner."""
        return self._annuity(self.owner_rate)

    def _annuity(self, rate: float) -> float:
        if self.life is None:
            return 0.0
        start = interest_factor(self.spend_profile, self.lead_time, rate)
        return start * annuity_share(rate, self.life)

    def charges(self, commitment: int) -> dict[int, float]:
        """Share of the capital committed in a year that is charged in each year of the case: the
        annuity from the planned start of operation on, for the economic life. Where no life is
        stated, all capital is charged as it falls due."""
        if self.life is None:
            shares = {year: self._profile(commitment, year) for year in self.years}
            return {year: share for year, share in shares.items() if share}
        start = commitment + self.lead_time
        return {year: self.annuity for year in self.years if start <= year < start + self.life}

    def owner_charges(
        self, year: int, of: tuple[int, ...], price: Mapping[int, float]
    ) -> dict[int, float]:
        """Coefficients on the cumulative decisions of the years ``of`` whose sum is the expected
        annuity of the owner's capital in ``year``, USD million: it is earned only in operation, so
        it counts with the probability that the plant operates."""
        last = (self.life or 0) - 1
        return differences(
            of,
            {
                v: self.sponsor_share
                * self.owner_annuity
                * price[v]
                * (self.completion.operating_share(age) if 0 <= age <= last else 0.0)
                for v in of
                for age in (self._age(v, year),)
            },
        )

    def obligation(self, commitment: int) -> float:
        """Annuities after the last year of the case, undiscounted, per USD of capital committed in
        a year."""
        end = commitment + self.lead_time + (self.life or 0)
        return self.annuity * max(0, end - 1 - self.years[-1])


def differences(of: tuple[int, ...], weight: Mapping[int, float]) -> dict[int, float]:
    """Turns weights on the step ``c[v] - c[v-1]`` into coefficients on the cumulative ``c[v]``;
    zeros left out."""
    coefficients = {}
    for position, year in enumerate(of):
        later = weight[of[position + 1]] if position + 1 < len(of) else 0.0
        if abs(weight[year] - later) > 1e-12:  # equal but for rounding is equal
            coefficients[year] = weight[year] - later
    return coefficients


def steps(of: tuple[int, ...], coefficients: Mapping[int, float]) -> dict[int, float]:
    """The inverse of :func:`differences`: weights on the steps of each year.

    >>> steps((2030, 2031), differences((2030, 2031), {2030: 3.0, 2031: 2.0}))
    {2030: 3.0, 2031: 2.0}
    """
    weight: dict[int, float] = {}
    later = 0.0
    for year in reversed(of):
        later += coefficients.get(year, 0.0)
        weight[year] = later
    return {year: weight[year] for year in of}


@dataclass(frozen=True)
class FunderTerms:
    """A funder that takes part, with what it delivers (USD million).

    ``limit`` is by year, ``inf`` where only the envelope binds; a year in which it does not take
    part is not in it.
    """

    name: str
    title: str
    region: str
    envelope: float
    limit: Mapping[int, float]
    carry_over: bool
    largest_share: float
    smallest_ticket: float


@dataclass(frozen=True)
class Funding:
    """Who may pay for what: ``pairs`` maps (funder, project) to the largest sum, USD million.

    Attributes:
        signed: what a funder is bound to pay into a project by (funder, project), USD million.
        preferred: (funder, project) at home of the funder, or with a deal of any state.
        mandate_limits: (funder, stage, region, USD million, projects that the mandate fits).
    """

    funders: Mapping[str, FunderTerms]
    pairs: Mapping[tuple[str, str], float]
    mandate_limits: tuple[tuple[str, str, str, float, tuple[str, ...]], ...]
    signed: Mapping[tuple[str, str], float]
    preferred: frozenset[tuple[str, str]]

    def above_share(self, funder: str, candidate: Candidate) -> float:
        """USD million by which a signed deal exceeds the largest share of its funder in the
        smallest capital of the project; zero without such a deal."""
        share = self.funders[funder].largest_share
        least = min((candidate.capex[v] for v in candidate.window), default=0.0)
        return max(0.0, self.signed.get((funder, candidate.name), 0.0) - share * least)


def make_candidate(world: World, row: Project) -> Candidate:
    """The numbers of one project of the case."""
    case = world.case
    years = tuple(case.span())
    last_start = min(case.years[1], row.latest_commitment or case.years[1])
    window = tuple(
        year
        for year in range(
            max(case.years[0], row.earliest_commitment or case.years[0]), last_start + 1
        )
        if year + row.lead_time_years <= case.years[1]
    )
    if row.commitment == "forbidden":
        window = ()
    if row.commitment == "required" and not window:
        world.problems.append(
            Problem(
                "projects",
                row.project,
                "commitment",
                "required",
                "it cannot come into service within the years of the case",
            )
        )
    size_years = (
        tuple(year for year in range(window[0], case.years[1] - row.lead_time_years + 1))
        if window and row.expandable
        else window
    )
    plant = world.plants[row.project]

    def by_year(column: str, of: tuple[int, ...], default: float | None = None) -> dict[int, float]:
        return {year: world.number("projects", row, column, year, default) for year in of}

    def expected(stated: dict[int, float]) -> dict[int, float]:
        return {year: world.capital_factor(row.status) * amount for year, amount in stated.items()}

    by_process = {year: unit_costs(world, row, year)[1] / MILLION for year in years}
    return Candidate(
        name=row.project,
        title=row.name,
        region=row.region,
        stage=plant.stage,
        process=row.process,
        window=window,
        size_years=size_years if row.largest_size > row.smallest_size else (),
        smallest=row.smallest_size,
        largest=row.largest_size,
        size_step=row.size_step or 0.0,
        expandable=bool(row.expandable),
        completion=completion_of(world, row),
        lead_time=row.lead_time_years,
        ramp=row.ramp_profile or (1.0,),
        decline=row.decline_rate or 0.0,
        spend_profile=row.spend_profile or (1.0,),
        capex=expected(by_year("capex_usd_m", window)),
        capex_per_unit=expected(by_year("capex_usd_m_per_unit", size_years, 0.0)),
        scale=_scale(row),
        fixed_cost={
            year: own + row.smallest_size * by_process[year]
            for year, own in by_year("fixed_cost_usd_m", years, 0.0).items()
        },
        fixed_cost_per_unit={
            year: own + by_process[year]
            for year, own in by_year("fixed_cost_usd_m_per_unit", years, 0.0).items()
        },
        sponsor_share=row.sponsor_share or 0.0,
        life=row.economic_life_years,
        discount_rate=case.finance.discount_rate,
        owner_rate=(
            case.finance.discount_rate
            if row.sponsor_cost_of_capital is None
            else row.sponsor_cost_of_capital
        ),
        prerequisites=row.prerequisites or (),
        exclusive_group=row.exclusive_group,
        required=row.commitment == "required",
        years=years,
    )


def _scale(row: Project) -> tuple[tuple[float, float], ...]:
    """(size above the smallest, share that a unit beyond it saves in addition), in rising order."""
    before, found = 0.0, []
    for size, saved in zip(row.scale_sizes or (), row.scale_savings or (), strict=True):
        found.append((size - row.smallest_size, saved - before))
        before = saved
    return tuple(found)


def make_funder_terms(world: World, row: Funder) -> FunderTerms | None:
    """The funder as the case sees it, or ``None`` if it does not take part in any year."""
    case = world.case
    if row.funder in case.funders.exclude or row.region in case.funders.exclude_regions:
        return None
    delivery = (
        1.0 if row.delivery_factor is None else row.delivery_factor
    ) * case.funders.delivery_factor
    scale = delivery * envelope_factor(case, row)
    stated = case.funders.envelopes_usd_m.get(row.funder)
    envelope = row.envelope_usd_m if stated is None else stated
    limit = {
        year: world.number("funders", row, "annual_limit_usd_m", year, UNLIMITED) * scale
        for year in case.span()
        if (row.from_year or year) <= year <= (row.to_year or year) and world.pays(row.region, year)
    }
    if not limit or delivery == 0.0 or stated == 0.0:
        return None
    return FunderTerms(
        name=row.funder,
        title=row.name,
        region=row.region,
        envelope=UNLIMITED if envelope is None else envelope * delivery,
        limit=limit,
        carry_over=row.carry_over,
        largest_share=1.0 if row.largest_share is None else row.largest_share,
        smallest_ticket=row.smallest_ticket_usd_m or 0.0,
    )


def make_funding(world: World, candidates: Mapping[str, Candidate]) -> Funding | None:
    """Who may pay for what; ``None`` where the data has no funders."""
    if not world.tables.funders:
        return None
    funders = {
        terms.name: terms
        for row in world.tables.funders
        if (terms := make_funder_terms(world, row)) is not None
    }
    mandates = [row for row in world.tables.mandates if row.funder in funders]
    bound = {row.funder for row in mandates}
    public = {name: candidate.least_public_capital for name, candidate in candidates.items()}
    signed = signed_amounts(world, funders, public)
    pairs = {}
    for funder, terms in sorted(funders.items()):
        for project, candidate in sorted(candidates.items()):
            rows = [
                row
                for row in mandates
                if row.funder == funder
                and row.stage in ("*", candidate.stage)
                and row.region in ("*", candidate.region)
            ]
            most = min(
                max(
                    terms.largest_share * candidate.largest_capital,
                    signed.get((funder, project), 0.0),
                ),
                (1 - candidate.sponsor_share) * candidate.largest_capital,
                terms.envelope,
            )
            pays_in_time = any(year in terms.limit for year in candidate.payment_years)
            if (
                (rows or funder not in bound)
                and pays_in_time
                and most > 0
                and most >= terms.smallest_ticket
            ):
                pairs[funder, project] = most
    limits = tuple(
        (
            row.funder,
            row.stage,
            row.region,
            row.largest_usd_m,
            tuple(
                project
                for (funder, project) in pairs
                if funder == row.funder
                and row.stage in ("*", candidates[project].stage)
                and row.region in ("*", candidates[project].region)
            ),
        )
        for row in mandates
        if row.largest_usd_m is not None
    )
    for funder, project in sorted(set(signed) - set(pairs)):
        words = (
            f"the deal binds {funder}, which may not pay for the project: its mandates, years or"
            ' envelope do not allow it; correct the data, or set funders.deals = "none"'
        )
        world.problems.append(Problem("deals", "", "project", project, words))
    preferred = with_a_deal(world) | {
        (funder, project)
        for funder, project in pairs
        if at_home(world, funders[funder].region, candidates[project].region)
    }
    return Funding(funders, pairs, limits, signed, preferred)


def unfundable(candidates: Mapping[str, Candidate], funding: Funding | None) -> frozenset[str]:
    """Projects whose public share the funders that may pay for them cannot reach together."""
    if funding is None:
        return frozenset()
    dead = set()
    for name, candidate in candidates.items():
        least = min((candidate.capex[year] for year in candidate.window), default=0.0) * (
            1 - candidate.sponsor_share
        )
        reach = sum(
            funding.pairs[terms.name, name]
            for terms in funding.funders.values()
            if (terms.name, name) in funding.pairs
        )
        if least > 0 and reach < least * (1 - 1e-9):
            dead.add(name)
    return frozenset(dead)
