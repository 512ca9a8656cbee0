"""Django's WSGI handler behind ASGI, on a fixed set of threads.

The loop takes in the body, then a thread runs the handler and never waits for the loop: a finished response goes back
in one piece, files and streams are fetched chunk by chunk as the client reads them.
"""

import asyncio
import contextlib
import secrets

import structlog
from django.db import InterfaceError, OperationalError

from tierdesk.config.server.asgi import Message, Receive, Scope, Send, WSGIApplication
from tierdesk.config.server.bodies import Bodies
from tierdesk.config.server.environ import build_environ
from tierdesk.config.server.exchange import Exchange
from tierdesk.config.server.limits import Limits
from tierdesk.config.server.refusing import (
    BAD_ADDRESS,
    BUSY,
    CUT_OFF,
    FAILED,
    STOPPING,
    TOO_LARGE,
    ClientGoneError,
    Refused,
    RefusedError,
    refuse,
)
from tierdesk.kernel.live.threads import Call, FullError, StoppedError, Threads

log = structlog.get_logger()

FILE_THREADS = 3


class Bridge:
    """One process's door to Django. Made before the fork, used on the loop of the process that serves.

    At most `limits.threads` requests run and `limits.waiting` more wait; the next one is told at once to come back.
    Streams that are no files (exports) get a thread of their own, at most `limits.threads` of them.
    """

    def __init__(self, wsgi: WSGIApplication, limits: Limits) -> None:
        self._wsgi = wsgi
        self._limits = limits
        self._threads = Threads(limits.threads, "request", max_waiting=limits.waiting)
        self._files = Threads(FILE_THREADS, "file")
        self._bodies = Bodies(limits, self._files)
        self._streams = 0
        self._open = 0
        self._refusing = False
        self._idle = asyncio.Event()

    def figures(self) -> dict[str, int]:
        """Requests running, waiting, streamed and open in all; bytes of bodies in memory and on disk."""
        return {
            "running": self._threads.running,
            "waiting": self._threads.waiting,
            "streams": self._streams,
            "open": self._open,
            "body_memory_bytes": self._bodies.in_memory,
            "body_disk_bytes": self._bodies.on_disk,
        }

    def refuse_new(self) -> None:
        """From now on new requests are told that the server restarts; those inside go on."""
        self._refusing = True

    async def stop(self) -> None:
        """Let what is inside finish for `limits.grace_seconds`, then give up on the rest and end the threads."""
        self.refuse_new()
        try:
            async with asyncio.timeout(self._limits.grace_seconds):
                while self._open:
                    self._idle.clear()
                    await self._idle.wait()
        except TimeoutError:
            log.warning("requests_abandoned", running=self._threads.running, waiting=self._threads.waiting)
        self._threads.stop()
        self._files.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        refused = STOPPING if self._refusing else self._full()
        if refused is not None:
            await refuse(scope, receive, send, refused)
            return
        self._open += 1
        try:
            await self._answer(scope, receive, send)
        except RefusedError as error:
            await self._refuse(scope, receive, send, error)
        except ClientGoneError:
            pass
        finally:
            self._open -= 1
            if not self._open:
                self._idle.set()

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, error: RefusedError) -> None:
        if error.refused is TOO_LARGE:
            megabytes = self._limits.max_upload_bytes // (1024 * 1024)
            await refuse(scope, receive, send, TOO_LARGE, more=error.more, megabytes=megabytes)
        else:
            await refuse(scope, receive, send, error.refused, more=error.more)

    def _full(self) -> Refused | None:
        ahead = self._threads.running + self._threads.waiting - self._limits.threads
        return BUSY if ahead >= self._limits.waiting else None

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if b"%00" in scope["raw_path"]:
            raise RefusedError(BAD_ADDRESS, more=True)
        body = await self._bodies.read(scope, receive)
        try:
            exchange = Exchange(self._wsgi, build_environ(scope, body.stream, body.size, self._limits))
            if await self._run(exchange, scope, receive, send):
                await self._send(exchange, receive, send)
        finally:
            body.forget()

    async def _run(self, exchange: Exchange, scope: Scope, receive: Receive, send: Send) -> bool:
        """Have the handler run and wait for it; false where it failed and that has been said.

        A client that leaves while its request still waits gives its place to the next.
        """
        gone = asyncio.ensure_future(_gone(receive)) if self._threads.busy else None
        call: Call[None] | None = None
        try:
            call = self._threads.submit(exchange.run, exchange.context)
            if gone is not None:
                await asyncio.wait((call.outcome, gone), return_when=asyncio.FIRST_COMPLETED)
                if not call.outcome.done() and self._threads.withdraw(call):
                    exchange.close()
                    raise ClientGoneError
            await asyncio.shield(call.outcome)
        except (FullError, StoppedError) as error:
            exchange.close()
            raise RefusedError(BUSY if isinstance(error, FullError) else STOPPING, more=False) from None
        except asyncio.CancelledError:
            if call is not None and not self._threads.withdraw(call):
                call.outcome.add_done_callback(lambda _done: self._close_later(exchange))
            raise RefusedError(CUT_OFF, more=False) from None  # cancelled by the server's end: the last word
        except ClientGoneError:
            raise
        except (InterfaceError, OperationalError) as error:  # not even the page that says so could be made
            log.error("database_unavailable", error=str(error)[:300])
            await refuse(scope, receive, send, BUSY, more=False)
            return False
        except Exception:
            incident = secrets.token_hex(4)
            log.exception("request_failed", incident=incident, path=scope["path"])
            await refuse(scope, receive, send, FAILED, more=False, incident=incident)
            return False
        finally:
            if gone is not None:
                gone.cancel()
        return True

    async def _send(self, exchange: Exchange, receive: Receive, send: Send) -> None:
        start: Message = {"type": "http.response.start", "status": exchange.status, "headers": exchange.headers}
        if exchange.body is not None:
            await send(start)
            await send({"type": "http.response.body", "body": b"" if exchange.bodyless else exchange.body})
        elif exchange.is_file:
            await self._stream(exchange, self._files, start, receive, send)
        elif self._streams >= self._limits.threads:
            self._close_later(exchange)
            raise RefusedError(BUSY, more=False)
        else:
            await self._stream(exchange, Threads(1, "stream"), start, receive, send)

    async def _stream(self, exchange: Exchange, threads: Threads, start: Message, receive: Receive, send: Send) -> None:
        """Send chunk by chunk. A generator runs in `threads` of its own: its database cursor belongs to one thread."""
        own = threads is not self._files
        context = exchange.context if own else None
        gone = asyncio.ensure_future(_gone(receive))
        self._streams += own
        try:
            if own:
                threads.submit(exchange.enter_stream, context)
            await send(start)
            while chunk := await threads.submit(exchange.next_chunk, context).outcome:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
                if gone.done():
                    return
            await send({"type": "http.response.body", "body": b""})
        except Exception:  # the head is out: the client sees a cut connection, the log sees why
            log.exception("response_cut_short", status=exchange.status)
        finally:
            gone.cancel()
            closing = threads.submit(exchange.leave_stream if own else exchange.close, context).outcome
            closing.add_done_callback(_log_failure)
            if own:
                closing.add_done_callback(lambda _closed: self._leave_stream(threads))
            await asyncio.shield(closing)

    def _leave_stream(self, threads: Threads) -> None:
        self._streams -= 1
        threads.stop()

    def _close_later(self, exchange: Exchange) -> None:
        with contextlib.suppress(StoppedError):
            self._files.submit(exchange.close).outcome.add_done_callback(_log_failure)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _log_failure(closed: "asyncio.Future[None]") -> None:
    if not closed.cancelled() and (error := closed.exception()) is not None:
        log.error("response_not_closed", error=repr(error))
