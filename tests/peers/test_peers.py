"""The peers are real: a mail goes in at one end and comes out at the other."""

from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import psycopg
import pytest
from pytest_socket import SocketConnectBlockedError

from tests.peers.workplace import wait_until


def _mail(to: str, subject: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Mira Kovač <mira@remote.example>"
    mail["To"] = to
    mail["Subject"] = subject
    mail["Message-ID"] = f"<{abs(hash(subject))}@remote.example>"
    mail.set_content("The VPN drops every ten minutes.\n")
    return mail


def test_postgresql_answers_and_sorts_by_code_point(postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url) as connection:
        rows = connection.execute("SELECT x FROM (VALUES ('b'), ('A'), ('a'), ('B')) v(x) ORDER BY x").fetchall()
    assert "".join(row[0] for row in rows) == "ABab"


@pytest.mark.peers
def test_dovecot_keeps_each_mailbox_apart(dovecot) -> None:
    dovecot.deliver("lmtp@demo.example", _mail("lmtp@demo.example", "By LMTP: 배송"))
    dovecot.append("imap@demo.example", _mail("imap@demo.example", "By IMAP"))
    assert [mail["Subject"] for mail in dovecot.mails("lmtp@demo.example")] == ["By LMTP: 배송"]
    assert [mail["Subject"] for mail in dovecot.mails("imap@demo.example")] == ["By IMAP"]
    assert dovecot.mails("nobody@demo.example") == []


@pytest.mark.peers
def test_postfix_hands_mail_for_example_domains_to_dovecot(postfix, dovecot) -> None:
    postfix.send(_mail("Help <help@acme.example>", "Through the MTA"))
    wait_until(f"delivery; {postfix.queue()}", lambda: len(dovecot.mails("help@acme.example")) == 1, 15)
    received = dovecot.mails("help@acme.example")[0]
    assert received["Subject"] == "Through the MTA"
    assert "mx.demo.example" in received["Received"]


@pytest.mark.peers
def test_postfix_refuses_to_relay_elsewhere(postfix) -> None:
    import smtplib

    with pytest.raises(smtplib.SMTPRecipientsRefused):
        postfix.send(_mail("someone@remote.invalid", "Out"))


@pytest.mark.browser
def test_chromium_shows_a_page_of_loopback(page) -> None:
    class Hello(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write("<title>Tierdesk</title><h1>안녕</h1>".encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Hello) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        page.goto(f"http://127.0.0.1:{server.server_address[1]}/")
        assert page.title() == "Tierdesk"
        assert page.locator("h1").inner_text() == "안녕"
        server.shutdown()


def test_the_network_is_closed_beyond_loopback() -> None:
    import socket

    with pytest.raises(SocketConnectBlockedError):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
