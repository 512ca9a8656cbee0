"""What a response streams: as fast as the client reads, from one thread, and always closed."""

import threading
import time
from contextvars import ContextVar

DEADLINE = 20


def say(start_response, body):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [body]


class Chunks:
    """A streamed response that notes when it was closed."""

    def __init__(self, count, size=100_000, fail_at=None):
        self.count, self.size, self.fail_at = count, size, fail_at
        self.given = 0
        self.closed = threading.Event()
        self.threads = set()

    def __iter__(self):
        for number in range(self.count):
            if number == self.fail_at:
                raise ValueError("broke")
            self.given += 1
            self.threads.add(threading.current_thread().name)
            yield b"x" * self.size

    def close(self):
        self.closed.set()


def streaming(chunks):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return chunks

    return app


def test_a_stream_comes_whole_from_one_thread_and_is_closed(serve):
    chunks = Chunks(50)
    server = serve(streaming(chunks))
    assert len(server.ask("GET", "/")[2]) == 5_000_000
    assert chunks.closed.wait(DEADLINE)
    assert len(chunks.threads) == 1
    assert server.bridge.figures()["streams"] == 0


def test_a_stream_is_read_no_faster_than_the_client_reads_and_closed_when_it_leaves(serve, until):
    chunks = Chunks(10_000)
    server = serve(streaming(chunks))
    with server.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        connection.recv(1000)
    assert chunks.closed.wait(DEADLINE)
    assert chunks.given < 1_000
    until(lambda: server.bridge.figures()["open"] == 0)


def test_a_reader_that_stops_is_cut_off(serve, until):
    chunks = Chunks(10_000)
    server = serve(streaming(chunks), stalled_seconds=0.2)
    with server.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert chunks.closed.wait(DEADLINE)
    until(lambda: server.bridge.figures()["open"] == 0)


def test_a_stream_that_fails_is_cut_and_closed(serve, read_all):
    chunks = Chunks(10, fail_at=3)
    server = serve(streaming(chunks))
    answer = server.raw(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert not answer.endswith(b"0\r\n\r\n")
    assert chunks.closed.wait(DEADLINE)


def test_there_are_no_more_streams_than_threads(serve, until):
    server = serve(streaming(Chunks(10_000)), threads=2, waiting=5)
    held = [server.connect() for _ in range(2)]
    try:
        for connection in held:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        until(lambda: server.bridge.figures()["streams"] == 2)
        assert server.ask("GET", "/")[0] == 503
    finally:
        for connection in held:
            connection.close()
    until(lambda: server.bridge.figures()["streams"] == 0)


def test_what_one_request_sets_in_its_context_the_next_does_not_see(serve):
    seen = ContextVar("seen", default=0)

    def app(environ, start_response):
        seen.set(seen.get() + 1)
        return say(start_response, str(seen.get()).encode())

    server = serve(app, threads=1)
    assert {server.ask("GET", "/")[2] for _ in range(3)} == {b"1"}


def test_threads_do_not_wait_for_clients(serve, until):
    """Slow uploads and slow downloads hold no thread: others are served meanwhile."""
    asked = []
    server = serve(lambda environ, start: asked.append(1) or say(start, b"x" * 3_000_000), threads=1, waiting=5)
    held = [server.connect() for _ in range(20)]
    try:
        for connection in held[:10]:
            connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\nabc")
        for number, connection in enumerate(held[10:], start=1):
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            until(lambda expected=number: len(asked) == expected)
        began = time.monotonic()
        assert server.ask("GET", "/")[0] == 200
        assert time.monotonic() - began < 5
    finally:
        for connection in held:
            connection.close()
