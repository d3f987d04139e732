"""A scenario file that was sent: read by the validator of the command line, in its words."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from results.console.address import read
from results.console.draft import Draft
from scenarios.checking import ScenarioError
from scenarios.reading import parsed
from scenarios.resolving import resolve

NAME = "upload.yaml"  # what messages call it; the name that it was sent under is never used


def draft_of(source: bytes) -> Draft:
    """The draft in the bytes of a file.

    Raises
    ------
    ScenarioError
        with file, line and column of all that is wrong.
    """
    content = parsed(source, NAME)
    with TemporaryDirectory() as folder:  # alone in it: it can be based on no file of ours
        file = Path(folder) / NAME
        file.write_bytes(source)
        try:
            resolve(file)
        except ScenarioError as error:
            raise ScenarioError(replace(p, file=NAME) for p in error.problems) from None
    return read(content.value)
