"""What the live hub asks the database and the policies. Everything here runs in a thread, a batch at a time."""

from collections.abc import Generator, Hashable, Mapping, Sequence
from contextlib import contextmanager

import structlog
from django.db import Error, close_old_connections, connection
from django.http import parse_cookie

from tierdesk.kernel.actors import Actor
from tierdesk.kernel.live.registry import AUTHENTICATORS, FEEDS, RECHECKS, Feed, LiveRequest, identity_of
from tierdesk.kernel.live.stream import change_frame
from tierdesk.kernel.live.tail import read_events
from tierdesk.kernel.models import Event

__all__ = ["authenticate", "authenticate_all", "decide", "identity_of", "missed", "people_to_recheck"]

log = structlog.get_logger()

Headers = list[tuple[bytes, bytes]]
Frames = list[tuple[int, bytes]]
Deliveries = dict[Hashable, Frames]


class UnavailableError(Exception):
    """The database did not answer."""


def authenticate(headers: Headers) -> Actor | None:
    """Whose stream this is; none for a stranger. Raises `UnavailableError`."""
    return authenticate_all([headers])[0]


def authenticate_all(requests: Sequence[Headers]) -> list[Actor | None]:
    """Whose streams these are, each asked anew. Raises `UnavailableError`."""
    authenticator = AUTHENTICATORS.get("live")
    if authenticator is None:
        return [None] * len(requests)
    with _database():
        return [authenticator(_request(headers)) for headers in requests]


def decide(events: Sequence[Event], actors: Mapping[Hashable, Actor]) -> Deliveries:
    """The frames each viewer may see of these events, in order. Raises `UnavailableError`.

    A feed that fails is logged once for its event, which then reaches nobody.
    """
    deliveries: Deliveries = {}
    with _database():
        for event in events:
            feed = FEEDS.get(event.topic)
            if feed is None or not actors:
                continue
            try:
                decided = _decide(feed, event, list(actors.values()))
            except Error:
                raise
            except Exception:
                log.exception("live_feed_failed", topic=event.topic, live_event=event.pk)
                continue
            for identity, frame in decided:
                deliveries.setdefault(identity, []).append((event.position or 0, frame))
    return deliveries


def missed(actor: Actor, since: int, upto: int, held: Sequence[Event] | None) -> list[bytes]:
    """What one viewer may see of the events behind `since`, up to `upto`. Raises `UnavailableError`.

    `held` are those events where they are in memory already.
    """
    if held is None:
        with _database():
            held = [event for event in read_events(since, upto - since) if (event.position or 0) <= upto]
    identity = identity_of(actor)
    return [frame for _position, frame in decide(held, {identity: actor}).get(identity, [])]


def people_to_recheck(events: Sequence[Event]) -> set[int | None]:
    """Whose sign-in or rights these events may have changed; none stands for everybody's."""
    found = [(known, event) for event in events if (known := RECHECKS.get(event.name)) is not None]
    return {person_of(event) for person_of, event in found}


def _decide(feed: Feed, event: Event, actors: Sequence[Actor]) -> list[tuple[Hashable, bytes]]:
    concerned = actors if feed.narrow is None else feed.narrow(event, actors)
    decided: list[tuple[Hashable, bytes]] = []
    frames: dict[bytes, bytes] = {}  # equal answers share their bytes, however many read them
    for actor in concerned:
        payload = feed.deliver(event, actor)
        if payload is not None:
            frame = change_frame(event.position or 0, event.topic, payload)
            decided.append((identity_of(actor), frames.setdefault(frame, frame)))
    return decided


def _request(headers: Headers) -> LiveRequest:
    texts: dict[str, str] = {}
    for name, value in headers:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        texts[key] = f"{texts[key]}; {text}" if key == "cookie" and key in texts else text
    return LiveRequest(headers=texts, cookies=parse_cookie(texts.get("cookie", "")))


@contextmanager
def _database() -> Generator[None]:
    close_old_connections()
    try:
        yield
    except Error as error:
        log.warning("live_database_error", error=type(error).__name__)
        connection.close()
        raise UnavailableError from error
    finally:
        close_old_connections()
