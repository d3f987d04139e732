"""The server: who may ask, what it takes, and that it answers while it computes."""

import ast
import json
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import pytest

from xiancheng.results.console.session import encode, from_mapping

HOUSE = Path(__file__).parents[3]
CONSOLE = sorted((HOUSE / "results" / "console").rglob("*.py"))


def requested(url: str, data: bytes | None = None, **headers: str) -> tuple[int, bytes, dict]:
    request = urllib.request.Request(url, data, headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read(), lowered(answer.headers)
    except urllib.error.HTTPError as error:
        return error.code, error.read(), lowered(error.headers)


def lowered(headers) -> dict:
    return {key.lower(): value for key, value in headers.items()}


def test_a_scenario_file_gets_an_address(console):
    status, body, _ = requested(f"{console.url}/scenario", b"name: x\ntitle: x\nbased_on: plan\n")
    assert status == 200
    assert json.loads(body)["address"].startswith(".")


def test_a_bad_file_gets_line_and_column_in_the_readers_language(console):
    bad = b"name: x\ntitle: x\nmeasures: {M12: {intensty: 1}}\n"
    status, body, _ = requested(f"{console.url}/scenario?lang=en", bad)
    assert status == 422
    message = json.loads(body)["message"]
    assert re.match(r"upload\.yaml:3:\d+: .*did you mean 'intensity'", message)


def test_an_upload_over_one_mebibyte_is_refused(console):
    status, body, _ = requested(f"{console.url}/scenario", b"#" * (2**20 + 1))
    assert status == 413
    assert "1 MiB" in json.loads(body)["message"]


def test_pages_of_others_cannot_ask(console):
    assert requested(console.url, Origin="https://example.org")[0] == 421
    assert requested(f"{console.url}/scenario", b"x", Origin="https://example.org")[0] == 421


def test_another_name_for_this_machine_is_refused(console):
    assert requested(console.url, Host="rebound.example.org")[0] == 421


def test_the_page_tells_the_browser_to_load_from_here_only(console):
    status, body, headers = requested(console.url)
    assert status == 200
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "connect-src 'self'" in policy
    assert not re.findall(rb"(?:src|href)=\"(?:https?:)?//", body)


@pytest.mark.parametrize("path", ["/../etc/passwd", "/etc/passwd", "/scenario/../../x", "/docs",
                                  "/openapi.json", "/%2e%2e/pyproject.toml"])  # fmt: skip
def test_no_route_takes_a_path(console, path):
    status, body, _ = requested(console.url + path)
    assert status in (404, 405)
    assert b"root:" not in body
    assert b"[project]" not in body


def test_our_routes_have_no_parameters_in_their_path():
    routes = [
        node.args[0].value
        for file in CONSOLE
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("ui.page", "app.get", "app.post", "app.put", "app.delete")
    ]
    assert sorted(routes) == ["/", "/en", "/figures", "/scenario"]


@pytest.mark.parametrize("file", CONSOLE, ids=lambda f: f.name)
def test_the_console_neither_evaluates_nor_unpickles(file):
    used = {
        ast.unparse(node)
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Name | ast.Attribute)
    }
    assert used.isdisjoint({"eval", "exec", "compile", "__import__", "pickle.loads", "pickle.load"})
    assert not re.search(r"^\s*(import|from) (pickle|marshal|shelve)", file.read_text(), re.M)


@pytest.mark.parametrize(
    "argument", [["--port", "0"], ["--scale", "2"], ["--draws", "-1"], ["--region", "nowhere"]]
)
def test_what_cannot_be_served_is_refused_at_once(argument):
    pytest.importorskip("nicegui", reason="the page needs xiancheng[console]")
    command = [sys.executable, "-m", "xiancheng", "console", *argument]
    finished = subprocess.run(command, cwd=HOUSE, capture_output=True, text=True, timeout=60)
    assert finished.returncode == 2
    assert finished.stderr.strip()
    assert "Traceback" not in finished.stderr


@pytest.mark.parametrize(("lang", "message"), [("zh", "已被占用"), ("en", "is in use")])
def test_a_port_that_is_taken_is_refused_and_no_address_announced(lang, message):
    pytest.importorskip("nicegui", reason="the page needs xiancheng[console]")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "xiancheng", "--lang", lang, "console", "--port", port]
        finished = subprocess.run(command, cwd=HOUSE, capture_output=True, text=True, timeout=60)
    assert finished.returncode == 2
    assert port in finished.stderr
    assert message in finished.stderr
    for word in ("http://", "ERROR", "Traceback"):
        assert word not in finished.stderr + finished.stdout


@pytest.mark.slow
def test_twenty_at_once_get_their_page_within_half_a_second_while_others_compute(console, chrome):
    page = chrome.new_page()
    levers = {"measures": {"M01": {"intensity": 0.37}}}  # that nobody has asked for
    edit = from_mapping({"name": "new", "title": "new", "based_on": "plan", **levers})
    page.goto(f"{console.url}/?view=attribution&a={encode(edit)}")
    page.get_by_role("button", name="计算各措施的贡献").click()
    page.wait_for_function("document.querySelector('.view progress').value > 0")

    def visit(_: int) -> list[float]:
        seconds = []
        for _ in range(5):
            begun = time.perf_counter()
            assert requested(console.url)[0] == 200
            seconds.append(time.perf_counter() - begun)
            time.sleep(0.5)
        return seconds

    with ThreadPoolExecutor(20) as visitors:
        seconds = sorted(chain.from_iterable(visitors.map(visit, range(20))))
    assert page.get_by_text("正在计算各措施的贡献").is_visible(), "they computed all the while"
    page.close()
    assert seconds[94] <= 0.5, f"median {seconds[49]:.2f} s, p95 {seconds[94]:.2f} s"
