"""Takes the pictures of the page and of the documents anew: `make pictures`.

The page is photographed in Chromium, its numbers being those of the full ensemble; the documents
are photographed as LibreOffice, poppler and Chromium show them.
"""

import argparse
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

HERE = Path(__file__).parent
PICTURES = HERE / "pictures"
SCREEN = {"width": 1366, "height": 768}
PATIENCE = 1_800_000  # milliseconds that an ensemble at full scale may take
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu"]
SHOTS = {"report-pdf": 1, "report-word": 1, "report-excel": 2}  # and the page that is shown
DOTS = 60  # an inch, of pages


def main() -> None:
    """Take every picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=PICTURES)
    parser.add_argument("--scale", default="1", help="of the page")
    parser.add_argument("--draws", default="40", help="of the page")
    given = parser.parse_args()
    needed = ["chromium", "soffice", "pdftoppm"]
    if missing := [name for name in needed if shutil.which(name) is None]:
        sys.exit(f"pictures need {', '.join(missing)}")
    from playwright.sync_api import sync_playwright

    with TemporaryDirectory() as folder, sync_playwright() as driver:
        chrome = driver.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        with console(Path(folder), given.scale, given.draws) as url:
            photograph_page(chrome, url, given.into)
        photograph_documents(chrome, Path(folder), given.into)
        chrome.close()


@contextmanager
def console(folder: Path, scale: str, draws: str) -> Iterator[str]:
    """The page, served until its pictures are taken."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
    words = ["--port", str(port), "--scale", scale, "--draws", draws]
    server = subprocess.Popen([*xiancheng("console"), *words], cwd=folder)
    url = f"http://127.0.0.1:{port}"
    try:
        while True:
            try:
                urllib.request.urlopen(url, timeout=5).close()
                break
            except OSError:
                if server.poll() is not None:
                    raise
                time.sleep(0.2)
        yield url
    finally:
        server.terminate()
        server.wait(20)


def photograph_page(chrome: Any, url: str, into: Path) -> None:
    """The first screen in both languages, and two more views, as they stand on a screen."""
    tab = chrome.new_page(viewport=SCREEN)
    tab.set_default_timeout(PATIENCE)

    def shown(view: str, lang: str = "") -> None:
        tab.goto(f"{url}/{lang}?view={view}")
        tab.wait_for_selector(".badge.final")
        tab.wait_for_selector(".status progress", state="hidden")

    shown("overview")
    tab.screenshot(path=into / "console-overview.png")
    shown("overview", "en")
    tab.screenshot(path=into / "console-overview.en.png")
    shown("movers")
    tab.screenshot(path=into / "console-movers.png")
    shown("attribution")
    tab.get_by_role("button", name="计算各措施的贡献").click()
    tab.wait_for_selector(".view .tabled")
    tab.screenshot(path=into / "console-attribution.png")
    tab.close()


def photograph_documents(chrome: Any, folder: Path, into: Path) -> None:
    """A page of each document on the plan."""
    report = folder / "report"
    subprocess.run([*xiancheng("report"), "plan", "--out", report], check=True)
    files = {file.suffix[1:]: file for file in report.iterdir()}
    papers = {"report-pdf": files["pdf"]}
    for name, form in (("report-word", "docx"), ("report-excel", "xlsx")):
        printed = folder / form
        words = ["soffice", "--headless", "--convert-to", "pdf", "--outdir", printed, files[form]]
        subprocess.run(words, check=True, capture_output=True)
        papers[name] = printed / f"{files[form].stem}.pdf"
    for name, paper in papers.items():
        page = str(SHOTS[name])
        words = ["pdftoppm", "-png", "-singlefile", "-r", str(DOTS), "-f", page, "-l", page]
        subprocess.run([*words, paper, into / name], check=True)
    tab = chrome.new_page(viewport=SCREEN)
    tab.goto(files["html"].as_uri())
    tab.screenshot(path=into / "report-html.png")
    tab.close()


def xiancheng(command: str) -> list[str]:
    """The words that call a command of the program."""
    return [sys.executable, "-m", "xiancheng", command]


if __name__ == "__main__":
    main()
