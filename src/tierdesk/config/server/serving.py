"""One web process: uvicorn on sockets that are open already."""

import contextlib
import resource
import signal
import socket
import threading

import uvicorn

from tierdesk.config.server.application import Application
from tierdesk.config.server.protocol import patient_protocol

BACKLOG = 2048
KEEP_ALIVE_SECONDS = 20
USER_TIMEOUT_MS = 45_000


def open_socket(host: str, port: int) -> socket.socket:
    """A listening TCP socket, to be shared by the web processes. Refused with `OSError`: an address that is in use.

    What a browser has not acknowledged for 45 seconds ends its connection: a laptop that was shut leaves no stream.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


class WebServer(uvicorn.Server):
    """uvicorn, which tells the application before it closes its sockets, not after its patience has ended."""

    def __init__(self, application: Application) -> None:
        limits = application.limits
        super().__init__(
            uvicorn.Config(
                application,
                loop="uvloop",
                http=patient_protocol(limits),
                ws="none",
                interface="asgi3",
                lifespan="on",
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                backlog=BACKLOG,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=int(limits.grace_seconds) + 1,
            )
        )
        self._application = application

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the live streams, refuse what is new, let the rest finish."""
        self._application.refuse_new()
        await super().shutdown(sockets=sockets)


def run_web(application: Application, sockets: list[socket.socket]) -> None:
    """Serve until SIGTERM or SIGINT; then finish what runs (at most the grace time) and return."""
    _allow_many_files()
    server = WebServer(application)
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):  # one that comes before uvicorn listens, or raised again after
            signal.signal(number, server.handle_exit)
    server.run(sockets=sockets)


def _allow_many_files() -> None:
    """Each live stream is an open file: take as many as the system allows."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
