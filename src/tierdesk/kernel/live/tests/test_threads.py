"""The threads a loop gives work to."""

import asyncio
import threading

import pytest

from tierdesk.kernel.live.threads import FullError, StoppedError, Threads

DEADLINE = 20


def within_a_loop(work):
    async def bounded():
        async with asyncio.timeout(DEADLINE):
            await work()

    asyncio.run(bounded())


def test_what_waits_is_bounded_and_what_runs_is_not_counted():
    async def work():
        gate = threading.Event()
        threads = Threads(2, "t", max_waiting=1)
        calls = [threads.submit(gate.wait) for _ in range(3)]
        with pytest.raises(FullError):
            threads.submit(gate.wait)
        gate.set()
        assert await asyncio.gather(*(call.outcome for call in calls)) == [True] * 3
        threads.stop()

    within_a_loop(work)


def test_a_call_that_has_not_begun_can_be_withdrawn_and_never_runs():
    async def work():
        gate, ran = threading.Event(), []
        threads = Threads(1, "t")
        first = threads.submit(gate.wait)
        second = threads.submit(lambda: ran.append(1))
        assert threads.withdraw(second)
        assert not threads.withdraw(second)
        gate.set()
        await first.outcome
        await threads.run(lambda: None)
        assert not ran
        assert not threads.withdraw(first)
        with pytest.raises(StoppedError):
            await second.outcome
        threads.stop()

    within_a_loop(work)


def test_stopping_withdraws_what_waits_and_refuses_what_comes_after():
    async def work():
        gate = threading.Event()
        threads = Threads(1, "t")
        running, waiting = threads.submit(gate.wait), threads.submit(gate.wait)
        while not threads.running:
            await asyncio.sleep(0)
        threads.stop()
        with pytest.raises(StoppedError):
            await waiting.outcome
        with pytest.raises(StoppedError):
            threads.submit(gate.wait)
        gate.set()
        assert await running.outcome

    within_a_loop(work)


def test_a_failure_reaches_who_waits_and_the_thread_lives_on():
    async def work():
        threads = Threads(1, "t")

        def leave():
            raise SystemExit

        with pytest.raises(RuntimeError, match="SystemExit"):
            await threads.run(leave)
        with pytest.raises(ZeroDivisionError):
            await threads.run(lambda: 1 // 0)
        assert await threads.run(lambda: 5) == 5
        threads.stop()

    within_a_loop(work)
