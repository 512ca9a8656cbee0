"""One call of the WSGI application in a thread: the request goes in whole, the response comes whole or in chunks."""

import contextvars
from collections.abc import Callable, Iterator
from typing import Any

from django.db import connections
from django.utils import timezone, translation

from tierdesk.config.server.asgi import Environ, WSGIApplication
from tierdesk.config.server.files import FileWrapper

Header = tuple[bytes, bytes]

# The server's own business (RFC 9110, section 7.6.1), whatever the application says.
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade"}


class Exchange:
    """A request being answered. After `run` either `body` holds all of it, or `next_chunk` brings it bit by bit.

    `run`, `next_chunk`, `enter_stream` and `close` are called in threads, one after the other, in the same context.
    `close` closes the response once, whatever happened.
    """

    def __init__(self, wsgi: WSGIApplication, environ: Environ) -> None:
        self.context = contextvars.Context()
        self.status = 0
        self.headers: list[Header] = []
        self.body: bytes | None = None
        self._wsgi = wsgi
        self._environ = environ
        self._head = environ["REQUEST_METHOD"] == "HEAD"
        self._result: Any = None
        self._chunks: Iterator[bytes] = iter(())
        self._written: list[bytes] = []
        self._closed = False
        self._ambience: Callable[[], None] = _nothing

    @property
    def bodyless(self) -> bool:
        """Whether no body may be sent (RFC 9110, sections 9.3.2, 15.3.5, 15.4.5)."""
        return self._head or self.status in {204, 304}

    @property
    def is_file(self) -> bool:
        """Whether what remains to be sent is a file: reading it touches no database."""
        return isinstance(self._result, FileWrapper)

    def run(self) -> None:
        """Call the application. What it raises is raised here, its response closed."""
        try:
            self._result = self._wsgi(self._environ, self._start_response)
            if not self.status:
                raise RuntimeError("The application returned without calling start_response.")
            if self.bodyless or _is_whole(self._result):
                self.body = self._whole()
                self._set_length(len(self.body))
                self.close()
            else:
                self._prepare_stream()
        except BaseException:
            self.close()
            raise

    def next_chunk(self) -> bytes:
        """The next bytes, never empty before the end."""
        while (chunk := next(self._chunks, None)) is not None:
            if chunk:
                return chunk
        return b""

    def enter_stream(self) -> None:
        """Make this thread speak the request's language and time zone."""
        self._ambience()

    def leave_stream(self) -> None:
        """Close the response and this thread's database connections."""
        self.close()
        connections.close_all()

    def close(self) -> None:
        """Close request body and response; Django closes files and looks after the thread's connections with it."""
        if self._closed:
            return
        self._closed = True
        try:
            closing = getattr(self._result, "close", None)
            if closing is not None:
                closing()
        finally:
            self._environ["wsgi.input"].close()

    def _start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        if self.status and exc_info is None:
            raise AssertionError("start_response was called twice.")
        self.status = int(status[:3])
        self.headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in headers
            if name.lower() not in HOP_BY_HOP
        ]
        return self._written.append

    def _whole(self) -> bytes:
        if self.bodyless and not _is_whole(self._result):
            return b""
        return b"".join([*self._written, *self._result])

    def _set_length(self, length: int) -> None:
        """Say the length that will be sent; one the application gave stands only where nothing is sent."""
        given = any(name == b"content-length" for name, _value in self.headers)
        if self.status not in {204, 304} and self._head and (given or not length):
            return
        self.headers = [(name, value) for name, value in self.headers if name != b"content-length"]
        if self.status not in {204, 304}:
            self.headers.append((b"content-length", b"%d" % length))

    def _prepare_stream(self) -> None:
        wrapped = self._result
        self._chunks = iter(wrapped)
        if self._written:
            first, rest = b"".join(self._written), self._chunks
            self._chunks = (chunk for part in ([first], rest) for chunk in part)
        language, zone = translation.get_language(), timezone.get_current_timezone()

        def ambience() -> None:
            if language is not None:
                translation.activate(language)
            timezone.activate(zone)

        self._ambience = ambience


def _is_whole(result: Any) -> bool:
    return isinstance(result, list | tuple) or getattr(result, "streaming", None) is False


def _nothing() -> None:
    pass
