"""Frames of a stream, and its bound."""

import asyncio
import json

from tierdesk.kernel.actors import Actor, ActorKind
from tierdesk.kernel.live.stream import MAX_BUFFERED_BYTES, Stream, Viewer, beat_frame, change_frame, reset_frame


def test_no_payload_can_break_out_of_its_frame_or_lie_about_its_place():
    frame = change_frame(7, "ticket", {"note": "a\n\nevent: reset\r\ndata: x\u2028", "position": 1, "topic": "other"})
    head, _, rest = frame.decode().partition("data: ")
    assert head == "id: 7\nevent: change\n"
    assert rest.count("\n") == 2
    assert "\r" not in rest
    assert json.loads(rest) == {"note": "a\n\nevent: reset\r\ndata: x\u2028", "position": 7, "topic": "ticket"}


def test_a_beat_names_a_place_and_carries_no_data():
    assert beat_frame(9) == b": beat\nid: 9\n\n"


def test_what_waits_is_bounded_and_replaced_by_a_reset_and_the_end():
    sent = []

    async def work():
        reading = asyncio.Event()

        async def send(message):
            await reading.wait()
            sent.append(message)

        stream = Stream(send, [], Viewer(Actor(ActorKind.PERSON, person_id=1), 1))
        frame = b"x" * (MAX_BUFFERED_BYTES // 4)
        assert stream.push(frame, 1)
        await asyncio.sleep(0)  # the writer has taken it and waits for the reader
        pushed = [stream.push(frame, n) for n in range(2, 7)]
        assert pushed == [True] * 4 + [False]
        assert not stream.push(frame, 7)
        reading.set()
        while not sent or sent[-1]["more_body"]:
            await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(work(), 20))
    assert [message["body"] for message in sent[1:]] == [reset_frame(6), b""]


def test_what_is_pushed_during_a_replay_comes_after_it():
    sent = []

    async def work():
        async def send(message):
            sent.append(message["body"])

        stream = Stream(send, [], Viewer(Actor(ActorKind.PERSON, person_id=1), 1))
        stream.replaying = []
        stream.push(b"live", 3)
        stream.replayed([b"missed1,", b"missed2,"], 2)
        while not sent:
            await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(work(), 20))
    assert b"".join(sent) == b"missed1,missed2,live"
