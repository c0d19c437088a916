"""A case: the question to the data, read from a TOML file; unknown keys are refused."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from copy import deepcopy
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from paxsilica.bundled import case_files, policy_files
from paxsilica.case_options import LARGEST_WHOLE, SOLVER_OPTIONS
from paxsilica.case_words import (
    explain,
    explain_syntax,
    names_of_keys,
    section_of,
    takes_text,
    takes_truth_values,
)
from paxsilica.errors import InputError
from paxsilica.renames import in_case, instruction
from paxsilica.tables.characters import check_name, check_text
from paxsilica.tables.columns import SMALLEST_RATE
from paxsilica.tables.schema import Status

Share = Annotated[float, Field(ge=0, le=1)]
FIRST_YEAR, LAST_YEAR = 1900, 2200
CaseYear = Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR)]

DATA_KEY = "data"
"""Key of a case file, and not of the case: where its tables are."""

LEAST_GAP = 1e-9
LONGEST_SEARCH_S = 1e7


class Section(BaseModel):
    """A section of a case: frozen, without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _of_its_kind(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse what would be converted without a word: a truth value is no number, a number is no
        truth value, and digits are 0 to 9."""
        field = cls.model_fields[str(info.field_name)]
        if takes_truth_values(field):
            absent = value is None and field.default is None
            wrong = not isinstance(value, bool) and not absent
        elif section_of(field) is not None or info.field_name == "options":
            wrong = False
        else:
            wrong = any(
                isinstance(part, bool)
                or (isinstance(part, str) and part.isdecimal() and not part.isascii())
                for part in _parts(value)
            )
        if wrong and not takes_text(field):
            raise PydanticCustomError("wrong_kind", "is of another kind")
        return value


def _parts(value: Any) -> Iterable[Any]:
    """The values inside a value."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield name
            yield from _parts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _parts(part)
    else:
        yield value


def _path(value: Any) -> Any:
    """A share for every year, or ``{year = share}``; the keys of TOML are text."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {0: float(value)}
    if isinstance(value, Mapping):
        if not value or not all(_is_year(year) or str(year) == "0" for year in value):
            raise ValueError(
                "should be a share, or shares by year such as {2028 = 0.4}; a year lies between"
                f" {FIRST_YEAR} and {LAST_YEAR}"
            )
        if len(value) > 1 and "0" in map(str, value):
            raise ValueError("should be a share for every year, or shares by year, not both")
        return {int(year): share for year, share in value.items()}
    return value


def _is_year(text: Any) -> bool:
    digits = str(text)
    return digits.isascii() and digits.isdecimal() and FIRST_YEAR <= int(digits) <= LAST_YEAR


SharePath = Annotated[dict[int, Share], BeforeValidator(_path)]
"""Shares at anchor years, linear between and constant beyond them; a number alone holds in every
year."""


class Coverage(Section):
    """The required security: the share of the need that must be served when adversaries are cut
    off."""

    required: SharePath = Field(
        description="share of need and of final demand, in every stage that `stages` does not name"
    )
    stages: dict[str, SharePath] = Field({}, description="share by stage")
    from_year: CaseYear = Field(description="first year in which coverage is required")
    from_years: dict[str, CaseYear] = Field({}, description="first year by commodity")
    hard: bool = Field(
        description="true: must be met; false: the shortfall costs the value added at risk"
    )
    shortfall_weight: Annotated[float, Field(ge=1e-6, le=1e6)] = Field(
        1.0, description="factor on the value added at risk of missing coverage"
    )
    listed_uses: tuple[str, ...] = Field(
        (),
        description=(
            "commodities that are not covered and whose final demand may stay unserved in a cut-off"
        ),
    )
    outage_years: Annotated[int, Field(ge=1, le=100)] = Field(
        1, description="years for which a strategic stock must last"
    )


class Concentration(Section):
    """A cap on the share of one region in what is made when adversaries are cut off."""

    max_share: Share = Field(description="largest share of one region in a covered commodity")
    from_year: CaseYear = Field(description="first year in which the cap holds")
    hard: bool = Field(
        description="true: must be met; false: the excess is paid for at the shortage price"
    )


def _statuses(value: Any) -> Any:
    """A list of statuses, which hold in every year, or ``{status = first year}``."""
    listed = isinstance(value, list | tuple) and all(isinstance(part, str) for part in value)
    return dict.fromkeys(value, 0) if listed else value


def _known_from(value: dict[Any, int]) -> dict[Any, int]:
    for name, year in value.items():
        if year != 0 and not _is_year(year):
            raise ValueError(
                f"the first year of {name}, {year}, should lie between {FIRST_YEAR} and {LAST_YEAR}"
            )
    return value


StatusesFrom = Annotated[dict[Status, int], BeforeValidator(_statuses), AfterValidator(_known_from)]
RegionsFrom = Annotated[dict[str, int], BeforeValidator(_statuses), AfterValidator(_known_from)]


class Roles(Section):
    """The role of each region in each year, from its status: protected, open or adversary."""

    protected: StatusesFrom = Field(
        {"signatory": 0},
        description=(
            "statuses of protected regions, or {status = first year}; before that year the other"
            " keys decide"
        ),
    )
    adversary: StatusesFrom = Field(
        {"adversary": 0},
        description=(
            "statuses of adversaries, or {status = first year}: cut off with all plants that they"
            " control elsewhere; what is neither protected nor an adversary is open"
        ),
    )
    lost: RegionsFrom = Field(
        {},
        description=(
            "regions that are cut off as hosts only, or {region = first year}: plants of their"
            " firms elsewhere keep running"
        ),
    )
    lost_funders_pay: bool | None = Field(
        None, description="whether funders of lost regions still pay; needed if regions are lost"
    )

    @model_validator(mode="after")
    def _funders_of_lost(self) -> Self:
        if self.lost and self.lost_funders_pay is None:
            raise ValueError("lost_funders_pay should be true or false where regions are lost")
        return self


class Need(Section):
    """Whose need is covered."""

    regions: Literal["protected", "protected+open"] = Field(
        "protected+open", description="roles of the regions whose need must be covered"
    )


class Access(Section):
    """Supply from open regions in a cut-off."""

    open: Share = Field(
        1.0,
        description=(
            "share of the existing capacity in open regions that is within reach; plants that a"
            " protected region controls and plants of the plan count in full"
        ),
    )


class Funders(Section):
    """Changes to the funders of the data."""

    exclude: tuple[str, ...] = Field((), description="funders that are absent")
    exclude_regions: tuple[str, ...] = Field((), description="regions whose funders are absent")
    delivery_factor: Share = Field(1.0, description="factor on each funder's own delivery factor")
    envelopes_usd_m: dict[str, Annotated[float, Field(ge=0, le=1e9)]] = Field(
        {},
        description=(
            "envelopes that differ from the data, by funder, before delivery factors; annual limits"
            " change in the same proportion"
        ),
    )
    deals: Literal["rows", "none"] = Field(
        "rows",
        description=(
            "rows: signed and closed deals bind their funder to their project, in their amount;"
            " none: deals bind nobody"
        ),
    )
    preference: Share = Field(
        0.0,
        description=(
            "weight of a USD that a funder pays outside its home region into a project on which it"
            " has no deal; part of the objective and of no cost; 0: no preference"
        ),
    )


def _rate(value: float) -> float:
    if 0 < abs(value) < SMALLEST_RATE:
        raise ValueError(f"should be 0, or at least {SMALLEST_RATE:.6f} above or below it")
    return value


class Finance(Section):
    """Comparison of money at different times."""

    discount_rate: Annotated[float, Field(ge=-0.5, le=1), AfterValidator(_rate)] = Field(
        description="real, per year; the first year of the case is not discounted"
    )
    public_funds_cost: Annotated[float, Field(ge=1, le=10)] = Field(
        1.0, description="what a USD of public capital costs the economy; absent: 1"
    )
    price_year: CaseYear | None = Field(None, description="price year of all USD; for display")


class Demand(Section):
    """Demand to serve."""

    variant: str = Field("central", description="other variants in `demand` are left out")


class Operation(Section):
    """Operation of plants."""

    readiness: bool = Field(
        True, description="whether a plant must run in normal times to be ready for a cut-off"
    )


class Support(Section):
    """Operating support: what keeps a plant ready that would otherwise lose money."""

    pay: bool = Field(
        True,
        description=(
            "whether funders pay operating support; false: it is neither computed nor paid"
        ),
    )


class Budget(Section):
    """What the budget limits."""

    covers: Literal["money", "capital"] = Field(
        "money",
        description=(
            "money: public capital and operating support together; capital: public capital alone"
        ),
    )


class Solver(Section):
    """Limits and options of the search."""

    gap: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.005, description=f"relative gap at which the search ends: 0, or at least {LEAST_GAP:g}"
    )
    time_limit_s: Annotated[float, Field(gt=0, le=LONGEST_SEARCH_S)] = Field(
        600.0, description="seconds for the search"
    )
    threads: Annotated[int, Field(ge=1, le=64)] = Field(2, description="threads of the solver")
    seed: Annotated[int, Field(ge=0, le=LARGEST_WHOLE)] = Field(0, description="seed of the solver")
    method: Literal["auto", "monolith", "decomposition", "rounding"] = Field(
        "auto",
        description=(
            "monolith: one program for all operating states; decomposition: a program for the"
            " decisions and one for each disrupted state of a scenario; auto: one of these by the"
            " number of such states; rounding: the linear relaxation rounded to a plan, whatever"
            " its gap"
        ),
    )
    options: dict[str, float | int | str | bool] = Field(
        {}, description="options of HiGHS: " + ", ".join(SOLVER_OPTIONS)
    )

    @model_validator(mode="after")
    def _known_options(self) -> Self:
        for name, value in self.options.items():
            wanted = SOLVER_OPTIONS.get(name)
            if wanted is None:
                near = get_close_matches(name, SOLVER_OPTIONS, 1)
                guess = f"; did you mean {near[0]}?" if near else ""
                raise ValueError(f"{name!r} should be one of {', '.join(SOLVER_OPTIONS)}{guess}")
            if not wanted.admits(value):
                shown = str(value).lower() if isinstance(value, bool) else repr(value)
                raise ValueError(f"option {name!r} should be {wanted.expected}, not {shown}")
        return self

    @field_validator("gap")
    @classmethod
    def _gap_above_noise(cls, gap: float) -> float:
        if 0 < gap < LEAST_GAP:
            raise ValueError(f"should be 0, or at least {LEAST_GAP:g}")
        return gap


Title = Annotated[str, Field(max_length=1000), AfterValidator(check_text)]


def _bundled_cases(value: Any) -> Any:
    """A name, or a list of names, of bundled cases."""
    names = (value,) if isinstance(value, str) else value
    known = case_files()
    if isinstance(names, list | tuple):
        for name in names:
            if isinstance(name, str) and name not in known:
                raise ValueError(f"{name!r} should be a bundled case ({', '.join(known)})")
    return names


NamesOfCases = Annotated[tuple[str, ...], BeforeValidator(_bundled_cases)]


class Case(Section):
    """A question to the data. ``--set key=value`` takes the same keys as a case file
    (``coverage.hard=true``)."""

    name: Annotated[str, Field(max_length=80), AfterValidator(check_name)] = Field(
        "case",
        description="name of the case and of the folder of its plan; absent: the name of the file",
    )
    title: Title = Field("", description="title for reports")
    question: Title = Field("", description="the question in a sentence")
    see_also: NamesOfCases = Field(
        (),
        description=(
            "bundled cases that use the funders and stages which this case leaves unused; the"
            " summary of a plan names them"
        ),
    )
    years: tuple[CaseYear, CaseYear] = Field(description='first and last year, written "2026-2040"')
    objective: Literal["cost", "security", "budget"] = Field(
        "cost",
        description=(
            "cost: least expected discounted cost; security: the plan that comes closest to the"
            " required coverage; budget: least public money for the required coverage"
        ),
    )
    budget_usd_m: Annotated[float, Field(ge=0, le=1e9)] | None = Field(
        None, description="limit on what all funders together pay; absent: no limit"
    )
    roles: Roles = Roles()
    need: Need = Need()
    access: Access = Access()
    funding: StatusesFrom = Field(
        {"signatory": 0}, description="statuses whose funders pay, or {status = first year}"
    )
    policy: str | None = Field(
        None,
        description="bundled policy target, whose coverage and concentration the case uses",
    )
    membership: dict[str, Status] = Field(
        {}, description="regions whose status differs from the data, in every year"
    )
    partners: tuple[str, ...] = Field(
        (),
        description=(
            "players of the study of partners, each written NAME=sign:REGION (a signature) or"
            " NAME=money:REGION (the money of its funders); absent: every participant and every"
            " region whose funders pay"
        ),
    )
    generic_options: bool = Field(
        True, description="whether generic options (projects with generic = yes) are candidates"
    )
    coverage: Coverage | None = Field(None, description="absent: no coverage is required")
    concentration: Concentration | None = Field(None, description="absent: no cap")
    funders: Funders = Funders()
    demand: Demand = Demand()
    scenarios: tuple[str, ...] | dict[str, Share] | None = Field(
        None,
        description="names, or {scenario = probability}; absent: one scenario without events",
    )
    finance: Finance
    operation: Operation = Operation()
    support: Support = Support()
    budget: Budget = Budget()
    solver: Solver = Solver()

    @model_validator(mode="before")
    @classmethod
    def _split_years(cls, raw: Any) -> Any:
        if isinstance(raw, dict) and isinstance(raw.get("years"), str | int):
            parts = [part.strip() for part in str(raw["years"]).split("-")]
            if len(parts) > 2 or not all(map(_is_year, parts)):
                # The key itself is refused, beside every other problem of the case.
                return raw | {"years": None}
            raw = raw | {"years": (int(parts[0]), int(parts[-1]))}
        return raw

    def __repr__(self) -> str:
        title = f" ({self.title})" if self.title else ""
        return f"<Case {self.name!r}{title}: {self.years[0]}-{self.years[1]}>"

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        hard = None if self.coverage is None else self.coverage.hard
        if self.years[0] > self.years[1]:
            raise ValueError("years: the first year should not be after the last")
        if self.objective == "security" and hard is None:
            raise ValueError("objective: security needs a section coverage")
        if self.objective == "budget" and hard is not True:
            raise ValueError("objective: budget needs a section coverage with hard = true")
        if self.concentration is not None and self.coverage is None:
            raise ValueError("concentration: the cap holds in a cut-off and needs section coverage")
        if isinstance(self.scenarios, dict):
            total = sum(self.scenarios.values())
            if abs(total - 1) > 1e-6:
                raise ValueError(
                    f"scenarios: the probabilities should add up to 1, but add up to {total:g}"
                )
        return self

    def span(self) -> range:
        """The years of the case."""
        return range(self.years[0], self.years[1] + 1)


def known_keys() -> list[str]:
    """Every key that a case file or ``--set`` may use, dotted."""
    return names_of_keys(Case)


def parse_setting(text: str) -> tuple[str, Any]:
    """``key=value`` of the command line, the value written as in TOML; a word alone is text.

    >>> parse_setting("coverage.hard=true"), parse_setting("years=2026-2035")
    (('coverage.hard', True), ('years', '2026-2035'))
    """
    key, sign, value = text.partition("=")
    if not sign or not key.strip():
        words = "should be written key=value, such as budget_usd_m=20000"
        raise InputError.of(words, table="--set", value=text)
    try:
        return key.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key.strip(), value.strip()


def _place(raw: dict[str, Any], dotted: str, value: Any) -> None:
    *path, last = dotted.split(".")
    for part in path:
        inner = raw.setdefault(part, {})
        if not isinstance(inner, dict):
            inner = raw[part] = {}
        raw = inner
    raw[last] = value


def _policy_sections(policy: str, name: str) -> dict[str, Any]:
    """The coverage and the cap on concentration of a policy target."""
    known = policy_files()
    if policy not in known:
        words = f"should be one of the bundled policy targets: {', '.join(known)}"
        raise InputError.of(words, table=f"case {name}", column="policy", value=policy)
    content = tomllib.loads(known[policy].read_text(encoding="utf-8"))
    return {key: content[key] for key in ("coverage", "concentration") if key in content}


def make_case(raw: Mapping[str, Any], settings: Iterable[str] = (), name: str = "case") -> Case:
    """A checked case from the content of a TOML file and ``key=value`` settings that override it.

    Raises:
        InputError: with every unknown key and every value out of bounds.
    """
    merged = deepcopy(dict(raw))
    placed = [parse_setting(setting) for setting in settings]
    for key, value in placed:
        _place(merged, key, value)
    if old := in_case(merged):
        raise InputError.of(instruction(old, "rename them"), table=f"case {name}")
    merged.setdefault("name", name)
    if isinstance(merged.get("policy"), str):
        merged |= _policy_sections(merged["policy"], name)
        for key, value in placed:
            _place(merged, key, value)
    try:
        return Case.model_validate(merged)
    except ValidationError as error:
        raise InputError(explain(name, Case, merged, error)) from None


def named_tables(path: Path) -> Path | None:
    """The tables that the key ``data`` of the case file ``path`` names, relative to the file.

    ``None`` where it names none, and where the file has problems, which :func:`read_case` reports.
    """
    try:
        named = tomllib.loads(path.read_text(encoding="utf-8-sig")).get(DATA_KEY)
    except (OSError, ValueError):
        return None
    return path.parent / named if isinstance(named, str) and named else None


def _without_tables(raw: dict[str, Any], path: Path) -> dict[str, Any]:
    """The content of a case file without the key that names its tables.

    Raises:
        InputError: if the key holds anything but a path.
    """
    named = raw.pop(DATA_KEY, None)
    if named is not None and not (isinstance(named, str) and named):
        words = (
            "should be the path of a folder of tables or a workbook, from the folder of the case"
            ' file, such as "."'
        )
        raise InputError.of(words, table=f"case {path.name}", column=DATA_KEY, value=str(named))
    return raw


def read_case(path: Path, settings: Iterable[str] = ()) -> Case:
    """The case in the TOML file ``path``; its key ``data`` is left to :func:`named_tables`.

    Raises:
        InputError: if the file cannot be read as TOML, has keys of an earlier version, unknown keys
            or values out of bounds.
    """
    try:
        # Some editors put a byte order mark at the beginning of a file.
        text = path.read_text(encoding="utf-8-sig")
        raw = tomllib.loads(text)
    except FileNotFoundError:
        words = "there is no such file; `paxsilica cases` lists the bundled cases"
        raise InputError.of(words, table=f"case {path}") from None
    except UnicodeDecodeError:
        raise InputError.of("should be text saved as UTF-8", table=f"case {path.name}") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError([explain_syntax(path.name, text, error)]) from None
    except OSError as error:
        words = f"should be a file that can be read ({error})"
        raise InputError.of(words, table=f"case {path.name}") from None
    if old := in_case(raw):
        command = f"run `paxsilica upgrade {path}`"
        raise InputError.of(instruction(old, command), table=f"case {path.name}")
    return make_case(_without_tables(raw, path), settings, path.stem)
