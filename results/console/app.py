"""The server: two pages, one route that reads a scenario, and nothing that takes a path."""

import asyncio
import os
import secrets
from importlib.resources import files

from fastapi import Request
from fastapi.responses import JSONResponse
from nicegui import app, ui
from starlette.concurrency import run_in_threadpool

from xiancheng.calibration.i18n import _
from xiancheng.calibration.yaml_positions import MAX_BYTES
from xiancheng.results.console.answer import Question
from xiancheng.results.console.arriving import arrived
from xiancheng.results.console.choosing import usual
from xiancheng.results.console.draft import Draft
from xiancheng.results.console.guard import Guard
from xiancheng.results.console.incoming import checked
from xiancheng.results.console.native import text
from xiancheng.results.console.page import Page
from xiancheng.results.console.server import Server
from xiancheng.results.console.study import keyed, made
from xiancheng.scenarios.executor import THREADS
from xiancheng.scenarios.outcome import reported_groups

ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" '
    'rx="5" fill="#0b5394"/><path d="M5 26V15l6-5 6 5v11zM19 26V7h8v19z" fill="#fff"/></svg>'
)


def serve(server: Server, *, host: str, port: int, show: bool = False) -> None:
    """Answer until interrupted."""
    os.environ.update(dict.fromkeys(THREADS, "1"))  # of the workers: one thread each
    routes(server)
    app.add_middleware(Guard, host=host)
    app.config.quasar_config["loadingBar"] = {"skipHijack": True}  # a bar that has no name
    app.on_startup(lambda: warmed(server))  # not a partial: its name would spell out the region
    app.on_shutdown(server.desk.close)
    ui.run(
        host=host, port=port, title="县城 · xiancheng", reload=False, show=show, tailwind=False,
        storage_secret=secrets.token_urlsafe(32), show_welcome_message=False, favicon=ICON,
        endpoint_documentation="none", gzip_middleware_factory=None,
        binding_refresh_interval=None, reconnect_timeout=20,
    )  # fmt: skip


def routes(server: Server) -> None:
    """The pages in Chinese and English, and the route that reads a scenario file."""
    style = (files("xiancheng.results.console") / "style.css").read_text("utf-8")

    async def page(request: Request, lang: str) -> None:
        client = ui.context.client
        ui.add_head_html(f"<style>{style}</style>")
        wait = text(_("Opening…").said(lang), name="p", cls="loading")
        await client.connected()
        if client.is_deleted:  # they went without listening: nothing is built or computed
            return
        places = reported_groups(server.region)
        state = await run_in_threadpool(
            arrived, lang, dict(request.query_params), server.region, places, server.name
        )
        if client.is_deleted:
            return
        with client:
            wait.set_visibility(False)
            made = Page(server, state, places)
            client.on_delete(made.study.cancel)
            made.build()
            made.begin()

    @ui.page("/", language="zh-CN")
    async def chinese(request: Request) -> None:
        await page(request, "zh")

    @ui.page("/en", language="en-US", title="xiancheng · scenarios")
    async def english(request: Request) -> None:
        await page(request, "en")

    @app.post("/scenario", include_in_schema=False)
    async def scenario(request: Request) -> JSONResponse:
        lang = "en" if request.query_params.get("lang") == "en" else "zh"
        source = await bounded(request)
        status, answer = await server.desk.aside(checked, source, lang, server.name)
        return JSONResponse(answer, status)


async def warmed(server: Server) -> None:
    """Have the first answer ready before anybody asks."""
    sizes = server.sizes
    plan, baseline = (
        Draft.of(name, region=server.name).scenario for name in usual(server.region).values()
    )
    first = Question(plan, baseline, server.name, sizes.quick_scale, sizes.quick_draws)
    specs = await asyncio.to_thread(keyed, first)
    summaries = await server.desk.ask("first screen", first.summarize, specs, "quick")
    await asyncio.to_thread(made, first, summaries[:4], summaries[4:], preliminary=True)


async def bounded(request: Request) -> bytes:
    """What was sent, or one byte more than may be sent; the rest is not read."""
    source = bytearray()
    async for part in request.stream():
        source += part
        if len(source) > MAX_BYTES:
            break
    return bytes(source[: MAX_BYTES + 1])
