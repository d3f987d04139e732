"""The server: two pages, and one route that reads a scenario file; no route takes a path.

Every request is checked for its Host and Origin, and every response has a Content-Security-Policy.
"""

import os
import secrets
from importlib.resources import files
from ipaddress import ip_address
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import JSONResponse
from nicegui import app, ui
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xiancheng.calibration.i18n import _
from xiancheng.calibration.yaml_positions import MAX_BYTES
from xiancheng.results.console.computation import Server, preliminary
from xiancheng.results.console.edits import ScenarioEdit
from xiancheng.results.console.figures import figures_response
from xiancheng.results.console.page import Page
from xiancheng.results.console.session import default_scenarios, from_url, upload_response
from xiancheng.results.console.widgets import text
from xiancheng.scenarios.executor import THREADS
from xiancheng.scenarios.loader import load_plan
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
    folder = files("xiancheng.results.console")
    style, script = ((folder / name).read_text("utf-8") for name in ("style.css", "page.js"))

    async def page(request: Request, lang: str) -> None:
        client = ui.context.client
        ui.add_head_html(f"<style>{style}</style><script>{script}</script>")
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
        plan = load_plan(None, server.name).reference
        status, answer = await server.queue.aside(upload_response, source, lang, server.name, plan)
        return JSONResponse(answer, status)

    @app.post("/figures", include_in_schema=False)
    async def brought(request: Request) -> JSONResponse:
        lang = "en" if request.query_params.get("lang") == "en" else "zh"
        source = await bounded_body(request)
        status, answer = await server.queue.aside(figures_response, source, lang, server.name)
        return JSONResponse(answer, status)


async def warm_up(server: Server) -> None:
    """Compute the preliminary result of the default scenarios before anybody asks."""
    plan, baseline = (
        ScenarioEdit.of(name, region=server.name).scenario
        for name in default_scenarios(server.region).values()
    )
    async for __ in preliminary(server, "first screen", plan, baseline):
        pass


async def bounded_body(request: Request) -> bytes:
    """The body of a request, at most one byte more than may be uploaded."""
    source = bytearray()
    async for part in request.stream():
        source += part
        if len(source) > MAX_BYTES:
            break
    return bytes(source[: MAX_BYTES + 1])


# Security

LOCAL = {"127.0.0.1", "localhost", "::1"}
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; "
    "script-src 'self' 'unsafe-inline' 'unsafe-eval'; "  # Vue compiles templates in the browser
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class SecurityMiddleware:
    """Refuses requests for another host name or from pages of another origin.

    So neither DNS rebinding nor a WebSocket of another site reaches a server on this machine. Every
    response tells the browser to load from this server only.
    """

    def __init__(self, app: ASGIApp, host: str) -> None:
        self._app, self._names = app, LOCAL | {host}
        self._any_address = _is_address(host) and ip_address(host).is_unspecified

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it with status 421 (a WebSocket with code 1008)."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = {
            key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]
        }
        if not self._allowed(headers.get("host", ""), headers.get("origin")):
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            else:
                await PlainTextResponse("not here", 421)(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self._app(scope, receive, with_headers)

    def _allowed(self, host: str, origin: str | None) -> bool:
        name = urlsplit(f"//{host}").hostname or ""
        known = name in self._names or (self._any_address and _is_address(name))
        return known and (origin is None or urlsplit(origin).netloc == host)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
