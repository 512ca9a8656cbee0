"""One browser's stream of server-sent events (WHATWG HTML, section 9.2): frames out, and a bound on what waits."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import Any

import msgspec

from tierdesk.kernel.actors import Actor

Send = Callable[[dict[str, Any]], Awaitable[None]]

MAX_BUFFERED_BYTES = 256 * 1024  # a batch of 500 events has to fit
SIGNED_OUT = b"event: signed-out\ndata: {}\n\n"


def change_frame(position: int, topic: str, payload: Mapping[str, Any]) -> bytes:
    """One change, as the browser reads it. `position` and `topic` win over what the payload calls so."""
    data = msgspec.json.encode({**payload, "position": position, "topic": topic})
    return b"id: %d\nevent: change\ndata: %b\n\n" % (position, data)


def hello_frame(position: int) -> bytes:
    """The first frame: from which position on the stream tells everything; come back after three seconds."""
    return b'retry: 3000\nid: %d\nevent: hello\ndata: {"position":%d}\n\n' % (position, position)


def reset_frame(position: int) -> bytes:
    """Something was missed that will not be repeated: the page has to load itself anew."""
    return b'id: %d\nevent: reset\ndata: {"position":%d}\n\n' % (position, position)


def beat_frame(position: int) -> bytes:
    """A sign of life. An id without data moves the browser's Last-Event-ID and dispatches nothing."""
    return b": beat\nid: %d\n\n" % position


class Viewer:
    """Somebody with one stream or more; all of them are told by what this actor may see now."""

    __slots__ = ("actor", "identity", "streams")

    def __init__(self, actor: Actor, identity: Hashable) -> None:
        self.actor = actor
        self.identity = identity
        self.streams: set[Stream] = set()


class Stream:
    """A browser that listens. Idle it holds no task of its own and no buffer. Used on the loop's thread only."""

    __slots__ = (
        "_buffer",
        "_buffered",
        "_ending",
        "_flush",
        "_send",
        "after",
        "bucket",
        "headers",
        "replaying",
        "viewer",
    )

    def __init__(self, send: Send, headers: list[tuple[bytes, bytes]], viewer: "Viewer") -> None:
        self._send = send
        self._buffer: list[bytes] | None = None
        self._buffered = 0
        self._ending = False
        self._flush: asyncio.Task[None] | None = None
        self.headers = headers
        self.viewer = viewer
        self.after = 0  # the last position that came, or will come, by another way than live delivery
        self.bucket = 0
        self.replaying: list[bytes] | None = None

    @property
    def ending(self) -> bool:
        """Whether nothing more can be pushed."""
        return self._ending

    def push(self, frame: bytes, position: int) -> bool:
        """Queue a frame. One that does not read fast enough gets a reset and its end instead: then false."""
        if self._ending:
            return False
        if self.replaying is not None:
            self.replaying.append(frame)
            return True
        if self._buffered + len(frame) > MAX_BUFFERED_BYTES:
            self.end(reset_frame(position))
            return False
        self._queue(frame)
        return True

    def replayed(self, frames: list[bytes], position: int) -> None:
        """Send what was missed, then what came meanwhile."""
        held, self.replaying = self.replaying or [], None
        for frame in (*frames, *held):
            if not self.push(frame, position):
                return

    def end(self, last: bytes = b"") -> None:
        """Drop what waits, send a last frame if the browser still reads, and close."""
        if self._ending:
            return
        self._ending = True
        self._buffer = None
        self._buffered = 0
        self._queue(last)

    def leave(self) -> None:
        """The browser is gone: stop writing."""
        self._ending = True
        self._buffer = None
        if self._flush is not None:
            self._flush.cancel()

    def _queue(self, frame: bytes) -> None:
        if self._buffer is None:
            self._buffer = []
        self._buffer.append(frame)
        self._buffered += len(frame)
        if self._flush is None:
            self._flush = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        try:
            while self._buffer is not None:
                data, self._buffer, self._buffered = b"".join(self._buffer), None, 0
                await self._send({"type": "http.response.body", "body": data, "more_body": True})
            if self._ending:
                await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._flush = None
