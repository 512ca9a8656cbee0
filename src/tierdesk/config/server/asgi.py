"""The shapes of ASGI 3 (asgi.readthedocs.io) and of WSGI (PEP 3333), as far as the server uses them."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

Environ = dict[str, Any]
StartResponse = Callable[..., Callable[[bytes], None]]
WSGIApplication = Callable[[Environ, StartResponse], Iterable[bytes]]
