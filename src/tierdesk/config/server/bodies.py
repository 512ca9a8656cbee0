"""Request bodies: taken in whole before a thread is, within bounds of size, time and the whole process's memory."""

import asyncio
import io
import tempfile
from functools import partial
from typing import BinaryIO

from tierdesk.config.server.asgi import Receive, Scope
from tierdesk.config.server.limits import Limits
from tierdesk.config.server.refusing import BUSY, TOO_LARGE, TOO_SLOW, ClientGoneError, RefusedError
from tierdesk.kernel.live.threads import Threads


class Body:
    """One request's body, rewound, and its size."""

    __slots__ = ("_bodies", "on_disk", "size", "stream")

    def __init__(self, bodies: "Bodies") -> None:
        self._bodies = bodies
        self.stream: BinaryIO = io.BytesIO()
        self.size = 0
        self.on_disk = False

    def account(self, size: int) -> None:
        """Note more bytes against the process's bounds."""
        self.size += size
        if self.on_disk:
            self._bodies.on_disk += size
        else:
            self._bodies.in_memory += size

    def move_to_disk(self) -> None:
        """Note that from now on these bytes take disk, not memory."""
        self._bodies.in_memory -= self.size
        self._bodies.on_disk += self.size
        self.on_disk = True

    def forget(self) -> None:
        """Give the bytes back to the process's bounds; called once, on the loop's thread."""
        if self.on_disk:
            self._bodies.on_disk -= self.size
        else:
            self._bodies.in_memory -= self.size
        self.size = 0


class Bodies:
    """All bodies of a process."""

    def __init__(self, limits: Limits, disk: Threads) -> None:
        self._limits = limits
        self._disk = disk
        self.in_memory = 0
        self.on_disk = 0

    async def read(self, scope: Scope, receive: Receive) -> Body:
        """Take in the whole body. Raises `ClientGoneError`, or `RefusedError` for too large, too slow, too many."""
        body = Body(self)
        declared = _declared(scope)
        if declared == 0:
            return body
        if declared is not None and declared > self._limits.max_upload_bytes:
            raise RefusedError(TOO_LARGE, more=True)
        try:
            async with asyncio.timeout(self._limits.body_seconds) as patience:
                await self._read(body, receive, patience)
        except TimeoutError:
            self._drop(body)
            raise RefusedError(TOO_SLOW, more=False) from None
        except OSError as error:  # the disk is full
            self._drop(body)
            raise RefusedError(BUSY, more=False) from error
        except BaseException:
            self._drop(body)
            raise
        return body

    async def _read(self, body: Body, receive: Receive, patience: asyncio.Timeout) -> None:
        began = asyncio.get_running_loop().time()
        held: list[bytes] = []
        held_bytes = 0
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientGoneError
            more = message.get("more_body", False)
            chunk = message.get("body", b"")
            if body.size + len(chunk) > self._limits.max_upload_bytes:
                raise RefusedError(TOO_LARGE, more=more)
            body.account(len(chunk))
            patience.reschedule(began + self._limits.body_seconds + body.size / self._limits.body_rate)
            held.append(chunk)
            held_bytes += len(chunk)
            if not body.on_disk and (body.size > self._limits.spool_above or self._memory_full()):
                body.stream = await self._disk.run(_open_spool)
                body.move_to_disk()
            if self.on_disk > self._limits.bodies_on_disk:
                raise RefusedError(BUSY, more=more)
            if body.on_disk and (held_bytes >= self._limits.spool_above or not more):
                await self._disk.run(partial(body.stream.writelines, held))
                held, held_bytes = [], 0
        if not body.on_disk:
            body.stream = io.BytesIO(b"".join(held))
        body.stream.seek(0)

    def _memory_full(self) -> bool:
        return self.in_memory > self._limits.bodies_in_memory

    def _drop(self, body: Body) -> None:
        body.forget()
        body.stream.close()


def _declared(scope: Scope) -> int | None:
    """What the head says of the body's size: nought without one, none where it comes in chunks."""
    size: int | None = 0
    for name, value in scope["headers"]:
        if name == b"transfer-encoding":
            return None
        if name == b"content-length":
            size = int(value) if value.isdigit() else None
    return size


def _open_spool() -> BinaryIO:
    return tempfile.TemporaryFile(prefix="tierdesk-body-")
