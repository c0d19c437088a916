"""What a case may say: the question put to the data. One TOML file each, unknown keys refused."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from paxsilica.bundled import policy_files
from paxsilica.errors import InputError, Problem
from paxsilica.tables.schema import Status

Share = Annotated[float, Field(ge=0, le=1)]
CaseYear = Annotated[int, Field(ge=1900, le=2200)]

SOLVER_OPTIONS: Mapping[str, type] = {
    "mip_heuristic_effort": float,
    "mip_heuristic_run_rens": bool,
    "mip_heuristic_run_rins": bool,
    "mip_heuristic_run_root_reduced_cost": bool,
    "mip_pscost_minreliable": int,
    "mip_lp_solver": str,
    "presolve": str,
    "parallel": str,
    "mip_detect_symmetry": bool,
    "mip_allow_restart": bool,
    "primal_feasibility_tolerance": float,
    "dual_feasibility_tolerance": float,
    "mip_feasibility_tolerance": float,
}
"""Options handed on to HiGHS, which lets a misspelt one pass without an error."""


class Section(BaseModel):
    """Part of a case: frozen, and strict about keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def _path(value: Any) -> Any:
    """A share for every year, or anchors ``{year = share}``; TOML keys are text."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {0: float(value)}
    if isinstance(value, Mapping):
        return {int(year): share for year, share in value.items()}
    return value


SharePath = Annotated[dict[int, Share], BeforeValidator(_path)]
"""Shares at anchor years, linear between and constant beyond; a plain number holds in every
year."""


class Coverage(Section):
    """The security that is asked for: how much of its needs the trusted world can serve when it is
    cut off."""

    required: SharePath = Field(
        description=(
            "share of need and of final demand, in every stage or where `stages` says nothing else"
        )
    )
    stages: dict[str, SharePath] = Field({}, description="share by stage")
    from_year: CaseYear = Field(description="first year in which coverage is asked for")
    from_years: dict[str, CaseYear] = Field(
        {}, description="first year by commodity, where it differs"
    )
    hard: bool = Field(
        description=(
            "true: coverage must be met; false: what is missing is paid for at the shortage price"
        )
    )
    shortfall_weight: Annotated[float, Field(gt=0)] = Field(
        1.0, description="factor on the shortage price of missing coverage"
    )
    outage_years: Annotated[int, Field(ge=1)] = Field(
        1, description="years for which a strategic stock must last"
    )


class Concentration(Section):
    """A cap on what one region may make of what the trusted world makes when it is cut off."""

    max_share: Share = Field(
        description="largest share that one region may make of a covered commodity"
    )
    from_year: CaseYear = Field(description="first year in which the cap holds")
    hard: bool = Field(
        description="true: must be met; false: the excess is paid for at the shortage price"
    )


class Funders(Section):
    """Who pays, where the case departs from the data."""

    exclude: tuple[str, ...] = Field((), description="funders that are absent")
    exclude_regions: tuple[str, ...] = Field((), description="regions whose funders are absent")
    delivery_factor: Share = Field(1.0, description="on top of each funder's own")


class Finance(Section):
    """How money at different times is compared."""

    discount_rate: Annotated[float, Field(ge=-0.5, le=1)] = Field(
        description="real, per year; the first year of the case is not discounted"
    )
    residual_value: bool = Field(
        description=(
            "whether plants younger than their economic life at the end of the case are worth"
            " something"
        )
    )
    price_year: CaseYear | None = Field(
        None, description="year whose USD all money is in; for display"
    )


class Demand(Section):
    """Which demand is served."""

    variant: str = Field(
        "central", description="rows of `demand` with another variant are left out"
    )


class Operation(Section):
    """How plants are run."""

    readiness: bool = Field(
        True, description="whether a plant must run in normal times to be ready for a cut-off"
    )


class Solver(Section):
    """How hard to search."""

    gap: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.005, description="relative gap at which the search ends"
    )
    time_limit_s: Annotated[float, Field(gt=0)] = Field(600.0, description="seconds for the search")
    threads: Annotated[int, Field(ge=1, le=64)] = Field(2, description="threads of the solver")
    seed: Annotated[int, Field(ge=0)] = Field(0, description="seed of the solver")
    options: dict[str, float | int | str | bool] = Field(
        {}, description="options of HiGHS: " + ", ".join(SOLVER_OPTIONS)
    )

    @model_validator(mode="after")
    def _known_options(self) -> Self:
        for name, value in self.options.items():
            if name not in SOLVER_OPTIONS:
                near = get_close_matches(name, SOLVER_OPTIONS, 1)
                raise ValueError(
                    f"option {name!r} is not one of {', '.join(SOLVER_OPTIONS)}"
                    + (f"; did you mean {near[0]}?" if near else "")
                )
            wanted = SOLVER_OPTIONS[name]
            fits = (
                isinstance(value, int | float) and not isinstance(value, bool)
                if wanted is float
                else type(value) is wanted
            )
            if not fits:
                raise ValueError(
                    f"option {name!r} takes a value of type {wanted.__name__}, not {value!r}"
                )
        return self


def _statuses(value: Any) -> Any:
    """A list of statuses, trusted in every year, or ``{status = first year}``."""
    return dict.fromkeys(value, 0) if isinstance(value, list | tuple) else value


StatusesFrom = Annotated[dict[Status, int], BeforeValidator(_statuses)]


class Case(Section):
    """A question to the data. Every key of a case file, with ``--set key=value`` taking the same
    (``coverage.hard=true``)."""

    name: str = Field(
        "case",
        description="name of the case and of the folder of its plan; absent: the name of the file",
    )
    title: str = Field("", description="title for people")
    question: str = Field("", description="what is asked, in a sentence")
    years: tuple[CaseYear, CaseYear] = Field(description='first and last year, written "2026-2040"')
    objective: Literal["cost", "shortfall", "budget"] = Field(
        "cost",
        description=(
            "least expected discounted cost; least shortfall of coverage; or least public money for"
            " the coverage required"
        ),
    )
    budget_usd_m: Annotated[float, Field(ge=0)] | None = Field(
        None, description="most that all funders together pay for projects; absent: no limit"
    )
    trusted: StatusesFrom = Field(
        {"signatory": 0},
        description="statuses whose plants count in a cut-off, or {status = first year}",
    )
    funding: StatusesFrom = Field(
        {"signatory": 0}, description="statuses whose funders pay, or {status = first year}"
    )
    policy: str | None = Field(
        None,
        description=(
            "a bundled policy target (the file name in models/policies), whose coverage and"
            " concentration the case takes over"
        ),
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
    coverage: Coverage | None = Field(None, description="absent: no coverage is asked for")
    concentration: Concentration | None = Field(None, description="absent: no cap")
    funders: Funders = Funders()
    demand: Demand = Demand()
    scenarios: tuple[str, ...] | dict[str, Share] | None = Field(
        None,
        description=(
            "scenarios with the probabilities of the data, or {scenario = probability}; absent: one"
            " without events"
        ),
    )
    finance: Finance
    operation: Operation = Operation()
    solver: Solver = Solver()

    @model_validator(mode="before")
    @classmethod
    def _split_years(cls, raw: Any) -> Any:
        if isinstance(raw, dict) and isinstance(raw.get("years"), str | int):
            parts = str(raw["years"]).split("-")
            if all(part.strip().isdigit() for part in parts) and len(parts) <= 2:
                raw = raw | {"years": (int(parts[0]), int(parts[-1]))}
        return raw

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.years[0] > self.years[1]:
            raise ValueError("years: the first year must not come after the last")
        if self.objective == "shortfall" and (self.coverage is None or self.coverage.hard):
            raise ValueError(
                "objective: least shortfall needs a section coverage with hard = false"
            )
        if self.objective == "budget" and (self.coverage is None or not self.coverage.hard):
            raise ValueError("objective: least budget needs a section coverage with hard = true")
        if self.concentration is not None and self.coverage is None:
            raise ValueError(
                "concentration: the cap speaks of a cut-off and needs a section coverage"
            )
        if isinstance(self.scenarios, dict) and abs(sum(self.scenarios.values()) - 1) > 1e-6:
            raise ValueError(
                f"scenarios: the probabilities add up to {sum(self.scenarios.values()):g}, not to 1"
            )
        return self

    def span(self) -> range:
        """The years of the case."""
        return range(self.years[0], self.years[1] + 1)


def known_keys() -> list[str]:
    """Every key that a case file or ``--set`` may use, dotted."""
    keys = []
    for name, field in Case.model_fields.items():
        keys.append(name)
        for section in (Coverage, Concentration, Funders, Finance, Demand, Operation, Solver):
            if section.__name__.lower() == name and field is not None:
                keys += [f"{name}.{inner}" for inner in section.model_fields]
    return keys


def parse_setting(text: str) -> tuple[str, Any]:
    """``key=value`` of the command line, the value written as in TOML; a bare word is taken as
    text.

    >>> parse_setting("coverage.hard=true"), parse_setting("years=2026-2035")
    (('coverage.hard', True), ('years', '2026-2035'))
    """
    key, sign, value = text.partition("=")
    if not sign or not key.strip():
        raise InputError(
            [
                Problem(
                    "--set", "", "", text, "should be written key=value, such as budget_usd_m=20000"
                )
            ]
        )
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


def _explain(name: str, error: ValidationError) -> Iterable[Problem]:
    for item in error.errors():
        key = ".".join(
            str(part)
            for part in item["loc"]
            if part not in ("function-before[_path(), dict[int,float]]",)
        )
        expected = item["msg"].removeprefix("Value error, ")
        value = item["input"]
        if item["type"] == "extra_forbidden":
            near = get_close_matches(key, known_keys(), 1, 0.5)
            expected = "is not a key of a case" + (
                f"; did you mean {near[0]}?" if near else "; known keys: " + ", ".join(known_keys())
            )
        elif item["type"] == "missing":
            expected, value = "this key must be given", ""
        elif not item["loc"]:
            value = ""
        yield Problem(
            f"case {name}", "", key, "" if isinstance(value, dict) else str(value), expected
        )


def _policy_sections(policy: str, name: str) -> dict[str, Any]:
    """What a policy target asks for: its coverage and its cap on concentration."""
    known = policy_files()
    if policy not in known:
        raise InputError(
            [
                Problem(
                    f"case {name}",
                    "",
                    "policy",
                    policy,
                    f"should be one of the bundled policy targets: {', '.join(known)}",
                )
            ]
        )
    asked = tomllib.loads(known[policy].read_text(encoding="utf-8"))
    return {
        section: asked[section] for section in ("coverage", "concentration") if section in asked
    }


def make_case(raw: Mapping[str, Any], settings: Iterable[str] = (), name: str = "case") -> Case:
    """A checked case from the content of a TOML file and ``key=value`` settings that override it.

    Raises:
        InputError: with every unknown key and unfit value.
    """
    settings = list(settings)
    merged: dict[str, Any] = tomllib.loads("") | {
        key: dict(value) if isinstance(value, dict) else value for key, value in raw.items()
    }
    for setting in settings:
        _place(merged, *parse_setting(setting))
    merged.setdefault("name", name)
    if isinstance(merged.get("policy"), str):
        merged |= _policy_sections(merged["policy"], name)
        for setting in settings:
            _place(merged, *parse_setting(setting))
    try:
        return Case.model_validate(merged)
    except ValidationError as error:
        raise InputError(_explain(name, error)) from None
    except (ValueError, TypeError) as error:
        raise InputError(
            [Problem(f"case {name}", "", "", "", f"a year is not a whole number ({error})")]
        ) from None


def read_case(path: Path, settings: Iterable[str] = ()) -> Case:
    """The case in the TOML file ``path``.

    Raises:
        InputError: if the file cannot be read as TOML, or says what no case may say.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            [
                Problem(
                    f"case {path}",
                    "",
                    "",
                    "",
                    "there is no such file; `paxsilica cases` lists the bundled cases",
                )
            ]
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise InputError(
            [
                Problem(
                    f"case {path.name}",
                    "",
                    "",
                    "",
                    f"should be a readable TOML file in UTF-8 ({error})",
                )
            ]
        ) from None
    return make_case(raw, settings, path.stem)
