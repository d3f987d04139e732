"""A console on this machine, and a browser that looks at it."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

SMALL = ["--scale", "0.01", "--draws", "2", "--quick-scale", "0.01", "--quick-draws", "2"]
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE = 120_000  # milliseconds that a slow machine may take for a small ensemble


@dataclass(frozen=True)
class Console:
    """A server that runs."""

    url: str
    folder: Path  # it was started in


def chromium() -> str | None:
    """The browser of this machine, if it has one."""
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    return next((path for path in found if path), None)


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


@pytest.fixture(scope="session")
def console(tmp_path_factory):
    """The console, answering with small runs."""
    pytest.importorskip("nicegui", reason="the page needs xiancheng[console]")
    folder, port = tmp_path_factory.mktemp("console"), free_port()
    command = [sys.executable, "-m", "xiancheng", "console", "--port", str(port), "--jobs", "1"]
    plain = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}  # a server as any
    command += [*SMALL, "--saved", str(folder / "saved")]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env=plain)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(url, timeout=5).close()
                break
            except OSError:
                assert server.poll() is None, (folder / "log").read_text()
                time.sleep(0.2)
        yield Console(url, folder)
        told = (folder / "log").read_text()
        assert "Traceback" not in told, told
        assert "deleted" not in told, "nothing is done for those who went away"
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()


@pytest.fixture(scope="session")
def chrome(tmp_path_factory):
    """A browser without a window, at home in a folder of its own: its user may have none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    path = chromium()
    if path is None:
        pytest.skip("there is no Chromium on this machine")
    with playwright.sync_playwright() as driver:
        home = {name: str(tmp_path_factory.getbasetemp()) for name in ("HOME", "XDG_CONFIG_HOME")}
        # In the C locale a browser names no download in Chinese.
        own = os.environ | home | {"LC_ALL": "C.UTF-8"}
        browser = driver.chromium.launch(executable_path=path, args=FLAGS, env=own)
        yield browser
        browser.close()


@dataclass
class Visitor:
    """Somebody at a tab: what the browser asked for and complained of is kept."""

    page: object
    console: Console
    requests: list
    complaints: list

    def open(self, path: str = "/") -> None:
        """Open the page and wait for an answer that rests on draws."""
        self.page.goto(self.console.url + path)
        self.answered()

    def answered(self) -> None:
        """Wait until the ensemble at full scale is shown."""
        self.page.wait_for_selector(".view[aria-busy=false]", timeout=PATIENCE)
        self.page.wait_for_selector(".badge.final", timeout=PATIENCE)
        self.page.wait_for_selector(".status progress", state="hidden", timeout=PATIENCE)

    def slide(self, title: str, value: float) -> None:
        """Move a slider as a hand does: the browser is told of its input and its change."""
        before = self.changed()
        slider = self.page.get_by_role("slider", name=re.compile(f"^{title} "))
        slider.evaluate(
            "(e, v) => { e.value = v; e.dispatchEvent(new Event('input'));"
            " e.dispatchEvent(new Event('change')) }",
            str(value),
        )
        self.heard(before)

    def heard(self, before: str) -> None:
        """Wait until the list of changed levers is another."""
        self.page.wait_for_function(
            "before => document.querySelector('.changes').innerText !== before", arg=before
        )

    def view(self, title: str) -> None:
        """Open a view."""
        self.page.get_by_role("button", name=title, exact=True).click()

    def verdicts(self) -> str:
        """The table of verdicts as it stands."""
        return self.page.locator(".verdicts table").inner_text()

    def changed(self) -> str:
        """The list of changed levers."""
        return self.page.locator(".changes").inner_text()


@pytest.fixture
def visitor(console, chrome):
    """Makes visitors, each with a browser context of their own."""
    contexts = []

    def new_visitor(**options) -> Visitor:
        context = chrome.new_context(viewport={"width": 1366, "height": 768}, **options)
        contexts.append(context)
        page, requests, complaints = context.new_page(), [], []
        page.set_default_timeout(PATIENCE)
        page.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: (complaints.append(dialog.message), dialog.dismiss()))
        return Visitor(page, console, requests, complaints)

    yield new_visitor
    for context in contexts:
        context.close()
