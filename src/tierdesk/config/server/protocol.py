"""uvicorn's HTTP protocol, made less patient: who sends a head or reads too slowly loses the connection."""

import asyncio
import math
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tierdesk.config.server.limits import Limits

SHUTDOWN_STALLED_SECONDS = 3.0
TOO_LONG = b"The head of your request is too long.\n"
HEAD_TOO_LONG = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: %d\r\nconnection: close\r\n\r\n%b" % (len(TOO_LONG), TOO_LONG)
)


class PatientProtocol(HttpToolsProtocol):
    """One connection.

    A request's head has `limits.head_seconds` from its first byte (or from the connection) and `limits.head_bytes`; a
    client that reads nothing of what is written for `limits.stalled_seconds` is cut off.
    """

    limits = Limits()
    _head_timer: asyncio.TimerHandle | None = None
    _stall_timer: asyncio.TimerHandle | None = None
    _in_head = True
    _begun = False
    _head_size = 0
    _ending = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Start the head's time."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timers."""
        self._drop_timers()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what belongs to a head."""
        if self._in_head:
            self._head_size += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._in_head and self._head_size > self.limits.head_bytes:
            self.transport.write(HEAD_TOO_LONG)
            self.transport.close()
        elif self._head_timer is None and self._in_head and (self.cycle is None or self.cycle.response_complete):
            self._await_head()

    def on_message_begin(self) -> None:
        """The first byte of a head."""
        self._begun = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is there: its time ends."""
        self._in_head = self._begun = False
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """What comes next is another head."""
        self._in_head = True
        self._head_size = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Where the next head has begun meanwhile, its time starts."""
        super().on_response_complete()
        if self._begun and self._head_timer is None and not self.transport.is_closing():
            self._await_head()

    def pause_writing(self) -> None:
        """The client reads more slowly than we write: give it some time."""
        super().pause_writing()
        self._await_reader()

    def resume_writing(self) -> None:
        """The client has read."""
        super().resume_writing()
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None

    def timeout_keep_alive_handler(self) -> None:
        """An idle connection is closed; where something is still unread, it is cut off soon after."""
        super().timeout_keep_alive_handler()
        if self.transport.get_write_buffer_size():
            self._await_reader()

    def shutdown(self) -> None:
        """The server ends: who does not read now is waited for a few seconds only."""
        self._ending = True
        super().shutdown()
        if self._stall_timer is not None or (self.transport.is_closing() and self.transport.get_write_buffer_size()):
            self._await_reader()

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(self.limits.head_seconds, self._head_late)

    def _await_reader(self) -> None:
        if self._stall_timer is not None:
            self._stall_timer.cancel()
        patience = min(self.limits.stalled_seconds, SHUTDOWN_STALLED_SECONDS if self._ending else math.inf)
        self._stall_timer = self.loop.call_later(patience, self._cut)

    def _head_late(self) -> None:
        self._head_timer = None
        if not self.transport.is_closing():
            self.transport.close()

    def _cut(self) -> None:
        self.transport.abort()

    def _drop_timers(self) -> None:
        for timer in (self._head_timer, self._stall_timer):
            if timer is not None:
                timer.cancel()
        self._head_timer = self._stall_timer = None


def patient_protocol(limits: Limits) -> type[asyncio.Protocol]:
    """The protocol with these limits."""
    members: dict[str, Any] = {"limits": limits}
    return type("PatientProtocol", (PatientProtocol,), members)
