"""The server: two pages, and one route that reads a scenario file; no route takes a path."""

import os
import secrets
from importlib.resources import files

from fastapi import Request
from fastapi.responses import JSONResponse
from nicegui import app, ui
from starlette.concurrency import run_in_threadpool

from xiancheng.calibration.i18n import _
from xiancheng.calibration.yaml_positions import MAX_BYTES
from xiancheng.results.console.computation import ABComputation, Server
from xiancheng.results.console.edits import ScenarioEdit
from xiancheng.results.console.page import Page
from xiancheng.results.console.security import SecurityMiddleware
from xiancheng.results.console.session import default_scenarios, from_url, upload_response
from xiancheng.results.console.widgets import text
from xiancheng.scenarios.executor import THREADS
from xiancheng.scenarios.outcome import reported_groups

ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" '
    'rx="5" fill="#0b5394"/><path d="M5 26V15l6-5 6 5v11zM19 26V7h8v19z" fill="#fff"/></svg>'
)


def serve(server: Server, *, host: str, port: int, show: bool = False) -> None:
    """Serve the page until interrupted."""
    os.environ.update(dict.fromkeys(THREADS, "1"))  # worker processes inherit it
    add_routes(server)
    app.add_middleware(SecurityMiddleware, host=host)
    app.config.quasar_config["loadingBar"] = {"skipHijack": True}  # it has no accessible name
    app.on_startup(lambda: warm_up(server))  # not a partial: its repr would print the region
    app.on_shutdown(server.queue.close)
    ui.run(
        host=host, port=port, title="县城 · xiancheng", reload=False, show=show, tailwind=False,
        storage_secret=secrets.token_urlsafe(32), show_welcome_message=False, favicon=ICON,
        endpoint_documentation="none", gzip_middleware_factory=None,
        binding_refresh_interval=None, reconnect_timeout=20,
    )  # fmt: skip


def add_routes(server: Server) -> None:
    """The pages in Chinese and English, and the route that reads a scenario file."""
    style = (files("xiancheng.results.console") / "style.css").read_text("utf-8")

    async def page(request: Request, lang: str) -> None:
        client = ui.context.client
        ui.add_head_html(f"<style>{style}</style>")
        wait = text(_("Opening…").text(lang), name="p", cls="loading")
        await client.connected()
        if client.is_deleted:  # the visitor left: nothing is built or computed
            return
        places = reported_groups(server.region)
        session, problem = await run_in_threadpool(
            from_url, lang, dict(request.query_params), server.region, places, server.name
        )
        if client.is_deleted:
            return
        with client:
            wait.set_visibility(False)
            client.on_delete(Page(server, session, problem, places).close)

    @ui.page("/", language="zh-CN")
    async def chinese(request: Request) -> None:
        await page(request, "zh")

    @ui.page("/en", language="en-US", title="xiancheng · scenarios")
    async def english(request: Request) -> None:
        await page(request, "en")

    @app.post("/scenario", include_in_schema=False)
    async def scenario(request: Request) -> JSONResponse:
        lang = "en" if request.query_params.get("lang") == "en" else "zh"
        source = await bounded_body(request)
        status, answer = await server.queue.aside(upload_response, source, lang, server.name)
        return JSONResponse(answer, status)


async def warm_up(server: Server) -> None:
    """Compute the preliminary result of the default scenarios before anybody asks."""
    plan, baseline = (
        ScenarioEdit.of(name, region=server.name).scenario
        for name in default_scenarios(server.region).values()
    )

    def ignored(_: object) -> None:
        pass

    await ABComputation(server, "first screen", ignored, ignored, ignored).preliminary(
        plan, baseline
    )


async def bounded_body(request: Request) -> bytes:
    """The body of a request, at most one byte more than may be uploaded."""
    source = bytearray()
    async for part in request.stream():
        source += part
        if len(source) > MAX_BYTES:
            break
    return bytes(source[: MAX_BYTES + 1])
