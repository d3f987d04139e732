"""A scenario file that was sent: read by the validator of the command line, in its words."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from xiancheng.calibration.errors import ScenarioError, localized
from xiancheng.calibration.yaml_positions import MAX_BYTES, parse_yaml
from xiancheng.results.console.address import packed, read
from xiancheng.results.console.draft import Draft
from xiancheng.scenarios.loader import resolve

NAME = "upload.yaml"  # what messages call it; the name that it was sent under is never used


def draft_of(source: bytes, region: str | None = None) -> Draft:
    """The draft in the bytes of a file, in a region.

    Raises
    ------
    ScenarioError
        with file, line and column of all that is wrong.
    """
    content = parse_yaml(source, NAME)
    with TemporaryDirectory() as folder:  # alone in it: it can be based on no file of ours
        file = Path(folder) / NAME
        file.write_bytes(source)
        try:
            resolve(file, region)
        except ScenarioError as error:
            raise ScenarioError(replace(p, file=NAME) for p in error.problems) from None
    return read(content.value, region)


def checked(source: bytes, lang: str, region: str) -> tuple[int, dict[str, Any]]:
    """The status and the answer to a file: the address of its scenario, or what is wrong with it.

    It runs in a worker process: reading a large file must not hold the page up.
    """
    try:
        return 200, {"address": packed(draft_of(source, region))}
    except Exception as error:
        message = localized(error, lang)
        if message is None:
            raise
        return 413 if len(source) > MAX_BYTES else 422, {"message": message}
