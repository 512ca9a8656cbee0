"""Django behind the server, in a process of its own: files, streams, connections, and the group of processes."""

import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

MEGABYTE = 1024 * 1024


def test_a_file_of_fifty_megabytes_is_sent_with_flat_memory(site, tmp_path):
    with (tmp_path / "big").open("wb") as big:
        big.truncate(50 * MEGABYTE)
    started = site()
    started.ask("/pid")
    before = int(started.ask("/memory")[2])
    status, headers, body = started.ask("/file")
    assert (status, headers["Content-Length"], len(body)) == (200, str(50 * MEGABYTE), 50 * MEGABYTE)
    with ThreadPoolExecutor(4) as clients:
        assert {len(answer[2]) for answer in clients.map(started.ask, ["/file"] * 4)} == {50 * MEGABYTE}
    assert int(started.ask("/memory")[2]) - before < 15 * 1024  # KiB: a few chunks, never the file
    open_files = [str(f.readlink()) for f in Path(f"/proc/{started.process.pid}/fd").iterdir() if f.exists()]
    assert str(tmp_path / "big") not in open_files
    assert started.stop() == 0


def test_unicode_paths_and_queries_reach_the_view(site):
    status, _headers, body = site().ask("/echo/%ED%95%9C%EA%B8%80?name=%D0%BC%D0%B8%D1%80")
    assert status == 200
    assert json.loads(body) == {"path": "/echo/한글", "name": "мир", "size": 0}


def test_a_stream_speaks_the_requests_language_and_reads_the_database(site):
    started = site()
    assert started.ask("/add?n=3")[2] == b"3"
    status, headers, body = started.ask("/export", {"Accept-Language": "ko"})
    assert (status, body) == (200, b"ko,1,2,3")
    assert headers["Transfer-Encoding"] == "chunked"


def children(started):
    return [
        int(pid) for pid in Path(f"/proc/{started.process.pid}/task/{started.process.pid}/children").read_text().split()
    ]


def name(pid):
    return Path(f"/proc/{pid}/comm").read_text().strip()


def test_a_killed_child_comes_back_while_the_others_serve(site, until):
    started = site(group=True)
    until(lambda: len(children(started)) == 4)
    names = {name(pid): pid for pid in children(started)}
    assert set(names) == {"tierdesk-web-1", "tierdesk-web-2", "tierdesk-worker", "tierdesk-mail"}
    os.kill(names["tierdesk-web-1"], signal.SIGKILL)
    assert started.ask("/pid")[2] == str(names["tierdesk-web-2"]).encode()
    os.kill(names["tierdesk-worker"], signal.SIGKILL)
    until(
        lambda: (
            len(children(started)) == 4
            and not set(children(started)) & {names["tierdesk-web-1"], names["tierdesk-worker"]}
        )
    )
    os.kill(names["tierdesk-web-2"], signal.SIGKILL)
    assert until(lambda: int(started.ask("/pid")[2])) not in names.values()
    assert started.stop() == 0


def test_the_group_lets_a_request_finish_before_it_ends(site, until, tmp_path):
    started = site(group=True)
    with ThreadPoolExecutor(2) as clients:
        answer = clients.submit(started.ask, "/wait")
        until((tmp_path / "begun").exists)
        stopping = clients.submit(started.stop)
        until(lambda: len(children(started)) < 4)
        (tmp_path / "go").touch()
        assert answer.result()[2] == b"went"
        assert stopping.result() == 0


def test_a_child_that_does_not_end_is_killed_after_the_grace_time(site, until, tmp_path):
    started = site(group=True, stubborn=True, grace=0.5)
    pid = int(until(lambda: (tmp_path / "stubborn").exists() and (tmp_path / "stubborn").read_text()))
    assert started.stop() == 1
    assert not Path(f"/proc/{pid}").exists()


def test_children_do_not_outlive_their_parent(site, until):
    started = site(group=True)
    until(lambda: len(children(started)) == 4)
    pids = children(started)
    started.process.kill()
    started.process.wait(10)
    until(lambda: not [pid for pid in pids if _runs(pid)])


def _runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
