"""Published rates that a visitor brings (我们的数字): uploaded, carried in the address, inert.

An upload is read in a worker process, within limits, and leaves nothing behind but rates of known
places: numbers of 0 to 100 with a code and a day. In an address they are checked again.
"""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from xiancheng.calibration.errors import Problem, ScenarioError, localized
from xiancheng.calibration.forecasts.common_trend import PublishedRate
from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.parsing import sheet_of, too_large
from xiancheng.calibration.region import load
from xiancheng.calibration.region.schema import INFORMATION
from xiancheng.calibration.yaml_positions import MAX_BYTES
from xiancheng.results.verdict.observations import known_of

if TYPE_CHECKING:
    from xiancheng.calibration.region import Region

UPLOAD = "figures"  # the name in messages; the name that a file was sent under is never used
MOST = 500  # figures of a table; a prefecture of ten counties has fewer in thirty years
MAX_CHARACTERS = 12_000  # in an address
HEAD = ["unit_code", "date", "value"]
TEMPLATE = "\ufeff地区,日期,城镇化率,来源\r\n# 例如 惠民县,2024年,38.5,公报\r\n"


def figures_response(source: bytes, lang: str, region: str) -> tuple[int, dict[str, Any]]:
    """HTTP status and body for an uploaded table: its rates for an address, or what is wrong.

    Runs in a worker process: reading a large file must not block the event loop.
    """
    try:
        if len(source) > MAX_BYTES:
            raise too_large(UPLOAD, MAX_BYTES)
        header, rows = sheet_of(source, UPLOAD)
        if len(rows) > MOST:
            expected = _("at most {n} rows", n=MOST)
            raise ScenarioError([Problem(UPLOAD, 0, 0, "", expected, str(len(rows)))])
        found = known_of((header, rows), UPLOAD, load(region), INFORMATION)
    except Exception as error:
        message = localized(error, lang)
        if message is None:
            raise
        return 413 if len(source) > MAX_BYTES else 422, {"message": message}
    return 200, {
        "figures": encode(found.rates), "remarks": [each.text(lang) for each in found.remarks]
    }  # fmt: skip


def encode(rates: Sequence[PublishedRate]) -> str:
    """Rates as they stand in an address: code, day and percent."""
    return "~".join(f"{each.code}_{each.day:%Y%m%d}_{each.rate:.12g}" for each in rates)


def decode(text: str, region: "Region") -> tuple[PublishedRate, ...]:
    """The rates that `encode` wrote, checked as an upload is.

    Raises
    ------
    ScenarioError
    """
    if not text:
        return ()
    cells = [each.split("_") for each in text[:MAX_CHARACTERS].split("~")]
    rows = [(i, own) for i, own in enumerate(cells[:MOST], 1)]
    return known_of((HEAD, rows), UPLOAD, region, INFORMATION).rates


def summary(rates: Sequence[PublishedRate]) -> Words:
    """How many figures are used, and the last day of them."""
    last: date = max(each.day for each in rates)
    return _("{n} figures of ours, the latest of {day}", n=len(rates), day=last)
