"""The live hub of one web process: a raw ASGI application at `/live`, fed by the tail, guarded by the policies."""

import asyncio
import itertools
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from functools import partial
from typing import Any
from urllib.parse import parse_qs

import structlog

from tierdesk.kernel.actors import Actor
from tierdesk.kernel.live import decisions
from tierdesk.kernel.live.decisions import Deliveries
from tierdesk.kernel.live.stream import SIGNED_OUT, Send, Stream, Viewer, beat_frame, hello_frame, reset_frame
from tierdesk.kernel.live.tail import Tail
from tierdesk.kernel.live.threads import FullError, StoppedError, Threads
from tierdesk.kernel.models import Event

log = structlog.get_logger()

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]

MAX_STREAMS = 12_000
MAX_STREAMS_PER_VIEWER = 10
MAX_REPLAYED = 500
MAX_UNDELIVERED = 5_000
CATCH_UP_SECONDS = 3
BEAT_SECONDS = 20
RECHECK_SECONDS = 60
RECHECK_BATCH = 200
MAX_WAITING_CALLS = 400

NOT_SIGNED_IN = (401, b"Sign in first.\n")
FOREIGN_SITE = (403, b"Live updates are read from Tierdesk's own pages only.\n")
WRONG_METHOD = (405, b"Live updates are read with GET.\n")
TOO_MANY = (429, b"Too many live streams are open for you. Close a window and try again.\n")
UNAVAILABLE = (503, b"Live updates are not available at the moment. Try again in a few seconds.\n")
HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]


class Hub:
    """Every stream of this process. `start` and everything but `recheck` belong to the loop's thread.

    Each new event is offered to every viewer through the feed of its topic, the policy asked anew. Who somebody is gets
    asked again every minute, on `recheck`, and on the events registered with `live_recheck`.
    """

    def __init__(self) -> None:
        self._door = Threads(2, "live-door", max_waiting=MAX_WAITING_CALLS)
        self._policy = Threads(2, "live-policy")
        self._tail = Tail(self._began, self._found)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._viewers: dict[Hashable, Viewer] = {}
        self._buckets: list[set[Stream]] = [set() for _ in range(BEAT_SECONDS)]
        self._opened = 0
        self._closed = True
        self._ready = False
        self._pending: deque[Event] = deque()
        self._recent: deque[Event] = deque(maxlen=MAX_REPLAYED)
        self._recent_from = 0  # `_recent` holds every event behind this position, up to `_dispatched`
        self._dispatched = 0  # the last position whose delivery has begun
        self._delivered = 0  # the last position that everybody has been told of
        self._news = asyncio.Event()
        self._people: set[int | None] = set()
        self._people_due = asyncio.Event()

    def start(self) -> None:
        """Begin to follow the events. Called once, on the running loop, in the process that serves."""
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self._tail.start()
        works = (self._deliver_news, self._beat, self._recheck_people, self._recheck_in_turn)
        self._tasks = [self._loop.create_task(_forever(work)) for work in works]

    def close(self) -> None:
        """End every stream (browsers come back to another process) and refuse new ones. Does not wait."""
        self._closed = True
        self._tail.stop()
        self._door.stop()
        self._policy.stop()
        for task in self._tasks:
            task.cancel()
        for stream in self._all():
            stream.end()

    def recheck(self, person_id: int | None) -> None:
        """Ask again who this person is (none: everybody), at once. May be called from any thread."""
        self._on_loop(self._to_recheck, person_id)

    def figures(self) -> dict[str, int]:
        """Open streams, viewers, events not yet delivered, and the position delivered last."""
        return {
            "streams": sum(len(bucket) for bucket in self._buckets),
            "viewers": len(self._viewers),
            "undelivered": len(self._pending),
            "position": self._delivered,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request to `/live`: a stream until the browser leaves, or a refusal in a constant sentence."""
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        refusal = self._refused(scope["method"], headers)
        actor: Actor | None = None
        if refusal is None:
            try:
                actor = await self._door.run(lambda: decisions.authenticate(headers))
                refusal = NOT_SIGNED_IN if actor is None else self._full(decisions.identity_of(actor))
            except (FullError, StoppedError, decisions.UnavailableError):
                refusal = UNAVAILABLE
        if refusal is not None or actor is None:
            await _refuse(send, *(refusal or NOT_SIGNED_IN))
            return
        stream = self._join(Stream(send, headers, self._viewer(actor)))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            await self._catch_up(stream, _since(scope))
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            self._leave(stream)

    def _refused(self, method: str, headers: list[tuple[bytes, bytes]]) -> tuple[int, bytes] | None:
        if method != "GET":
            return WRONG_METHOD
        given = dict(headers)
        if given.get(b"sec-fetch-site") == b"cross-site":
            return FOREIGN_SITE
        if b"cookie" not in given and b"authorization" not in given:
            return NOT_SIGNED_IN
        return UNAVAILABLE if self._closed or not self._ready else None

    def _full(self, identity: Hashable) -> tuple[int, bytes] | None:
        if self._closed or sum(len(bucket) for bucket in self._buckets) >= MAX_STREAMS:
            return UNAVAILABLE
        viewer = self._viewers.get(identity)
        return TOO_MANY if viewer is not None and len(viewer.streams) >= MAX_STREAMS_PER_VIEWER else None

    def _viewer(self, actor: Actor) -> Viewer:
        identity = decisions.identity_of(actor)
        viewer = self._viewers.setdefault(identity, Viewer(actor, identity))
        viewer.actor = actor
        return viewer

    def _join(self, stream: Stream) -> Stream:
        stream.after = self._dispatched
        stream.replaying = []
        stream.bucket = self._opened % BEAT_SECONDS
        self._opened += 1
        self._buckets[stream.bucket].add(stream)
        stream.viewer.streams.add(stream)
        return stream

    def _leave(self, stream: Stream) -> None:
        stream.leave()
        self._forget(stream)

    def _forget(self, stream: Stream) -> None:
        self._buckets[stream.bucket].discard(stream)
        stream.viewer.streams.discard(stream)
        if not stream.viewer.streams and self._viewers.get(stream.viewer.identity) is stream.viewer:
            del self._viewers[stream.viewer.identity]

    async def _catch_up(self, stream: Stream, since: int | None) -> None:
        upto = stream.after
        if since is None or since == upto:
            stream.replayed([hello_frame(upto)], upto)
            return
        frames = [reset_frame(upto)]
        if upto < since <= upto + MAX_REPLAYED and await self._reached(since):
            frames = [hello_frame(since)]
        elif upto - MAX_REPLAYED <= since < upto:
            actor = stream.viewer.actor
            inside = since >= self._recent_from
            held = [event for event in self._recent if since < (event.position or 0) <= upto] if inside else None
            try:
                missed = await self._door.run(lambda: decisions.missed(actor, since, upto, held))
                frames = [hello_frame(since), *missed]
            except (FullError, StoppedError, decisions.UnavailableError):
                log.info("live_not_replayed", since=since)
        stream.replayed(frames, upto)

    async def _reached(self, position: int) -> bool:
        """Whether we get there soon: the page may have been made from a newer position than we have read yet."""
        for _turn in range(int(CATCH_UP_SECONDS / 0.05)):
            if self._dispatched >= position:
                return True
            await asyncio.sleep(0.05)
        return False

    # Delivery: the tail's thread hands batches over, one at a time is decided in a thread and then pushed.

    def _began(self, position: int) -> None:
        self._on_loop(self._restart, position)

    def _found(self, events: list[Event]) -> None:
        self._on_loop(self._take, events)

    def _restart(self, position: int) -> None:
        self._pending.clear()
        self._recent.clear()
        self._recent_from = self._dispatched = self._delivered = position
        self._ready = True
        self._reset_all()

    def _take(self, events: list[Event]) -> None:
        self._pending.extend(events)
        if len(self._pending) > MAX_UNDELIVERED:
            log.warning("live_behind", events=len(self._pending))
            self._restart(self._pending[-1].position or 0)
        self._news.set()

    async def _deliver_news(self) -> None:
        await self._news.wait()
        self._news.clear()
        events = list(self._pending)
        self._pending.clear()
        if not events:
            return
        upto = self._remember(events)
        people = decisions.people_to_recheck(events)
        if people:  # before anything else is told: they may have lost the right to know it
            await self._look_again(self._streams_of(people), people)
        actors = {identity: viewer.actor for identity, viewer in self._viewers.items()}
        try:
            deliveries = await self._policy.run(lambda: decisions.decide(events, actors))
        except decisions.UnavailableError:
            self._reset_all()
        else:
            self._push(deliveries)
        self._delivered = max(self._delivered, upto)

    def _remember(self, events: list[Event]) -> int:
        dropped = [*self._recent, *events][:-MAX_REPLAYED]
        if dropped:
            self._recent_from = dropped[-1].position or 0
        self._recent.extend(events)
        self._dispatched = events[-1].position or 0
        return self._dispatched

    def _push(self, deliveries: Deliveries) -> None:
        for identity, frames in deliveries.items():
            viewer = self._viewers.get(identity)
            for stream in tuple(viewer.streams) if viewer is not None else ():
                for position, frame in frames:
                    if position > stream.after and not stream.push(frame, self._dispatched):
                        self._forget(stream)  # it does not read, and its connection may take a minute to end
                        break

    def _reset_all(self) -> None:
        for stream in self._all():
            stream.push(reset_frame(self._dispatched), self._dispatched)

    # Beats, and looking again at who is there.

    async def _beat(self) -> None:
        for second in itertools.count():
            await asyncio.sleep(1)
            for stream in list(self._buckets[second % BEAT_SECONDS]):
                stream.push(beat_frame(self._delivered), self._dispatched)

    async def _recheck_in_turn(self) -> None:
        for turn in itertools.count():
            await asyncio.sleep(RECHECK_SECONDS / BEAT_SECONDS)
            await self._look_again(list(self._buckets[turn % BEAT_SECONDS]), set())

    def _to_recheck(self, person_id: int | None) -> None:
        self._people.add(person_id)
        self._people_due.set()

    async def _recheck_people(self) -> None:
        await self._people_due.wait()
        self._people_due.clear()
        people, self._people = self._people, set()
        if not await self._look_again(self._streams_of(people), people):
            await asyncio.sleep(1)

    def _streams_of(self, people: set[int | None]) -> list[Stream]:
        return [stream for stream in self._all() if None in people or stream.viewer.actor.person_id in people]

    async def _look_again(self, streams: list[Stream], people: set[int | None]) -> bool:
        for start in range(0, len(streams), RECHECK_BATCH):
            batch = streams[start : start + RECHECK_BATCH]
            headers = [stream.headers for stream in batch]
            try:
                actors = await self._policy.run(partial(decisions.authenticate_all, headers))
            except decisions.UnavailableError:
                for person_id in people:
                    self._to_recheck(person_id)
                return False
            for stream, actor in zip(batch, actors, strict=True):
                self._found_to_be(stream, actor)
        return True

    def _found_to_be(self, stream: Stream, actor: Actor | None) -> None:
        if actor is None:
            stream.end(SIGNED_OUT)
            self._forget(stream)
        elif decisions.identity_of(actor) != stream.viewer.identity:
            stream.end(reset_frame(self._dispatched))
            self._forget(stream)
        else:
            stream.viewer.actor = actor

    def _all(self) -> list[Stream]:
        return [stream for bucket in self._buckets for stream in bucket]

    def _on_loop(self, told: Callable[[Any], None], what: object) -> None:
        if self._loop is None:
            return
        try:
            self._loop.call_soon_threadsafe(told, what)
        except RuntimeError:
            if not self._loop.is_closed():
                raise


async def _forever(work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await work()
        except StoppedError:
            return
        except Exception:
            log.exception("live_work_failed")
            await asyncio.sleep(1)


def _since(scope: Scope) -> int | None:
    given = next((value for name, value in scope["headers"] if name == b"last-event-id"), None)
    if given is None:
        values = parse_qs(scope["query_string"], max_num_fields=20).get(b"since")
        given = values[0] if values else None
    if given is None:
        return None
    return int(given) if given.isdigit() and len(given) < 19 else -1


async def _refuse(send: Send, status: int, sentence: bytes) -> None:
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(sentence)),
        (b"cache-control", b"no-store"),
    ]
    if status in {429, 503}:
        headers.append((b"retry-after", b"5"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": sentence})
