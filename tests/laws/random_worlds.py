"""Random small worlds from a seed: a chain from ore to product in a few regions, and now and then
whatever else tables can say."""

from __future__ import annotations

import random

from cells import Cell, World
from world_extras import add_extras

from paxsilica.tables.schema import TABLES

FIRST, LAST = 2026, 2029


class Maker:
    """Draws one world."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.seed = seed
        self.world = World({table: [] for table in TABLES}, {})
        self.soft = self.chance(0.7)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def between(self, low: float, high: float) -> float:
        return round(self.random.uniform(low, high), 2)

    def add(self, table: str, /, **cells: Cell) -> None:
        self.world.tables[table].append(cells)

    def feature(self, name: str, share: float) -> bool:
        """Whether to throw something in; remembered, so that a test can see that everything has its
        turn."""
        if self.chance(share):
            self.world.features.add(name)
            return True
        return False

    def make(self) -> World:
        self.regions()
        self.chain()
        self.plants()
        self.candidates()
        self.wants()
        self.ways()
        self.partners()
        self.bounds()
        self.courses()
        self.question()
        add_extras(self.world.tables, self.world.features, self.seed)
        if self.world.tables["deals"] and self.seed % 2:
            self.world.features.add("preference of funders")
            funders = self.world.case.setdefault("funders", {})
            funders["preference"] = 0.05
        if "coverage" in self.world.case and not self.world.tables["membership"]:
            # A case with coverage needs the table; this says what its absence says without.
            for region in (*self.trusted, *self.others):
                self.add("membership", region=region, status="signatory", from_date="2000-01-01")
        for row in self.world.tables["projects"]:
            if row["commitment"] == "required" and self.world.tables["funders"]:
                # a duty that nobody may pay for is bad input
                row["sponsor_share"] = 1
        # support pays the annuity of an owner's capital, which needs an economic life
        owned = [row for row in self.world.tables["projects"] if row["sponsor_share"]]
        paid = all(row["economic_life_years"] for row in owned)
        self.world.case["support"] = {"pay": paid}
        return self.world

    def regions(self) -> None:
        self.trusted = ["AUS", "JPN"] if self.chance(0.7) else ["AUS"]
        self.others = ["CHN", "RUS"] if self.chance(0.5) else ["CHN"]
        for name in [*self.trusted, *self.others]:
            self.add("regions", region=name, name=name, kind="country")
        self.add("regions", region="SEA", name="the sea", kind="hub")
        if self.feature("membership", 0.9):
            for name in self.trusted:
                if name != "AUS" and self.feature("trust that changes", 0.5):
                    self.add(
                        "membership", region=name, status="participant", from_date="2000-01-01"
                    )
                    self.add(
                        "membership",
                        region=name,
                        status="signatory",
                        from_date=self.random.choice(["2027-12-31", "2028-01-01"]),
                    )
                else:
                    self.add("membership", region=name, status="signatory", from_date="2000-01-01")
            for name in self.others:
                self.add("membership", region=name, status="adversary", from_date="2000-01-01")

    def chain(self) -> None:
        self.goods = ["ore", "metal", "part"][: self.random.choice([2, 3, 3])]
        self.by_product = self.feature("by-product", 0.5)
        for order, name in enumerate(self.goods, 1):
            self.add("stages", stage=name, order=order, name=name)
            self.add(
                "commodities",
                commodity=name,
                name=name,
                unit="t",
                stage=name,
                shortage_price_usd_per_unit=(
                    None
                    if order == 2 and self.feature("price in series", 0.2)
                    else self.between(2e5, 6e5)
                ),
                covered="yes" if order > 1 or self.chance(0.5) else "no",
                surplus="free" if self.chance(0.7) else "forbidden",
            )
            if self.world.tables["commodities"][-1]["shortage_price_usd_per_unit"] is None:
                self.series("commodities", name, "shortage_price_usd_per_unit", 2e5, 5e5)
        self.add("commodities", commodity="acid", name="acid", unit="t", surplus="free")
        self.add(
            "processes",
            process="make-acid",
            name="acid",
            kind="source",
            unit="t",
            main_product="acid",
        )
        self.add("recipes", process="make-acid", commodity="acid", role="output", quantity=1)
        price = 0.0
        for at, name in enumerate(self.goods):
            ready = self.between(0.2, 0.8) if self.feature("standby", 0.6) else None
            kind = "source" if at == 0 else "conversion"
            process = f"make-{name}"
            self.add(
                "processes",
                process=process,
                name=name,
                stage=name,
                kind=kind,
                unit="t",
                main_product=name,
                minimum_utilisation=ready,
            )
            self.add("recipes", process=process, commodity=name, role="output", quantity=1)
            value = 4e4
            if at:
                quantity = self.between(1, 2)
                self.add(
                    "recipes",
                    process=process,
                    commodity=self.goods[at - 1],
                    role="input",
                    quantity=quantity,
                )
                value += quantity * price
                self.add("recipes", process=process, commodity="acid", role="input", quantity=0.2)
            price = value
            self.world.tables["commodities"][at]["price_usd_per_unit"] = price
        if self.by_product:
            self.add(
                "commodities",
                commodity="slag",
                name="slag",
                unit="t",
                surplus="forbidden" if self.chance(0.5) else "free",
            )
            self.add("recipes", process="make-metal", commodity="slag", role="output", quantity=0.5)
            self.add("processes", process="dump", name="dump", kind="sink", unit="t")
            self.add("recipes", process="dump", commodity="slag", role="input", quantity=1)
        for status, credit in (
            ("operating", 1),
            ("announced", self.between(0.4, 0.9)),
            ("talk", 0),
        ):
            self.add("statuses", status=status, name=status, credit=credit)

    def series(self, table: str, row: str, column: str, low: float, high: float) -> None:
        for year in (FIRST, LAST + 1):
            self.add(
                "series",
                table=table,
                row=row,
                column=column,
                year=year,
                value=self.between(low, high),
            )

    def plants(self) -> None:
        for region in [*self.trusted, *self.others]:
            self.asset(
                f"acid-{region}", region, "make-acid", capacity="inf", cost=self.between(1e3, 5e3)
            )
            if self.by_product:
                self.asset(
                    f"dump-{region}", region, "dump", capacity="inf", cost=self.between(-500, 500)
                )
            for at, good in enumerate(self.goods):
                if region in self.others or self.chance(0.6):
                    scale = 1.6 ** (len(self.goods) - at)
                    size = (
                        self.between(150, 300) * scale
                        if region in self.others
                        else self.between(5, 60) * scale
                    )
                    cost = (
                        self.between(5e3, 1.5e4)
                        if region in self.others
                        else self.between(1e4, 4e4)
                    )
                    self.asset(
                        f"{good}-{region}",
                        region,
                        f"make-{good}",
                        capacity=round(size, 2),
                        cost=cost,
                    )

    def asset(self, name: str, region: str, process: str, capacity: Cell, cost: Cell) -> None:
        finite = capacity != "inf"
        if finite and self.feature("capacity in series", 0.15):
            self.series("assets", name, "capacity", 20, 200)
            capacity = None
        if self.feature("cost in series", 0.1):
            self.series("assets", name, "variable_cost_usd_per_unit", 5e3, 3e4)
            cost = None
        self.add(
            "assets",
            asset=name,
            name=name,
            region=region,
            process=process,
            controller=(
                self.random.choice(self.others)
                if region in self.trusted and self.feature("foreign control", 0.15)
                else None
            ),
            status=(
                self.random.choice(["operating", "announced", "talk"])
                if self.feature("status of assets", 0.2)
                else None
            ),
            capacity=capacity,
            from_year=FIRST + 1 if finite and self.feature("late asset", 0.1) else None,
            to_year=LAST - 1 if finite and self.feature("early closure", 0.1) else None,
            variable_cost_usd_per_unit=cost,
            fixed_cost_usd_m=self.between(0.1, 0.5) if self.chance(0.3) else None,
            must_run_share=(
                self.between(0.05, 0.2)
                if process == "make-ore" and self.feature("must run", 0.2)
                else None
            ),
        )

    def candidates(self) -> None:
        names: list[str] = []
        for number in range(self.random.randint(2, 5)):
            good = self.random.choice(self.goods[1:] if self.chance(0.7) else self.goods)
            name = f"new-{number}-{good}"
            small = self.between(10, 60)
            sized = self.feature("choice of size", 0.4)
            in_series = self.feature("capital in series", 0.25)
            if in_series:
                self.series("projects", name, "capex_usd_m", 2, 8)
            self.add(
                "projects",
                project=name,
                name=name,
                region=self.random.choice(self.trusted),
                process=f"make-{good}",
                status=self.random.choice(["operating", "announced"]) if self.chance(0.6) else None,
                smallest_size=small,
                largest_size=round(small * 2.5, 2) if sized else small,
                expandable="yes" if sized and self.feature("expandable", 0.6) else "no",
                capex_usd_m=None if in_series else self.between(1, 8),
                capex_usd_m_per_unit=self.between(0.02, 0.1) if sized else None,
                lead_time_years=self.random.choice([0, 1, 1, 2]),
                spend_profile=self.random.choice(
                    [None, "0.5;0.5", "0.2;0.3;0.5", "0.25;0.25;0.25;0.25"]
                ),
                ramp_profile=self.random.choice([None, "0.5;1", "0.3;0.6;1"]),
                variable_cost_usd_per_unit=self.between(8e3, 3e4),
                fixed_cost_usd_m=self.between(0.05, 0.3) if self.chance(0.4) else None,
                fixed_cost_usd_m_per_unit=(
                    self.between(0.001, 0.01) if sized and self.chance(0.5) else None
                ),
                earliest_commitment=(
                    FIRST + 1 if self.feature("earliest commitment", 0.15) else None
                ),
                latest_commitment=LAST - 1 if self.feature("latest commitment", 0.15) else None,
                commitment=(
                    self.random.choice(["required", "forbidden"])
                    if not names and self.feature("fixed decision", 0.2)
                    else None
                ),
                exclusive_group="site" if self.feature("exclusive group", 0.25) else None,
                sponsor_share=self.between(0.1, 0.6) if self.feature("sponsor", 0.5) else None,
                sponsor_cost_of_capital=self.between(0.06, 0.12) if self.chance(0.3) else None,
                economic_life_years=self.random.choice([3, 10, 20]) if self.chance(0.7) else None,
            )
            row = self.world.tables["projects"][-1]
            free = [other for other in names if self.by_name(other)["commitment"] is None]
            if (
                free
                and row["exclusive_group"] is None
                and row["commitment"] is None
                and self.feature("prerequisite", 0.25)
            ):
                other = self.by_name(self.random.choice(free))
                if other["earliest_commitment"] is None:
                    row["prerequisites"] = other["project"]
            names.append(name)

    def by_name(self, project: str) -> dict[str, Cell]:
        return next(row for row in self.world.tables["projects"] if row["project"] == project)

    def wants(self) -> None:
        good = self.goods[-1]
        for region in [*self.trusted, *self.others]:
            uses = ["cars", "defence"] if self.feature("uses", 0.3) else [None]
            for use in uses:
                variants: list[Cell] = (
                    ["low", "central"] if self.feature("variants", 0.2) else [None]
                )
                if variants != [None] and self.feature("blank variant beside others", 0.5):
                    variants.append(None)
                for variant in variants:
                    for year in (FIRST, LAST):
                        self.add(
                            "demand",
                            region=region,
                            commodity=good,
                            use=use,
                            variant=variant,
                            year=year,
                            quantity=self.between(20, 60) / len(uses),
                        )
        if len(self.goods) > 2 and self.feature("demand midway", 0.3):
            for year in (FIRST, LAST):
                self.add(
                    "demand",
                    region=self.trusted[0],
                    commodity="metal",
                    year=year,
                    quantity=self.between(2, 10),
                )

    def ways(self) -> None:
        self.add(
            "routes",
            from_region="*",
            to_region="SEA",
            commodity="*",
            cost_usd_per_unit=self.between(100, 900),
        )
        self.add("routes", from_region="SEA", to_region="*", commodity="*", cost_usd_per_unit=0)
        if self.feature("direct route", 0.5):
            self.add(
                "routes",
                from_region="CHN",
                to_region="AUS",
                commodity=self.goods[-1] if self.chance(0.5) else "*",
                cost_usd_per_unit=None,
                largest_shipment=self.between(5, 30),
                smallest_shipment=(
                    self.between(0.5, 2) if self.feature("smallest shipment", 0.3) else None
                ),
            )
            row = self.world.tables["routes"][-1]
            self.series("routes", f"CHN|AUS|{row['commodity']}", "cost_usd_per_unit", 50, 300)
            if row["commodity"] == "*":
                row["smallest_shipment"] = None
        if self.feature("named origin to all", 0.3):
            self.add(
                "routes",
                from_region="AUS",
                to_region="*",
                commodity="ore",
                cost_usd_per_unit=self.between(50, 90),
            )
        if self.feature("store", 0.4):
            for good in self.random.sample(self.goods, self.random.randint(1, len(self.goods))):
                self.add(
                    "stocks",
                    region=self.random.choice(self.trusted),
                    commodity=good,
                    initial=self.between(0, 20),
                    largest=40,
                    final=self.between(0, 15) if self.chance(0.3) else None,
                    holding_cost_usd_per_unit=self.between(100, 900),
                    strategic="yes" if self.chance(0.8) else "no",
                )

    def partners(self) -> None:
        if not self.feature("funders", 0.7):
            return
        for number in range(self.random.randint(1, 3)):
            name = f"fund-{number}"
            no_limit = not self.feature("annual limit", 0.5)
            limit: Cell = None if no_limit else self.between(1, 6)
            if limit is not None and self.feature("annual limit in series", 0.3):
                self.series("funders", name, "annual_limit_usd_m", 1, 6)
                limit = None
            self.add(
                "funders",
                funder=name,
                name=name,
                region=self.random.choice(self.trusted),
                envelope_usd_m=self.between(4, 20) if no_limit or self.chance(0.6) else None,
                annual_limit_usd_m=limit,
                carry_over="yes" if self.chance(0.5) else "no",
                from_year=FIRST + 1 if self.feature("funder that comes late", 0.15) else None,
                to_year=LAST - 1 if self.feature("funder that leaves", 0.1) else None,
                largest_share=(
                    self.between(0.4, 0.9) if self.feature("largest share", 0.4) else None
                ),
                smallest_ticket_usd_m=self.between(0.5, 2) if self.feature("ticket", 0.4) else None,
                cost_of_capital=self.between(0.02, 0.08) if self.chance(0.4) else None,
                delivery_factor=(
                    self.between(0.5, 1) if self.feature("delivery factor", 0.4) else None
                ),
            )
            if self.feature("mandate", 0.35):
                for stage in self.random.sample([*self.goods, "*"], 2):
                    self.add(
                        "mandates",
                        funder=name,
                        stage=stage,
                        region=self.random.choice(["*", *self.trusted]),
                        largest_usd_m=self.between(2, 8) if self.chance(0.6) else None,
                    )

    def bounds(self) -> None:
        plain = {"region": "*", "process": "*", "commodity": "*"}
        if self.feature("limit on projects", 0.25):
            self.add("limits", limit="sites", measure="projects", sense="at most", value=2, **plain)
        if self.feature("limit on capital", 0.2):
            self.add(
                "limits",
                limit="money",
                measure="capital",
                sense="at most",
                value=12,
                **plain,
                from_year=FIRST,
                to_year=FIRST + 1,
            )
        if self.feature("limit on capacity", 0.2):
            value = self.between(300, 600)
            self.add(
                "limits",
                limit="ground",
                measure="capacity",
                sense="at most",
                value=value,
                **plain | {"process": "make-metal", "region": "AUS"},
            )
        if self.feature("limit on activity", 0.2):
            value = self.between(100, 300)
            self.add(
                "limits",
                limit="smoke",
                measure="activity",
                sense="at most",
                value=value,
                **plain | {"process": "make-metal"},
            )
        if self.feature("limit on shipments", 0.2):
            self.add(
                "limits",
                limit="port",
                measure="shipment",
                sense="at most",
                value=self.between(50, 200),
                **plain,
                to_region="AUS",
            )
        if self.feature("least production", 0.2):
            region = self.others[0]
            self.add(
                "limits",
                limit="least",
                measure="production",
                sense="at least",
                value=5,
                **plain | {"region": region, "commodity": self.goods[0]},
            )

    def courses(self) -> None:
        if not self.feature("scenarios", 0.45):
            return
        self.add("scenarios", scenario="base", name="base", probability=0.5)
        self.add("scenarios", scenario="storm", name="storm", probability=0.3)
        self.add("scenarios", scenario="flood", name="flood", probability=0.2)
        plain = {"region": "*", "commodity": "*", "process": "*"}
        kinds = {
            "supply cut off of a commodity": (
                {"event": "cut-off"} | plain | {"region": "CHN", "commodity": self.goods[-2]}
            ),
            "supply cut off of everything": {"event": "cut-off"} | plain,
            "demand event": (
                {"event": "demand", "factor": 1.3} | plain | {"commodity": self.goods[-1]}
            ),
            "capacity event": (
                {"event": "capacity", "factor": 0.7} | plain | {"process": "make-metal"}
            ),
            "cost event": {"event": "variable cost", "factor": 1.5} | plain | {"region": "CHN"},
        }
        if "RUS" in self.others:
            kinds["supply cut off of two"] = (
                {"event": "cut-off"} | plain | {"region": "RUS", "commodity": self.goods[0]}
            )
        for scenario in ("storm", "flood"):
            for name in self.random.sample(sorted(kinds), self.random.randint(1, 3)):
                self.world.features.add(name)
                self.add(
                    "events",
                    scenario=scenario,
                    from_year=FIRST + self.random.randint(0, 2),
                    **kinds[name],
                )
        self.world.case["scenarios"] = (
            {"base": 0.6, "storm": 0.2, "flood": 0.2}
            if self.chance(0.5)
            else ["base", "storm", "flood"]
        )

    def question(self) -> None:
        case = self.world.case
        case |= {
            "years": f"{FIRST}-{LAST}",
            "roles": {
                "protected": ["signatory", "participant"],
                "adversary": ["participant", "neutral", "adversary"],
            },
            "funding": ["signatory"],
        }
        case["finance"] = {
            "discount_rate": self.random.choice([0.0, 0.05, 0.08]),
            "public_funds_cost": 1.25 if self.chance(0.6) else 1.0,
        }
        case["solver"] = {"gap": 0.0, "time_limit_s": 20, "threads": 1}
        if self.feature("trusted from a year", 0.2):
            case["roles"]["protected"] = {"signatory": FIRST, "participant": FIRST + 2}
        if self.feature("case changes membership", 0.1) and self.world.tables["membership"]:
            case["membership"] = {"CHN": "neutral"}
        if self.feature("budget", 0.5):
            case["budget_usd_m"] = self.between(5, 25)
        if self.feature("coverage", 0.85):
            case["coverage"] = {
                "required": (
                    {str(FIRST): 0.1, str(LAST): self.between(0.3, 0.8)}
                    if self.soft
                    else self.between(0.05, 0.25)
                ),
                "from_year": FIRST + 1,
                "hard": not self.soft,
            }
            if self.feature("coverage by stage", 0.2):
                case["coverage"]["stages"] = {self.goods[-1]: 0.4 if self.soft else 0.1}
            if self.feature("lasting store", 0.2):
                case["coverage"]["outage_years"] = 2
            if self.feature("concentration", 0.25):
                case["concentration"] = {"max_share": 0.7, "from_year": FIRST + 1, "hard": False}
            if self.chance(0.25) and not self.soft:
                case["objective"] = "budget"
                self.world.features.add("objective " + case["objective"])
        if self.feature("nobody is warm", 0.1):
            case["operation"] = {"readiness": False}
        if self.world.tables["funders"] and self.feature("delivery in the case", 0.2):
            case["funders"] = {"delivery_factor": 0.8}
        # a draw that comes last leaves the worlds of known seeds as they are
        if self.feature("open regions", 0.25) and self.world.tables["membership"]:
            case["roles"]["adversary"] = ["adversary"]
            case["membership"] = case.get("membership", {}) | {self.others[-1]: "neutral"}
            case["access"] = {"open": self.random.choice([0.0, 0.5, 1.0])}
            case["need"] = {"regions": self.random.choice(["protected", "protected+open"])}
        if not case.get("coverage", {"hard": False})["hard"]:
            return
        if self.feature("uses outside the chain", 0.4):
            for row in self.world.tables["commodities"]:
                if row["commodity"] == "acid":
                    row["shortage_price_usd_per_unit"] = 3e5
            for year in (FIRST, LAST):
                self.add(
                    "demand",
                    region="AUS",
                    commodity="acid",
                    use=None,
                    variant=None,
                    year=year,
                    quantity=self.between(5, 20),
                )


def random_world(seed: int) -> World:
    """The world of a seed: always the same."""
    return Maker(seed).make()
