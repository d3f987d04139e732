"""Reads the tables of a pack, cell by cell, and judges their totals."""

import math
from datetime import date

from xiancheng.calibration import parsing
from xiancheng.calibration.checks import Findings, Row, read_csv
from xiancheng.calibration.i18n import Say
from xiancheng.calibration.region.schema import (
    COLUMNS,
    COUNTRY,
    GENERATIONS,
    REQUIRED,
    SEX_NAMES,
    TABLES,
    Cell,
    Draft,
    catalogue,
    limits,
)

DATED = ("economy", "services", "observations")


def read(findings: Findings, draft: Draft) -> None:
    """The tables of a pack, into `draft`; what is wrong with them goes to `findings`."""
    read_margins(findings, draft)
    read_places(findings, draft)
    for file in ("economy.csv", "services.csv", "observations.csv"):
        draft.values[file] = read_values(findings, draft, file)
    judge(findings, draft)


def read_margins(findings: Findings, draft: Draft) -> None:
    """The census tables, cell by cell."""
    file = "margins.csv"
    censuses = {day.isoformat(): day for day in draft.censuses}
    counties, alias = [county.code for county in draft.counties], draft.aliases()
    labels = draft.labels()
    kept: list[tuple[Row, object]] = []
    for row in read_csv(findings, file, COLUMNS[file], required=True):
        line, table = row.line, TABLES.get(row["table"])
        of = (
            limits("margins", row["table"])
            if row["table"] != "vital"
            else limits("vital", row["key"])
        )
        value = findings.number(row, "value", of, unit=row["unit"])
        if row["unit"].startswith(("万", "亿", "10000", "10 000")):
            findings.add(
                file, line, ("单位", "the unit"), ("单个人或户", "single persons or households"),
                row["unit"], ("换算成此单位", "convert to this unit"),
            )  # fmt: skip
        findings.origin(row, value, draft.sources, of)
        right = findings.known(file, line, ("普查", "census"), row["census"], censuses)
        if not findings.known(file, line, ("表名", "table"), row["table"], TABLES) or not table:
            draft.unplaced += 1
            continue
        codes = [*draft.prefectures] if table.by_prefecture else counties
        county = ("县级代码", "county")
        right &= findings.known(file, line, county, row["county_code"], codes, alias, labels)
        for column, valid in (("sex", table.sexes), ("age", table.ages), ("key", table.keys)):
            thing = (f"{row['table']} 表的 {column}", f"{column} of table {row['table']}")
            right &= findings.known(file, line, thing, row[column], valid)
        draft.unplaced += not right
        if right:
            cell = Cell(row["sex"], row["age"], row["key"])
            kept.append((row, (row["census"], row["table"], row["county_code"], cell)))
            page = draft.margins.setdefault((censuses[row["census"]], row["table"]), {})
            page.setdefault((row["county_code"], cell), row)
    findings.once(kept)


def read_places(findings: Findings, draft: Draft) -> None:
    """Townships with their village-level units, and the outlines of counties."""
    file, codes = "places.csv", [county.code for county in draft.counties]
    county, alias, labels = ("县级代码", "county"), draft.aliases(), draft.labels()
    draft.places = read_csv(findings, file, COLUMNS[file])
    for row in draft.places:
        findings.known(file, row.line, county, row["county_code"], codes, alias, labels)
        kinds = ("street", "town", "township")
        findings.known(file, row.line, ("类型", "kind"), row["kind"], kinds)
        most = limits("places", "units")
        units = findings.number(row, "units", most)
        named = findings.number(row, "communities", limits("places", "communities"))
        findings.origin(row, units, draft.sources, most)
        if named > units:
            findings.add(
                file, row.line, ("社区数", "the number of communities"),
                (f"不超过单元数 {units:g}", f"at most the {units:g} units"), row["communities"],
                ("核对原表", "check the source table"),
            )  # fmt: skip
    findings.once((row, row["township_code"]) for row in draft.places)
    each_county(findings, draft, draft.places, 1)
    file = "boundaries.csv"
    draft.boundaries = read_csv(findings, file, COLUMNS[file])
    for row in draft.boundaries:
        findings.known(file, row.line, county, row["county_code"], codes, alias, labels)
        for column in ("ring", "order", "lon", "lat"):
            findings.number(row, column, limits("boundaries", column))
    each_county(findings, draft, draft.boundaries, 4)


def each_county(findings: Findings, draft: Draft, rows: list[Row], least: int) -> None:
    """Hold a table that may be left out to have lines for every county if it is there."""
    held = [row["county_code"] for row in rows]
    for county in draft.counties if rows else ():
        if held.count(county.code) < least:
            findings.add(
                rows[0].file, 0, (f"{county.code} {county.zh}", f"{county.code} {county.en}"),
                (f"至少 {least} 行", f"{least} lines or more"), held.count(county.code),
                ("补上；或整个文件不给", "add them, or leave the whole file out"),
            )  # fmt: skip


def read_values(findings: Findings, draft: Draft, file: str) -> list[tuple[date, Row]]:
    """Dated values of the economy, of services or of what was observed."""
    table = file.removesuffix(".csv")
    entries = {name: entry for (of, name), entry in catalogue().items() if of == table}
    codes = [c.code for c in draft.counties] + [*draft.prefectures, draft.province, COUNTRY]
    alias, labels = draft.aliases(), draft.labels()
    homes = {name: of for of, name in catalogue() if of in DATED and of != table}
    kept = []
    for row in read_csv(findings, file, COLUMNS[file]):
        day = findings.day(row, "date")
        code, unit = ("行政区划代码", "unit code"), row["unit"]
        findings.known(file, row.line, code, row["unit_code"], codes, alias, labels)
        of = limits(table, row["variable"], unit)
        value = findings.number(row, "value", of, unit=unit)
        findings.origin(row, value, draft.sources, of)
        thing, home = ("变量", "variable"), f"{homes.get(row['variable'])}.csv"
        move = (f"移到 {home}", f"move the line to {home}") if row["variable"] in homes else None
        known = findings.known(file, row.line, thing, row["variable"], entries, advice=move)
        if not known or day is None:
            continue
        wanted = entries[row["variable"]].unit
        if unit != wanted:
            findings.add(
                file, row.line, ("单位", "the unit"), (wanted, wanted), unit or "∅",
                ("换算成此单位", "convert to this unit"),
            )  # fmt: skip
        kept.append((day, row))
    findings.once((row, (day, row["unit_code"], row["variable"])) for day, row in kept)
    return kept


# Totals


def judge(findings: Findings, draft: Draft) -> None:
    """Whether each census is complete and adds up, county by county."""
    for day in draft.censuses:
        for name in TABLES:
            complete(findings, draft, day, name)
        for county in draft.counties:
            Census(findings, draft, day, county.code, f"{day} {county.zh}").judge()


def complete(findings: Findings, draft: Draft, day: date, name: str) -> None:
    """Whether a census table is there for every county, or not there at all."""
    table, page = TABLES[name], draft.margins.get((day, name), {})
    if not page:
        if name in REQUIRED:
            lacking(findings, f"{day} {name}")
        return
    codes = [*draft.prefectures] if table.by_prefecture else [c.code for c in draft.counties]
    asked = {cell for _, cell in page}  # what one county has, every county has
    cells = [cell for cell in table.cells() if cell.key not in table.optional or cell in asked]
    for code in codes if not draft.unplaced else []:
        gone = [cell for cell in cells if (code, cell) not in page]
        if gone:
            some = "、".join("/".join(filter(None, cell)) or name for cell in gone[:3])
            lacking(findings, f"{day} {code} {name}: {some}" + (" …" if len(gone) > 3 else ""))


def lacking(findings: Findings, what: str) -> None:
    """Write down that part of a census is not there."""
    findings.add(
        "margins.csv", 0, (f"缺少普查数据 {what}", f"census figures are missing: {what}"),
        ("每次普查、每个县齐全", "every census in full for every county"), "∅",
        ("补齐；或将这张表整个不给", "add them, or leave this table out altogether"),
    )  # fmt: skip


class Census:
    """The figures of one county at one census, and the sums they must satisfy."""

    def __init__(self, findings: Findings, draft: Draft, day: date, code: str, where: str) -> None:
        self.findings, self.draft, self.day = findings, draft, day
        self.code, self.where = code, where

    def row(self, table: str, key: str = "", sex: str = "", age: str = "") -> Row | None:
        """The line a figure stands on."""
        return self.draft.margins.get((self.day, table), {}).get((self.code, Cell(sex, age, key)))

    def figure(self, row: Row | None) -> float:
        """The figure on a line; NaN if there is none that could be true."""
        value = parsing.number(row["value"]) if row else None
        return math.nan if value is None or value < 0 else value

    def total(self, table: str, sex: str | None = None) -> float:
        """The sum of a table, or of one sex in it; NaN unless all of it is there."""
        cells = [cell for cell in TABLES[table].cells() if sex in (None, cell.sex)]
        found = [
            self.figure(self.row(table, cell.key, cell.sex, cell.age))
            for cell in cells
            if self.row(table, cell.key, cell.sex, cell.age)
            or cell.key not in TABLES[table].optional
        ]
        return math.fsum(found)

    def judge(self) -> None:
        """Hold sums to their totals, and parts to be no more than the whole."""
        residents = self.row("residents", "total")
        self.inhabited()
        self.equal(residents, self.total("urban_rural"), ("城镇＋乡村", "urban + rural"))
        self.equal(residents, self.total("sex_age"), ("性别×年龄合计", "sex x age"))
        for sex in SEX_NAMES:
            one = self.row("residents", sex)
            zh = {"male": "男性各年龄合计", "female": "女性各年龄合计"}[sex]
            self.equal(one, self.total("sex_age", sex), (zh, f"{sex}s of all ages"))
        if not residents:
            zh = "城镇＋乡村（对照性别×年龄合计）"
            urban = self.row("urban_rural", "urban")
            gap = self.total("urban_rural") - self.total("sex_age")
            if gap and not math.isnan(gap) and urban:
                en = "urban + rural against sex x age"
                self.unequal(urban, (zh, en), self.total("sex_age"), self.total("urban_rural"))
        households = self.row("households", "total")
        kinds = math.fsum(self.figure(self.row("households", key)) for key in GENERATIONS)
        self.equal(households, kinds, ("各代户合计", "households of all generations"))
        self.within(self.row("households", "one_person"), self.figure(households))
        self.within(self.row("households", "with_65p"), self.figure(households))
        people = self.total("sex_age")
        self.within(self.row("households", "members"), people)
        self.within(self.row("in_movers", "same_county"), people, self.total("in_movers"))
        self.within(self.row("education", "none", "male"), people, self.total("education"))
        self.equal(
            self.row("employment", "employed_sample"), self.total("industry"),
            ("各行业就业合计", "employed in all industries"),
        )  # fmt: skip
        adults = self.row("employment", "population_15p_sample")
        self.within(self.row("employment", "employed_sample"), self.figure(adults))

    def inhabited(self) -> None:
        """Refuse a county without residents, or a table of residents in which nobody is counted."""
        for table in ("urban_rural", "sex_age", "education", "households"):
            rows = self.draft.margins.get((self.day, table), {})
            own = [row for (code, _), row in rows.items() if code == self.code]
            if own and all(self.figure(row) == 0 for row in own):
                self.findings.add(
                    own[0].file, own[0].line,
                    (f"{self.where}：{table} 全为 0", f"{self.where}: all of {table} is 0"),
                    ("至少一个大于 0 的数", "a number above 0 at least"), "0",
                    ("填写数值；没有人居住的县请从 region.yaml 与各表删去；未知的表整张不给",
                     "fill it in; leave a county where nobody lives out of region.yaml and of the "
                     "tables; leave out a table that is unknown"),
                )  # fmt: skip

    def equal(self, whole: Row | None, parts: float, what: Say) -> None:
        """Hold a sum to the total that the pack states."""
        stated = self.figure(whole)
        if whole and abs(parts - stated) > 0.5:  # NaN, and so not there, is judged elsewhere
            self.unequal(whole, what, stated, parts)

    def unequal(self, row: Row, what: Say, stated: float, parts: float) -> None:
        """Write down that a sum is not its total."""
        self.findings.add(
            row.file, row.line, (f"{self.where}：{what[0]}", f"{self.where}: {what[1]}"),
            (f"{stated:,.0f}",) * 2, f"{parts:,.0f} ({parts - stated:+,.0f})",
            ("核对原表", "check the source table"),
        )  # fmt: skip

    def within(self, row: Row | None, whole: float, part: float = math.nan) -> None:
        """Hold a part to be no more than the whole."""
        part = self.figure(row) if math.isnan(part) else part
        if row and part > whole:
            self.findings.add(
                row.file, row.line,
                (f"{self.where}：{row['table']} 的部分大于总体",
                 f"{self.where}: a part in {row['table']} exceeds the whole"),
                (f"≤ {whole:,.0f}", f"at most {whole:,.0f}"), f"{part:,.0f}",
                ("核对原表", "check the source table"),
            )  # fmt: skip
