"""The WSGI environ of a request (PEP 3333), from its ASGI scope. Nothing a client says about itself is believed."""

import ipaddress
import re
import sys
from typing import BinaryIO
from urllib.parse import unquote_to_bytes

from tierdesk.config.server.asgi import Environ, Scope
from tierdesk.config.server.files import FileWrapper
from tierdesk.config.server.limits import Limits

# What only a proxy in front may say; it is used below where that proxy is trusted, and never passed on.
FORWARDED = re.compile(r"forwarded$|x-forwarded-|x-real-ip$|x-client-ip$|x-cluster-client-ip$|true-client-ip$")
# What would name a signed-in user, a client certificate or a proxy of ours (httpoxy) to code that trusts it.
IMPERSONATING = re.compile(
    r"(x-)?remote-|x-auth-request-|x-authenticated-|x-webauth-|x-user$|(x-)?ssl-client-|proxy$|proxy-"
)
# The body has been read and decoded before the handler runs.
OF_THE_CONNECTION = {"transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade", "expect"}


def build_environ(scope: Scope, body: BinaryIO, length: int, limits: Limits) -> Environ:
    """The environ Django's handler is called with; `length` is the body's real size.

    `REMOTE_ADDR` is the connection's peer, or what a trusted proxy says; so are scheme and host.
    """
    peer, peer_port = (scope.get("client") or ("", 0))[:2]
    server, server_port = (scope.get("server") or ("localhost", 80))[:2]
    headers, forwarded = _headers(scope["headers"])
    trusted = limits.trusts(peer)
    scheme = _scheme(scope["scheme"], forwarded) if trusted else scope["scheme"]
    environ: Environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server,
        "SERVER_PORT": str(server_port or (443 if scheme == "https" else 80)),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": _client(peer, forwarded, limits) if trusted else peer,
        "REMOTE_PORT": str(peer_port),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": FileWrapper,
        **headers,
    }
    if length or "CONTENT_LENGTH" in environ:
        environ["CONTENT_LENGTH"] = str(length)
    if trusted and "x-forwarded-host" in forwarded:
        environ["HTTP_HOST"] = forwarded["x-forwarded-host"].rpartition(",")[2].strip()
    return environ


def _headers(given: list[tuple[bytes, bytes]]) -> tuple[Environ, dict[str, str]]:
    headers: Environ = {}
    forwarded: dict[str, str] = {}
    for raw_name, raw_value in given:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if FORWARDED.match(name):
            forwarded[name] = f"{forwarded[name]},{value}" if name in forwarded else value
            continue
        if "_" in name or name in OF_THE_CONNECTION or IMPERSONATING.match(name):
            continue  # `X_Y` and `X-Y` would become one key: the dashed form alone is taken
        key = name.upper().replace("-", "_")
        if name not in {"content-type", "content-length"}:
            key = f"HTTP_{key}"
        headers[key] = f"{headers[key]}{'; ' if name == 'cookie' else ','}{value}" if key in headers else value
    return headers, forwarded


def _scheme(own: str, forwarded: dict[str, str]) -> str:
    said = forwarded.get("x-forwarded-proto", "").rpartition(",")[2].strip().lower()
    return said if said in {"http", "https"} else own


def _client(peer: str, forwarded: dict[str, str], limits: Limits) -> str:
    """The nearest hop that is not one of ours: what lies to the left of it is hearsay."""
    nearest = peer
    for hop in reversed(forwarded.get("x-forwarded-for", "").split(",")):
        try:
            nearest = str(ipaddress.ip_address(hop.strip()))
        except ValueError:
            break
        if not limits.trusts(nearest):
            break
    return nearest
