"""The bridge: what comes in, what goes out, and what is refused."""

import io
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network

import pytest

DEADLINE = 20


def say(start_response, body=b"ok", status="200 OK", headers=()):
    start_response(status, [("Content-Type", "text/plain"), *headers])
    return [body]


def environ_app(environ, start_response):
    """Answers with what the environ says, bytes as latin-1."""
    told = {key: value for key, value in environ.items() if isinstance(value, str)}
    return say(start_response, json.dumps(told).encode())


def environ_of(server, target="/", headers=None, method="GET", body=None):
    return json.loads(server.ask(method, target, body, headers)[2])


class Gate:
    """Requests that wait inside the handler until they are let go."""

    def __init__(self):
        self.inside = 0
        self.most = 0
        self.finished = 0
        self.open = threading.Event()
        self._lock = threading.Lock()

    def __call__(self, environ, start_response):
        if environ["PATH_INFO"] != "/wait":
            return say(start_response)
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        assert self.open.wait(DEADLINE)
        with self._lock:
            self.inside -= 1
            self.finished += 1
        return say(start_response, b"waited")


def test_no_more_requests_run_than_there_are_threads_and_all_are_answered(serve, until):
    gate = Gate()
    server = serve(gate, threads=3, waiting=20)
    with ThreadPoolExecutor(12) as clients:
        answers = [clients.submit(server.ask, "GET", "/wait") for _ in range(12)]
        until(lambda: server.bridge.figures()["waiting"] == 9)
        gate.open.set()
        assert [answer.result()[2] for answer in answers] == [b"waited"] * 12
    assert gate.most == 3


def test_a_full_queue_says_at_once_when_to_come_back_in_the_readers_language(serve, until):
    gate = Gate()
    server = serve(gate, threads=1, waiting=1)
    with ThreadPoolExecutor(2) as clients:
        answers = [clients.submit(server.ask, "GET", "/wait") for _ in range(2)]
        until(lambda: server.bridge.figures()["waiting"] == 1)
        status, headers, body = server.ask("POST", "/", b"x" * 100_000, {"Accept-Language": "xx, en;q=0.5"})
        assert (status, headers["Retry-After"], headers["Connection"]) == (503, "3", "close")
        assert body == b"The server is busy at the moment. Please try again in a few seconds.\n"
        assert server.ask("GET", "/healthz")[0] == 200
        gate.open.set()
        assert {answer.result()[0] for answer in answers} == {200}


def test_a_client_that_leaves_while_it_waits_gives_its_place_to_the_next(serve, until):
    gate = Gate()
    server = serve(gate, threads=1, waiting=1)
    with ThreadPoolExecutor(2) as clients:
        first = clients.submit(server.ask, "GET", "/wait")
        until(lambda: gate.inside == 1)
        with server.connect() as leaving:
            leaving.sendall(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
            until(lambda: server.bridge.figures()["waiting"] == 1)
        until(lambda: server.bridge.figures()["waiting"] == 0)
        third = clients.submit(server.ask, "GET", "/wait")
        until(lambda: server.bridge.figures()["waiting"] == 1)
        gate.open.set()
        assert first.result()[0] == third.result()[0] == 200
    assert gate.finished == 2


def test_a_shutdown_finishes_what_is_inside_and_refuses_what_is_new(serve, until):
    gate = Gate()
    server = serve(gate, threads=2, waiting=20)
    with ThreadPoolExecutor(8) as clients, server.connect() as kept:
        kept.sendall(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
        answers = [clients.submit(server.ask, "GET", "/wait") for _ in range(7)]
        until(lambda: server.bridge.figures()["open"] == 8)
        stopping = clients.submit(server.stop)
        until(lambda: server.bridge._refusing)
        gate.open.set()
        assert [answer.result()[2] for answer in answers] == [b"waited"] * 7
        assert stopping.result() < 10
    assert gate.finished == 8


def test_a_shutdown_under_steady_load_loses_no_request_that_was_begun(serve, until):
    counted = []

    def work(environ, start_response):
        counted.append(1)
        return say(start_response, b"x" * 10_000)

    server = serve(work, threads=4, waiting=50)
    done, broken = [], []
    ending = threading.Event()

    def client():
        while not ending.is_set():
            try:
                status, _headers, body = server.ask("GET", "/")
            except OSError:
                broken.append(1)  # not accepted any more, or never answered
                return
            (done if status == 200 else broken).append(len(body))

    threads = [threading.Thread(target=client) for _ in range(8)]
    for thread in threads:
        thread.start()
    until(lambda: len(done) > 200)
    took = server.stop()
    ending.set()
    for thread in threads:
        thread.join(DEADLINE)
        assert not thread.is_alive()
    assert took < 10
    assert len(counted) == len(done)
    assert set(done) == {10_000}


def test_a_handler_that_never_ends_does_not_hold_the_shutdown(serve, until):
    gate = Gate()
    server = serve(gate, threads=1, waiting=5, grace_seconds=0.5)
    with ThreadPoolExecutor(2) as clients:
        both = [clients.submit(server.ask, "GET", "/wait") for _ in range(2)]
        until(lambda: server.bridge.figures()["waiting"] == 1)
        assert server.stop() < 10
        gate.open.set()
        answers = sorted(answer.result()[2] for answer in both)
    assert b"before it had answered" in answers[1]
    assert b"is restarting" in answers[0]


def test_a_large_upload_arrives_whole_and_is_closed_afterwards(serve, until):
    held = []

    def count(environ, start_response):
        body = environ["wsgi.input"]
        held.append(body)
        size = sum(len(chunk) for chunk in iter(lambda: body.read(65536), b""))
        return say(start_response, f"{size} {environ['CONTENT_LENGTH']} {isinstance(body, io.BytesIO)}".encode())

    server = serve(count, max_upload_bytes=30_000_000)
    assert server.ask("POST", "/", b"a" * 20_000_001)[2] == b"20000001 20000001 False"
    assert server.ask("POST", "/", b"a" * 1000)[2] == b"1000 1000 True"
    assert server.ask("POST", "/", iter([b"a" * 400_000] * 10))[2].startswith(b"4000000 ")
    assert all(body.closed for body in held)
    figures = server.bridge.figures()
    assert figures["body_memory_bytes"] == figures["body_disk_bytes"] == 0


@pytest.mark.parametrize("chunked", [False, True])
def test_too_large_an_upload_is_answered_with_a_sentence_although_the_client_writes_on(serve, chunked):
    called = []
    server = serve(lambda environ, start: called.append(1) or say(start), max_upload_bytes=2 * 1024 * 1024)
    body = iter([b"a" * 500_000] * 40) if chunked else b"a" * 20_000_000
    status, answered, text = server.ask("POST", "/", body)
    assert status == 413
    assert b"at most 2 MB" in text
    assert answered["Connection"] == "close"
    assert not called
    assert server.bridge.figures()["body_disk_bytes"] == 0


def test_a_client_that_asks_first_is_not_told_to_continue_with_too_large_a_body(serve):
    server = serve(lambda environ, start: say(start), max_upload_bytes=1000)
    answer = server.raw(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\nExpect: 100-continue\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_body_that_comes_too_slowly_is_given_up(serve):
    server = serve(lambda environ, start: say(start), body_seconds=0.2)
    answer = server.raw(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nabc")
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_head_that_does_not_end_loses_its_connection(serve):
    server = serve(lambda environ, start: say(start), head_seconds=0.2)
    assert server.raw(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ") == b""
    assert server.raw(b"") == b""
    again = server.raw(b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHo")
    assert again.count(b"HTTP/1.1 200") == 1


def test_a_head_without_bounds_is_refused(serve):
    server = serve(lambda environ, start: say(start), head_bytes=10_000)
    answer = server.raw(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 1_000_000)
    assert answer.startswith(b"HTTP/1.1 431 ") or answer == b""  # reset while it was still writing


def test_paths_are_decoded_as_bytes_and_queries_left_alone(serve):
    server = serve(environ_app)
    told = environ_of(server, "/%ED%95%9C%2Fa%20b/%FF?q=%ED&x=1")
    assert told["PATH_INFO"].encode("latin-1") == "/한/a b/".encode() + b"\xff"
    assert told["QUERY_STRING"] == "q=%ED&x=1"
    assert told["SCRIPT_NAME"] == ""
    assert server.ask("GET", "/a%00b")[0] == 400


def test_headers_that_repeat_are_joined_and_cookies_with_a_semicolon(serve):
    server = serve(environ_app)
    answer = server.raw(
        b"GET / HTTP/1.1\r\nHost: x\r\nX-A: 1\r\nX-A: 2\r\nCookie: a=1\r\nCookie: b=2\r\nConnection: close\r\n\r\n"
    )
    told = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert told["HTTP_X_A"] == "1,2"
    assert told["HTTP_COOKIE"] == "a=1; b=2"
    assert "HTTP_CONNECTION" not in told
    assert "CONTENT_LENGTH" not in told


def test_a_stranger_can_claim_neither_an_origin_nor_a_name(serve):
    claims = {
        "X-Forwarded-For": "9.9.9.9",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
        "Forwarded": "for=9.9.9.9",
        "X-Real-IP": "9.9.9.9",
        "Remote-User": "admin",
        "X-Remote-User": "admin",
        "X_Forwarded_For": "9.9.9.9",
        "Remote_User": "admin",
        "Remote-Addr": "9.9.9.9",
        "Proxy": "http://evil.example",
        "SSL-Client-Verify": "SUCCESS",
    }
    told = environ_of(serve(environ_app), headers=claims)
    assert told["REMOTE_ADDR"] == "127.0.0.1"
    assert told["wsgi.url_scheme"] == "http"
    assert told["HTTP_HOST"].startswith("127.0.0.1:")
    assert not [value for value in told.values() if "9.9.9.9" in value or "admin" in value or "evil" in value]
    assert not [key for key in told if "SSL" in key or "REMOTE_USER" in key]


def test_a_trusted_proxy_is_believed_for_its_nearest_hop_only(serve):
    server = serve(environ_app, trusted_proxies=(ip_network("127.0.0.0/8"), ip_network("10.0.0.0/8")))
    headers = {
        "X-Forwarded-For": "6.6.6.6, 203.0.113.7, 10.0.0.2",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "desk.example",
        "Remote-User": "admin",
    }
    told = environ_of(server, headers=headers)
    assert told["REMOTE_ADDR"] == "203.0.113.7"
    assert told["wsgi.url_scheme"] == "https"
    assert told["HTTP_HOST"] == "desk.example"
    assert "HTTP_REMOTE_USER" not in told
    assert "HTTP_X_FORWARDED_FOR" not in told
    assert environ_of(server, headers={"X-Forwarded-For": "rubbish"})["REMOTE_ADDR"] == "127.0.0.1"


def test_head_and_empty_statuses_carry_no_body(serve):
    def app(environ, start_response):
        status = environ["PATH_INFO"][1:] or "200 OK"
        return say(start_response, b"body", status)

    server = serve(app)
    status, headers, body = server.ask("HEAD", "/")
    assert (status, headers["Content-Length"], body) == (200, "4", b"")
    for target in ("/204%20No", "/304%20Not"):
        status, headers, body = server.ask("GET", target)
        assert (str(status), body) == (target[1:4], b"")


def test_a_handler_that_fails_becomes_a_500_with_a_number_and_no_secret(serve):
    def app(environ, start_response):
        raise ValueError("the secret")

    server = serve(app)
    status, _headers, body = server.ask("POST", "/", b"x" * 10)
    assert status == 500
    assert b"tell us this number: " in body
    assert b"secret" not in body
