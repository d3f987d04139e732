"""Scenarios that were saved: a file each in one folder, under a name that the program makes."""

import re
import secrets
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from xiancheng.calibration.errors import RequestError, ScenarioError
from xiancheng.calibration.i18n import _
from xiancheng.calibration.yaml_positions import parse_yaml
from xiancheng.results.console.address import read as as_draft
from xiancheng.results.console.draft import Draft
from xiancheng.results.store.parquet import yaml

MOST = 500  # scenarios that one folder keeps
MADE = re.compile(r"[0-9a-f]{12}")


class Library:
    """The folder of saved scenarios; everyone who uses this server sees them."""

    def __init__(self, folder: Path, region: str | None = None) -> None:
        self._folder, self._region = folder, region

    def titles(self) -> Mapping[str, str]:
        """The title of each saved scenario that can be read, by its number."""
        found = {}
        files = self._folder.glob("*.yaml") if self._folder.is_dir() else ()
        for file in sorted(files, key=lambda f: f.stat().st_mtime):
            if MADE.fullmatch(file.stem):
                try:
                    title = parse_yaml(file.read_bytes(), file.name).value["title"]
                except (ScenarioError, OSError, KeyError, TypeError):
                    continue
                found[file.stem] = str(title)
        return found

    def get(self, number: str) -> Draft:
        """A saved scenario, as `read` gives it."""
        return self.read(number)[0]

    def read(self, number: str) -> tuple[Draft, str]:
        """A saved scenario, and the digest of its file.

        Raises
        ------
        RequestError, ScenarioError
            if there is none of this number, or it can no longer be used.
        """
        file = self._file(number)
        if not file.is_file():
            raise RequestError(_("there is no such saved scenario"))
        source = file.read_bytes()
        draft = as_draft(dict(parse_yaml(source, file.name).value), self._region)
        return draft, sha256(source).hexdigest()

    def digest(self, number: str) -> str:
        """Of the file of a saved scenario; empty if there is none."""
        file = self._file(number)
        return sha256(file.read_bytes()).hexdigest() if file.is_file() else ""

    def save(self, draft: Draft, number: str | None = None, known: str | None = None) -> str:
        """Write a draft, in place of the one of this number or as a new one; its number.

        Raises
        ------
        RequestError
            if the file is there and is not the one of the digest that is known.
        """
        if number is None:
            if len(self.titles()) >= MOST:
                raise RequestError(_("{MOST} scenarios are saved; delete some", MOST=MOST))
            number = secrets.token_hex(6)
        file = self._file(number)
        if known and self.digest(number) not in ("", known):
            raise RequestError(
                _(
                    "somebody else has changed this scenario, so it is not "
                    "saved; keep yours as a new one with Clone"
                )
            )
        self._folder.mkdir(parents=True, exist_ok=True)
        written = file.with_name(f".{number}.{secrets.token_hex(4)}")
        written.write_text(yaml(draft.file()), encoding="utf-8")
        written.replace(file)
        return number

    def _file(self, number: str) -> Path:
        if not MADE.fullmatch(number):
            raise RequestError(_("there is no such saved scenario"))
        return self._folder / f"{number}.yaml"
