"""Reads region.yaml: what a pack is about."""

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from xiancheng.calibration import parsing
from xiancheng.calibration.checks import PERCENT, Findings, percent_advice, read_document
from xiancheng.calibration.i18n import Say, Words
from xiancheng.calibration.region.schema import UNNAMED, County, Draft, Limits, Target, limits
from xiancheng.calibration.yaml_positions import Document

OPERATORS = {  # of targets, as plans write them
    "不低于": "at least", "不少于": "at least", "达到": "at least", "以上": "at least",
    "约": "about", "左右": "about",
}  # fmt: skip


def read(findings: Findings) -> Draft:
    """What the pack is about: its counties, censuses and targets."""
    draft, document = Draft(), read_document(findings, "region.yaml")
    if document is None:
        return draft
    raw, sheet = document.value, Sheet(findings, "region.yaml", document)
    needed = ("name", "title", "prefectures", "province", "counties", "censuses")
    if not sheet.keys(raw, needed, ("outside", "targets", "attribution")):
        return draft
    draft.name, draft.title = str(raw["name"]), sheet.name(raw, "title")
    draft.attribution = sheet.name(raw, "attribution") if "attribution" in raw else UNNAMED
    for node in sheet.items(raw, "prefectures"):
        if sheet.keys(node, ("code", "zh", "en")):
            draft.prefectures[str(node["code"])] = Words(node["zh"], node["en"])
    if sheet.keys(raw["province"], ("code", "zh", "en")):
        draft.province = str(raw["province"]["code"])
    draft.counties = sheet.counties(raw, draft.prefectures)
    days = [sheet.day(raw["censuses"], i) for i in range(len(sheet.items(raw, "censuses")))]
    draft.censuses = tuple(sorted({day for day in days if day}))
    draft.outside = sheet.outside(raw)
    draft.targets = sheet.targets(raw, draft)
    draft.sources = sources(findings)
    return draft


def sources(findings: Findings) -> tuple[str, ...]:
    """Ids of the sources that figures may name."""
    document = read_document(findings, "sources.yaml")
    if document is None:
        return ()
    listed, sheet = document.value, Sheet(findings, "sources.yaml", document)
    names = tuple(listed) if isinstance(listed, dict) else ()
    if not sheet.keys(listed, (), names):
        return ()
    for node in listed.values():
        sheet.keys(node, ("title", "publisher"), ("via", "licence", "note"))
    return tuple(map(str, listed))


class Sheet:
    """Reads a YAML file of the pack, telling each slip with its line."""

    def __init__(self, findings: Findings, file: str, document: Document) -> None:
        self.findings, self.file, self.document = findings, file, document

    def say(self, line: int, what: Say, expected: Say, found: object, advice: Say) -> None:
        """Write a problem down."""
        self.findings.add(self.file, line, what, expected, found, advice)

    def line(self, node: Any, key: Any = None) -> int:
        """The line of a mapping or list, or of what it holds under `key`."""
        return self.document.line(node, key)

    def keys(self, node: Any, needed: tuple[str, ...], extra: tuple[str, ...] = ()) -> bool:
        """Whether a mapping holds all it needs and nothing that is not known."""
        valid = (*needed, *extra)
        if not isinstance(node, dict):
            expected: Say = ("键和值", "keys and values")
            if isinstance(node, str) and (at := parsing.full_width(node, node.count("\n") + 1)):
                expected = parsing.full_width_advice(at[2])
            state = needed or valid
            self.say(
                self.line(node), ("内容", "the entry"), expected, node if node is not None else "∅",
                (f"写明 {'、'.join(state)}", f"state {', '.join(state)}"),
            )  # fmt: skip
            return False
        for key in node:
            line, sign = self.line(node, key), next((c for c in str(key) if c in "：，"), None)
            half = parsing.full_width_advice(sign) if sign else ("", "")
            advice = (f"写{half[0]}", f"write {half[1]}") if sign else None
            self.findings.known(self.file, line, ("键", "key"), str(key), valid, advice=advice)
        lacking = [key for key in needed if node.get(key) is None]
        for key in lacking:
            self.say(
                self.line(node), (f"键“{key}”", f"key {key!r}"), ("有值", "a value"), "∅",
                ("补上", "add it"),
            )  # fmt: skip
        return not lacking

    def items(self, node: Any, key: str) -> list[Any]:
        """The entries of a list that must not be empty."""
        value = node[key]
        if isinstance(value, list) and value:
            return value
        self.say(
            self.line(node, key), (f"“{key}”", f"{key!r}"), ("至少一项的列表", "a list of some"),
            value or "∅", ("写成列表", "write a list"),
        )  # fmt: skip
        return []

    def name(self, node: Any, key: str) -> Words:
        """A name in two languages."""
        value = node[key]
        if not isinstance(value, dict):
            line, both = self.line(node, key), ("{zh: …, en: …}",) * 2
            self.say(line, (f"“{key}”", f"{key!r}"), both, value, ("两种语言都写", "give both"))
            return Words(str(value), str(value))
        self.keys(value, ("zh", "en"))
        return Words(str(value.get("zh")), str(value.get("en")))

    def day(self, node: Any, key: Any) -> date | None:
        """A date."""
        value = node[key]
        if isinstance(value, date):
            return date(value.year, value.month, value.day)
        if isinstance(value, str) and (found := parsing.day(value)) is not None:
            return found
        line, form = self.line(node, key), ("写成 2020-11-01 的形式", "write it like 2020-11-01")
        self.say(line, ("日期", "the date"), ("年-月-日", "year-month-day"), value, form)
        return None

    def figure(self, node: Any, key: str, bounds: Limits, *, percent: bool = False) -> float:
        """A number within its limits; a share is refused where percent are meant."""
        value, what = node[key], (f"“{key}”", f"{key!r}")
        if isinstance(value, bool) or value not in bounds:
            low, high = f"{bounds.low:g}", f"{bounds.high:g}"
            zh, en = (
                (f"：{bounds.reason[0]}", f": {bounds.reason[1]}") if bounds.reason[0] else ("", "")
            )
            expected = f"{low} 至 {high} 的数{zh}", f"a number from {low} to {high}{en}"
            advice = ("核对数值", "check the number")
            self.say(self.line(node, key), what, expected, value, advice)
            return math.nan
        if percent and parsing.is_share(value):
            self.say(self.line(node, key), what, PERCENT, value, percent_advice(value))
            return math.nan
        return float(value)

    def among(self, node: Any, key: str, valid: Sequence[object]) -> Any:
        """One of some values; the first of them, and a problem, if it is another."""
        if node[key] in valid:
            return node[key]
        of = (f"“{key}”", f"{key!r}")
        self.findings.known(
            self.file, self.line(node, key), of, str(node[key]), [str(each) for each in valid]
        )
        return valid[0]

    def counties(self, raw: Any, prefectures: Mapping[str, Words]) -> tuple[County, ...]:
        """The counties, in order of code."""
        found: dict[str, County] = {}
        for node in self.items(raw, "counties"):
            fields = ("code", "zh", "en", "prefecture", "kind")
            if not self.keys(node, fields):
                continue
            county = County(*(str(node[key]) for key in fields))
            kinds = ("district", "county", "city")
            lines = {key: self.line(node, key) for key in fields}
            self.findings.known(self.file, lines["kind"], ("类型", "kind"), county.kind, kinds)
            self.findings.known(
                self.file, lines["prefecture"], ("地级市", "prefecture"), county.prefecture,
                prefectures,
            )  # fmt: skip
            six = county.code.isascii() and county.code.isdecimal() and len(county.code) == 6
            if not six or county.code in found:
                self.say(
                    lines["code"], ("县级代码", "the county code"),
                    ("六位数字，不重复", "six digits, used once"), county.code,
                    ("核对行政区划代码", "check the division code"),
                )  # fmt: skip
            found[county.code] = county
        return tuple(found[code] for code in sorted(found))

    def outside(self, raw: Any) -> dict[str, Any]:
        """Where the rest of the province and of the country stand."""
        node, found = raw.get("outside"), {}
        if node is None or not self.keys(node, (), ("province", "country")):
            return {}
        if "province" in node and self.keys(node["province"], ("zh", "en", "lon", "lat")):
            spot = node["province"]
            found["province"] = {
                key: self.figure(spot, key, limits("boundaries", key)) for key in ("lon", "lat")
            }
        if "country" in node and self.keys(node["country"], ("km", "low", "high")):
            km = limits("outside", "km")
            ends = {key: self.figure(node["country"], key, km) for key in ("low", "high")}
            within = km._replace(low=ends["low"], high=ends["high"])
            found["country"] = ends | {"km": self.figure(node["country"], "km", within)}
        return found

    def once(self, node: Any, key: str, told: Sequence[str]) -> None:
        """Refuse what is named twice."""
        for name in sorted({name for name in told if told.count(name) > 1}):
            self.say(
                self.line(node, key), (f"{key} 有重复", f"{key} holds one twice"),
                ("各不相同", "each but once"), name, ("删去其中一个", "delete one of the two"),
            )  # fmt: skip

    def targets(self, raw: Any, draft: Draft) -> tuple[Target, ...]:
        """What the plan wants."""
        found: list[Target] = []
        codes = [county.code for county in draft.counties]
        for node in self.items(raw, "targets") if raw.get("targets") else []:
            fields = ("id", "name", "counties", "value", "operator", "wording", "deadline")
            if not self.keys(node, fields):
                continue
            line = self.line(node, "operator")
            operator = str(node["operator"]).strip()
            operator = OPERATORS.get(operator, operator)
            only = ("用 at least（不低于）或 about（约）", "use 'at least' or 'about'")
            self.findings.known(
                self.file, line, ("算符", "operator"), operator, ("at least", "about"), advice=only
            )
            chosen = tuple(
                code for each in self.items(node, "counties")
                for code in draft.members(str(each)) or (str(each),)
            )  # fmt: skip
            self.once(node, "counties", chosen)
            self.once(node, "id", [str(node["id"]), *(target.id for target in found)])
            for code in chosen:
                line, thing = self.line(node, "counties"), ("县级代码", "county")
                self.findings.known(
                    self.file, line, thing, code, codes, draft.aliases(), draft.labels()
                )
            value = self.figure(node, "value", limits("targets", "value"), percent=True)
            deadline, name = self.day(node, "deadline"), self.name(node, "name")
            if deadline:
                wanted = operator, str(node["wording"])
                found.append(Target(str(node["id"]), name, chosen, value, *wanted, deadline))
        return tuple(found)
