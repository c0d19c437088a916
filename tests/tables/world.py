# ruff: noqa: E501  (tables keep their rows on one line)
"""A small world that uses every table, and the tools to break it: from ore in Namibia over oxide to
magnets in Japan."""

from __future__ import annotations

import csv
import io
from pathlib import Path

GOOD = {
    "stages": (
        """
stage,order,name,description
mining,1,Mining,
magnets,2,"Metal, alloy and magnets","From oxide to magnet"
"""
    ),
    "regions": (
        """
region,name,kind,latitude,longitude
NA,Namibia,country,-22,17
JPN,Japan,country,36,138
CHN,China,country,35,105
ROW,Rest of the world,group,,
SEA,The sea,hub,,
"""
    ),
    "membership": (
        """
region,status,from_date
NA,neutral,2000-01-01
NA,participant,2027-06-30
JPN,signatory,2000-01-01
CHN,adversary,2000-01-01
ROW,neutral,2000-01-01
"""
    ),
    "commodities": (
        """
commodity,name,unit,stage,mass_t_per_unit,price_usd_per_unit,shortage_price_usd_per_unit,covered,surplus
ore,Concentrate,t,mining,1,5000,,no,free
oxide,Oxide,t,,1,60000,,,free
007,Leaching agent,t,,,900,,,free
magnet,Magnet,t,magnets,1,80000,,yes,free
cerium,Cerium oxide,t,,1,,,,free
"""
    ),
    "processes": (
        """
process,name,stage,kind,unit,main_product,minimum_utilisation
mine,Mine,mining,source,t,ore,0.3
supply,Purchase of 007,,source,t,007,
separate,Separation,,conversion,t,oxide,0.4
press,Magnet line,magnets,conversion,t,magnet,
dump,Disposal of cerium,,sink,t,,
"""
    ),
    "recipes": (
        """
process,commodity,role,quantity
mine,ore,output,1
supply,007,output,1
separate,ore,input,3
separate,007,input,0.2
separate,oxide,output,1
separate,cerium,output,1.5
press,oxide,input,1.2
press,magnet,output,1
dump,cerium,input,1
"""
    ),
    "statuses": (
        """
status,name,credit,capital_factor
operating,Operating,1,
announced,Announced,0.6,1.3
"""
    ),
    "completion": (
        """
status,stage,delay_years,probability
announced,*,0,0.3
announced,*,1,0.2
announced,magnets,2,0.7
"""
    ),
    "assets": (
        """
asset,name,region,process,controller,status,capacity,from_year,to_year,variable_cost_usd_per_unit,fixed_cost_usd_m,must_run_share
na-mine,Mine in Namibia,NA,mine,,operating,90000,,,2000,,
cn-mine,Mine in China,CHN,mine,,operating,,,,1000,,0.1
cn-sep,Separation in China,CHN,separate,,operating,90000,2020,2045,4000,1.5,
my-sep,Separation elsewhere,ROW,separate,CHN,operating,1000,,,6000,,
cn-press,Magnet lines in China,CHN,press,,operating,80000,,,9000,,
market,Market for 007,ROW,supply,,,inf,,,900,,
dump,Dump,CHN,dump,,,inf,,,-5,,
"""
    ),
    "projects": (
        """
project,name,region,process,status,smallest_size,largest_size,expandable,capex_usd_m,capex_usd_m_per_unit,lead_time_years,spend_profile,ramp_profile,variable_cost_usd_per_unit,earliest_commitment,latest_commitment,commitment,exclusive_group,prerequisites,sponsor_share,economic_life_years
jp-sep,Separation in Japan,JPN,separate,announced,5000,5000,no,400,,3,0.5;0.3;0.2,0.4;0.8;1,9000,2026,2034,,,,0.4,20
jp-press,Magnets in Japan,JPN,press,announced,1000,8000,yes,150,0.08,2,,,14000,2027,2034,,site,jp-sep,0.4,20
jp-press-big,Large magnet plant in Japan,JPN,press,announced,9000,9000,,,,2,,,13000,2027,2034,,site,jp-sep,,
na-sep,Separation in Namibia,NA,separate,announced,2000,2000,,250,,4,,,,2026,2030,,,,,
"""
    ),
    "demand": (
        """
region,commodity,use,variant,year,quantity
JPN,magnet,vehicles,central,2026,12000
JPN,magnet,vehicles,central,2040,24000
JPN,magnet,vehicles,high,2026,12000
JPN,magnet,vehicles,high,2040,36000
CHN,magnet,,,2026,50000
CHN,magnet,,,2040,50000
"""
    ),
    "routes": (
        """
from_region,to_region,commodity,cost_usd_per_unit,largest_shipment,smallest_shipment
*,SEA,*,100,,
SEA,*,*,0,,
NA,JPN,ore,,40000,100
"""
    ),
    "stocks": (
        """
region,commodity,initial,largest,final,holding_cost_usd_per_unit,strategic,floor
JPN,oxide,100,2000,100,500,yes,50
JPN,magnet,0,500,,,no,
"""
    ),
    "funders": (
        """
funder,name,region,envelope_usd_m,annual_limit_usd_m,carry_over,from_year,to_year,largest_share,smallest_ticket_usd_m,cost_of_capital,delivery_factor
jogmec,Japanese agency,JPN,2000,,no,2026,2040,0.5,10,0.02,1
fund,Fund,ROW,,,yes,,,,,,
"""
    ),
    "mandates": (
        """
funder,stage,region,largest_usd_m
jogmec,*,JPN,
jogmec,mining,*,500
"""
    ),
    "deals": (
        """
deal,funder,project,stage,region,state,date,instrument,amount_usd_m
loan,jogmec,jp-press,magnets,JPN,signed,2026-03-31,loan,50
letter,fund,,mining,NA,letter,2026-04,equity,
"""
    ),
    "limits": (
        """
limit,measure,sense,value,region,process,commodity,to_region,asset,from_year,to_year
plants,projects,at most,3,JPN,*,*,,,2026,2040
first,capacity,at most,9000,*,press,*,,jp-press;cn-press,,
sea,shipment,at most,90000,NA,*,ore,CHN,,,
rate,new capacity,at most,4000,*,press,*,,,,
"""
    ),
    "scenarios": (
        """
scenario,name,probability
calm,As usual,0.7
embargo,Embargo,0.3
"""
    ),
    "events": (
        """
scenario,event,region,commodity,process,from_year,to_year,factor
embargo,cut-off,CHN,*,*,2028,2030,
embargo,variable cost,*,*,separate,2028,,1.5
calm,demand,JPN,magnet,*,2030,,1.1
"""
    ),
    "series": (
        """
table,row,column,year,value
assets,cn-mine,capacity,2026,200000
assets,cn-mine,capacity,2040,300000
projects,jp-press-big,capex_usd_m,2026,900
projects,na-sep,variable_cost_usd_per_unit,2026,7000
routes,NA|JPN|ore,cost_usd_per_unit,2026,90
stocks,JPN|magnet,holding_cost_usd_per_unit,2026,600
funders,fund,annual_limit_usd_m,2026,100
"""
    ),
    "sources": (
        """
source,title,publisher,url,date,note
usgs,Mineral Commodity Summaries,US Geological Survey,https://example.org/mcs,2026-02,
guess,Judgement of the authors,,,,
"""
    ),
    "published": (
        """
figure,name,measure,region,process,commodity,year,value,low,high,sources,note
cn-ore,Ore of China,share of capacity,CHN,*,ore,2026,0.7,0.6,0.8,usgs,
"""
    ),
    "provenance": (
        """
table,row,column,unit,low,high,range,price_year,sources,grade,date,note
assets,na-mine,capacity,t REO per year,80000,95000,absolute,,usgs,A,2025,
assets,*,variable_cost_usd_per_unit,USD per t,0.8,1.3,relative,2024,usgs;guess,C,,Rounded.
demand,JPN|magnet|*|central|*,quantity,t per year,0.7,1.5,relative,,guess,D,,
demand,CHN|magnet|||2026,quantity,t,40000,60000,absolute,,guess,D,,
projects,jp-sep,capex_usd_m,USD million,300,600,absolute,2025,guess,C,,
projects,jp-sep,spend_profile,share of 1,0.1,0.6,absolute,,guess,D,,
series,routes|NA|JPN|ore|cost_usd_per_unit|*,value,USD per t,0.5,2,relative,2025,guess,D,,
routes,*|SEA|*,cost_usd_per_unit,USD per t,50,200,absolute,2025,guess,D,,
membership,NA|2027-06-30,from_date,date,1,1,relative,,guess,D,,
commodities,magnet,price_usd_per_unit,USD/t,70000,90000,absolute,2025,guess,C,,
"""
    ),
}


class World:
    """The tables as cells, changeable cell by cell; lines count from the header, which is line
    1."""

    def __init__(self) -> None:
        self.tables = {
            name: list(csv.reader(io.StringIO(text.strip()))) for name, text in GOOD.items()
        }
        self.files: dict[str, bytes] = {}

    def set(self, table: str, line: int, /, **cells: str) -> None:
        """Overwrite cells of one line; a column that the header lacks is added."""
        rows = self.tables[table]
        for name, value in cells.items():
            if name not in rows[0]:
                rows[0].append(name)
                for row in rows[1:]:
                    row.append("")
            rows[line - 1][rows[0].index(name)] = value

    def add(self, table: str, cells: str) -> None:
        """Append a row, written as a line of the file."""
        self.tables[table].append(next(csv.reader([cells])))

    def remove(self, table: str, *lines: int) -> None:
        """Take lines out."""
        self.tables[table] = [
            row for line, row in enumerate(self.tables[table], 1) if line not in lines
        ]

    def rename(self, table: str, old: str, new: str) -> None:
        """Rename a column."""
        header = self.tables[table][0]
        header[header.index(old)] = new

    def without_column(self, table: str, name: str) -> None:
        """Take a column out."""
        place = self.tables[table][0].index(name)
        for row in self.tables[table]:
            del row[place]

    def without(self, *tables: str) -> None:
        """Take tables out."""
        for table in tables:
            del self.tables[table]

    def text(self, table: str) -> str:
        """Return a table as the text of its file."""
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(self.tables[table])
        return out.getvalue()

    def write(self, folder: Path) -> Path:
        """Write the files: the tables first, then the content of ``files``, which may replace
        them."""
        folder.mkdir(exist_ok=True)
        for table in self.tables:
            (folder / f"{table}.csv").write_text(self.text(table), encoding="utf-8", newline="")
        for name, content in self.files.items():
            (folder / name).write_bytes(content)
        return folder
