"""A fixed set of threads that an event loop gives work to. The threads never wait for the loop."""

import asyncio
import contextvars
import queue
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class FullError(Exception):
    """Too many calls wait already; nothing was queued."""


class StoppedError(Exception):
    """The threads have been told to stop; the call was not and will not be run."""


class Call(Generic[T]):
    """One call on its way: waiting, then running, then done. `outcome` is its result or what it raised."""

    __slots__ = ("_context", "_function", "outcome", "started", "withdrawn")

    def __init__(self, function: Callable[[], T], outcome: "asyncio.Future[T]", context: contextvars.Context) -> None:
        self._function = function
        self._context = context
        self.outcome = outcome
        self.started = False
        self.withdrawn = False

    def run(self) -> None:
        """Run it in this thread and tell the loop; a loop that has ended is no longer told."""
        loop = self.outcome.get_loop()
        try:
            result = self._context.run(self._function)
        except BaseException as error:  # handed to whoever awaits the outcome
            _tell(loop, self._fail, error)
        else:
            _tell(loop, self._succeed, result)

    def _succeed(self, result: T) -> None:
        if not self.outcome.done():
            self.outcome.set_result(result)

    def _fail(self, error: BaseException) -> None:
        if not self.outcome.done():
            raised = error if isinstance(error, Exception) else RuntimeError(f"The call ended with {error!r}.")
            self.outcome.set_exception(raised)


class Threads:
    """`size` daemon threads behind one queue. All methods are called on the loop's thread.

    `max_waiting` bounds the calls that wait (not those that run); none means no bound. Each call runs in an empty
    context of its own unless it brings one, so that nothing set for one request is seen by the next.
    """

    def __init__(self, size: int, name: str, *, max_waiting: int | None = None) -> None:
        self.size = size
        self.name = name
        self.max_waiting = max_waiting
        self._queue: queue.SimpleQueue[Call[Any] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._waiting: dict[int, Call[Any]] = {}
        self._running = 0
        self._threads: list[threading.Thread] = []
        self._stopped = False

    @property
    def waiting(self) -> int:
        """How many calls have not begun."""
        return len(self._waiting)

    @property
    def running(self) -> int:
        """How many calls are being run."""
        return self._running

    @property
    def busy(self) -> bool:
        """Whether a call given now would have to wait."""
        return self._running + len(self._waiting) >= self.size

    def submit(self, function: Callable[[], T], context: contextvars.Context | None = None) -> Call[T]:
        """Queue a call. Refused: `FullError` where too many wait, `StoppedError` after `stop`."""
        if self._stopped:
            raise StoppedError
        if not self._threads:
            self._start()
        outcome: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        call = Call(function, outcome, contextvars.Context() if context is None else context)  # an empty one is false
        with self._lock:
            ahead = self._running + len(self._waiting) - self.size
            if self.max_waiting is not None and ahead >= self.max_waiting:
                raise FullError
            self._waiting[id(call)] = call
        self._queue.put(call)
        return call

    async def run(self, function: Callable[[], T]) -> T:
        """Queue a call and wait for its result."""
        return await self.submit(function).outcome

    def withdraw(self, call: Call[T]) -> bool:
        """Take back a call that has not begun; its outcome becomes `StoppedError`. False where it runs or has run."""
        with self._lock:
            if call.started or call.withdrawn:
                return False
            call.withdrawn = True
            del self._waiting[id(call)]
        if not call.outcome.done():
            call.outcome.set_exception(StoppedError())
            call.outcome.exception()  # looked at: nobody may be left to await it
        return True

    def stop(self) -> None:
        """Take nothing more, withdraw what waits, and let each thread end once its call is done. Does not wait."""
        self._stopped = True
        for call in list(self._waiting.values()):
            self.withdraw(call)
        for _thread in self._threads:
            self._queue.put(None)

    def _start(self) -> None:
        for number in range(self.size):
            thread = threading.Thread(target=self._work, name=f"{self.name}-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _work(self) -> None:
        while True:
            call = self._queue.get()
            if call is None:
                return
            with self._lock:
                if call.withdrawn:
                    continue
                call.started = True
                del self._waiting[id(call)]
                self._running += 1
            try:
                call.run()
            finally:
                with self._lock:
                    self._running -= 1
                del call  # or the last result stays in memory until the next call


def _tell(loop: asyncio.AbstractEventLoop, told: Callable[[T], None], what: T) -> None:
    try:
        loop.call_soon_threadsafe(told, what)
    except RuntimeError:
        if not loop.is_closed():
            raise
