"""The state of one browser tab, and the same in a URL and in an uploaded file."""

import base64
import binascii
import json
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from xiancheng.calibration.errors import Problem, ScenarioError, localized
from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.naming import is_path, shortened
from xiancheng.calibration.yaml_positions import MAX_BYTES, parse_yaml
from xiancheng.results.console import figures
from xiancheng.results.console.edits import BASELINE, ScenarioEdit, plan_scenario, titled
from xiancheng.scenarios.diff import foreign
from xiancheng.scenarios.loader import load_plan, resolve, using_plan
from xiancheng.scenarios.outcome import Group
from xiancheng.scenarios.scenario_files import Scenario

if TYPE_CHECKING:
    from xiancheng.calibration.forecasts.common_trend import PublishedRate
    from xiancheng.calibration.region import Region
    from xiancheng.results.analysis.attribution import AttributionTable
    from xiancheng.results.analysis.variance import VarianceSplit
    from xiancheng.results.console.charts import ColorScale
    from xiancheng.results.console.result import ABResult
    from xiancheng.results.console.views.goal import FoundPackage
    from xiancheng.results.tables.table import Table

UNDO_STEPS = 50
MAX_CHARACTERS = 12_000  # of a scenario in a URL
MAX_UNPACKED = 2**17  # bytes that they may decompress to
UPLOAD = "upload.yaml"  # the name in messages; the name that a file was sent under is never used
DEFAULTS = {"a": "plan", "b": BASELINE}

VIEWS = {
    "overview": _("Overview"),
    "compare": _("Compare"),
    "attribution": _("Attribution"),
    "goal": _("What it would take"),
    "growth": _("Growth by cause"),
    "movers": _("Who moves"),
    "delivery": _("Delivery", "view"),
    "sweep": _("Sweeps"),
    "assumptions": _("Assumptions"),
    "validation": _("Validation"),
}

# digest of the scenario and day; contributions
ComputedAttribution = tuple[tuple[str, date], "AttributionTable"]
State = tuple[ScenarioEdit, ScenarioEdit, str | None]


@dataclass
class Session:
    """The state of a tab; nothing of it is shared with another."""

    lang: str
    a: ScenarioEdit
    b: ScenarioEdit
    group: int = 0  # position of the chosen place in the groups of the outcome
    view: str = "overview"  # a key of `VIEWS`
    saved_as: str | None = None  # the saved scenario that A came from
    digests: dict[str, str] = field(default_factory=dict)  # of saved ones, as last read
    stored: dict[str, ScenarioEdit] = field(default_factory=dict)  # saved ones, as last read
    day: date | None = None  # the chosen day; None: that on which A is judged
    map_scale: "ColorScale | None" = None  # of rates, kept while the tab is open
    previous: "ABResult | None" = None  # the last final result before A was changed
    tables: dict[str, "Table"] = field(default_factory=dict)  # of the open view, by key
    second_map: str = "difference"  # a key of `views.overview.SECOND_MAPS`
    attribution: ComputedAttribution | None = None  # the last that was computed in this tab
    figures: "tuple[PublishedRate, ...]" = ()  # that the visitor brought
    goal: "FoundPackage | None" = None  # the last that was searched in this tab
    variance: "tuple[str, VarianceSplit] | None" = None  # the last split, by the scenario's digest
    _past: list[State] = field(default_factory=list)
    _future: list[State] = field(default_factory=list)

    def say(self, words: Words) -> str:
        """A message in the reader's language."""
        return words.text(self.lang)

    @property
    def scenario(self) -> Scenario:
        """Scenario A under the title that page and documents give it."""
        return titled(self.a, self.origin)

    @property
    def origin(self) -> ScenarioEdit | None:
        """The saved scenario that A came from, as last read."""
        return self.stored.get(self.saved_as) if self.saved_as else None

    def change(self, a: ScenarioEdit | None = None, b: ScenarioEdit | None = None) -> None:
        """Replace A or B; the state before can be restored by `undo`."""
        self._past = [*self._past[-UNDO_STEPS + 1 :], self._state]
        self._future = []
        self.a, self.b = a or self.a, b or self.b

    def bring(self, brought: "tuple[PublishedRate, ...]") -> None:
        """Use other published rates; what was computed without them is forgotten."""
        self.figures = brought
        self.attribution = self.variance = self.previous = self.goal = None

    def keep_previous(self, shown: "ABResult | None", new: "ABResult") -> None:
        """Keep the result that is shown, if it is final and of another A than the new one."""
        if shown is not None and not shown.preliminary and shown.digest != new.digest:
            self.previous = shown

    @property
    def _state(self) -> State:
        return self.a, self.b, self.saved_as

    @property
    def steps(self) -> tuple[int, int]:
        """How many steps can be undone, and redone."""
        return len(self._past), len(self._future)

    def undo(self) -> None:
        """Go back to the state before the last change."""
        self._restore(self._past, self._future)

    def redo(self) -> None:
        """Take an undo back."""
        self._restore(self._future, self._past)

    def _restore(self, states: list[State], others: list[State]) -> None:
        if states:
            others.append(self._state)
            self.a, self.b, self.saved_as = states.pop()

    def url(self, places: Sequence[Group]) -> str:
        """The path and query string that open this state again."""
        query = {
            "a": encode(self.a), "b": encode(self.b), "view": self.view,
            "place": str(places[self.group].code),
        }  # fmt: skip
        if self.day is not None:
            query["day"] = self.day.isoformat()
        if self.figures:
            query["figures"] = figures.encode(self.figures)
        path = "/en" if self.lang == "en" else "/"
        return path + "?" + "&".join(f"{key}={quote(value)}" for key, value in query.items())


def from_url(
    lang: str, query: Mapping[str, str], region: "Region", places: Sequence[Group],
    name: str | None = None,
) -> tuple[Session, str]:  # fmt: skip
    """The session that a query string describes, and what is wrong with it, if anything.

    Parameters
    ----------
    name : of the region, or its folder
    """
    problems, edits = list[str](), list[ScenarioEdit]()
    for key, default in default_scenarios(region).items():
        try:
            edits.append(decode(query.get(key, default), name))
        except ScenarioError as error:
            problems.append(error.text(lang))
            edits.append(ScenarioEdit.of(default, region=name))
    a, b = edits
    session = Session(lang, a, b)
    try:
        session.figures = figures.decode(query.get("figures", ""), region)
    except ScenarioError as error:
        problems.append(error.text(lang))
    with suppress(ValueError):
        session.day = date.fromisoformat(query.get("day", ""))
    session.view = query["view"] if query.get("view") in VIEWS else session.view
    codes = [str(group.code) for group in places]
    wanted = query.get("place", "")
    session.group = codes.index(wanted) if wanted in codes else default_place(region, places)
    return session, "\n".join(problems)


def default_scenarios(region: "Region") -> dict[str, str]:
    """A and B where no URL names them: the baseline twice outside the region of the plan."""
    if foreign(plan_scenario("plan"), region):
        return dict.fromkeys(DEFAULTS, BASELINE)
    return DEFAULTS


def default_place(region: "Region", places: Sequence[Group]) -> int:
    """The position of the place shown first: that of the first target, or all together."""
    codes = [county.code for county in region.counties]
    if region.targets:
        wanted = tuple(sorted(codes.index(code) for code in region.targets[0].counties))
        return next(i for i, group in enumerate(places) if group.counties == wanted)
    return next((i for i, group in enumerate(places) if len(group.counties) > 1), 0)


# A scenario in a URL


def encode(edit: ScenarioEdit) -> str:
    """The name of a scenario of the plan, or "." and a compressed scenario file in base64."""
    if not edit.changed and edit.title == edit.base.title.zh:
        return edit.base.name
    text = json.dumps(edit.to_file(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    packed = base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode()
    return "." + packed.rstrip("=")


def decode(text: str, region: str | None = None) -> ScenarioEdit:
    """The scenario that `encode` wrote, in a region.

    Raises
    ------
    ScenarioError
        with the messages of the validator, or if the text was not made by `encode`.
    """
    if text in load_plan().scenario_files():
        return ScenarioEdit.of(text, region=region)
    return from_mapping(_unpacked(text), region)


def from_mapping(file: Any, region: str | None = None) -> ScenarioEdit:
    """An edit from the keys of a scenario file, in a region.

    Raises
    ------
    ScenarioError
    """
    if not isinstance(file, dict):
        raise _not_ours("…")
    refuse_path(file)
    title = file.get("title")
    if isinstance(title, dict):
        title = title.get("zh")
    return ScenarioEdit.of(file, title if isinstance(title, str) else None, region)


def refuse_path(file: Any) -> None:
    """Refuse a scenario that names its plan by a path: the page opens no file that it is told of.

    Raises
    ------
    ScenarioError
    """
    named = file.get("plan") if isinstance(file, dict) else None
    if isinstance(named, str) and is_path(named):
        expected = _("no path: the page has the plan that it was started with (console --plan)")
        raise ScenarioError([Problem(UPLOAD, 0, 0, "plan", expected, shortened(named))])


def _unpacked(text: str) -> Any:
    if not text.startswith(".") or len(text) > MAX_CHARACTERS:
        raise _not_ours(text)
    try:
        raw = base64.b64decode(text[1:] + "=" * (-len(text[1:]) % 4), b"-_", validate=True)
        decompressor = zlib.decompressobj()
        content = decompressor.decompress(raw, MAX_UNPACKED)
        if decompressor.unconsumed_tail or not decompressor.eof:
            raise _not_ours(text)
        return json.loads(content)
    except (binascii.Error, zlib.error, ValueError, RecursionError):
        raise _not_ours(text) from None


def _not_ours(text: str) -> ScenarioError:
    expected, found = _("an address that this page has made"), text[:23] + "…" * (len(text) > 23)
    return ScenarioError([Problem(_("address").zh, 0, 0, "", expected, repr(found))])


# An uploaded scenario file


def from_bytes(source: bytes, region: str | None = None) -> ScenarioEdit:
    """The edit in an uploaded scenario file, in a region.

    Raises
    ------
    ScenarioError
        with file, line and column of every problem.
    """
    content = parse_yaml(source, UPLOAD)
    refuse_path(content.value)
    with TemporaryDirectory() as folder:  # alone in it: it can be based on no file of ours
        file = Path(folder) / UPLOAD
        file.write_bytes(source)
        try:
            resolve(file, region)
        except ScenarioError as error:
            raise ScenarioError(replace(p, file=UPLOAD) for p in error.problems) from None
    return from_mapping(content.value, region)


def upload_response(
    source: bytes, lang: str, region: str, plan: str | None = None
) -> tuple[int, dict[str, Any]]:
    """HTTP status and body for an uploaded file: its scenario for a URL, or what is wrong.

    Runs in a worker process, which does not know the plan in use: reading a large file must not
    block the event loop.
    """
    try:
        with using_plan(plan, region):
            return 200, {"address": encode(from_bytes(source, region))}
    except Exception as error:
        message = localized(error, lang)
        if message is None:
            raise
        return 413 if len(source) > MAX_BYTES else 422, {"message": message}
