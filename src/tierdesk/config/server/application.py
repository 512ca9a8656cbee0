"""The ASGI application of a web process: live streams and the sign of life on the loop, everything else to Django."""

import asyncio

import structlog
from django.core.handlers.wsgi import WSGIHandler

from tierdesk.config.environment import Environment, read_environment
from tierdesk.config.server.asgi import Receive, Scope, Send, WSGIApplication
from tierdesk.config.server.bridge import Bridge
from tierdesk.config.server.limits import Limits, read_limits
from tierdesk.kernel.live.hub import Hub

log = structlog.get_logger()

ALIVE = (200, b"ok\n")
STOPPING = (503, b"stopping\n")


class Application:
    """Routes `/live` to the hub, `/healthz` to a constant answer, the rest through the bridge.

    Made before the fork, with Django loaded; `start` and `stop` are called on the loop of the process that serves.
    """

    def __init__(self, wsgi: WSGIApplication, limits: Limits, *, live: bool = True) -> None:
        self.limits = limits
        self.bridge = Bridge(wsgi, limits)
        self.hub = Hub() if live else None
        self._stopping: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to follow the events."""
        if self.hub is not None:
            self.hub.start()

    def refuse_new(self) -> None:
        """End the live streams and refuse new requests; those inside have the grace time to finish."""
        if self._stopping is None:
            if self.hub is not None:
                self.hub.close()
            self.bridge.refuse_new()
            self._stopping = asyncio.get_running_loop().create_task(self.bridge.stop())

    async def stop(self) -> None:
        """Refuse new requests and wait, at most the grace time, for those inside."""
        self.refuse_new()
        if self._stopping is not None:
            await self._stopping

    def figures(self) -> dict[str, int]:
        """What the process is busy with, for the metrics page."""
        live = self.hub.figures() if self.hub is not None else {}
        return {**self.bridge.figures(), **{f"live_{name}": value for name, value in live.items()}}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI 3: `lifespan` and `http`; anything else is refused with an error."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] != "http":
            raise ValueError(f"Tierdesk does not speak {scope['type']}.")
        elif scope["path"] == "/healthz":
            await _say(send, *(STOPPING if self._stopping is not None else ALIVE))
        elif scope["path"] == "/live" and self.hub is not None:
            await self.hub(scope, receive, send)
        else:
            await self.bridge(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.start()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return


def load(environment: Environment | None = None) -> Application:
    """The application on Django's handler, its middleware loaded. Django must have been set up."""
    return Application(WSGIHandler(), read_limits(environment or read_environment()))


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI entry point for a server of somebody else's choice; made at the first call."""
    await _loaded()(scope, receive, send)


def _loaded() -> Application:
    if not _APPLICATIONS:
        _APPLICATIONS.append(load())
    return _APPLICATIONS[0]


_APPLICATIONS: list[Application] = []


async def _say(send: Send, status: int, body: bytes) -> None:
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
