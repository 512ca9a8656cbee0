"""How much the server takes on: sizes in bytes, times in seconds."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from tierdesk.config.environment import Environment

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of one web process. Whatever is beyond them is refused with a sentence, at once.

    `threads` requests run and `waiting` more wait. A body is kept in memory up to `spool_above`, then in an unnamed
    file; all bodies together take at most `bodies_in_memory` and `bodies_on_disk`. A body has `body_seconds` and a
    second more for every `body_rate` bytes that came. `trusted_proxies` alone may say whom a request comes from;
    `unix` among them stands for a Unix socket's peer.
    """

    threads: int = 8
    waiting: int = 32
    max_upload_bytes: int = 60 * 1024 * 1024
    spool_above: int = 1024 * 1024
    bodies_in_memory: int = 64 * 1024 * 1024
    bodies_on_disk: int = 2 * 1024 * 1024 * 1024
    body_seconds: float = 60
    body_rate: int = 4096
    head_seconds: float = 30
    head_bytes: int = 64 * 1024
    stalled_seconds: float = 60
    grace_seconds: float = 10
    trusted_proxies: tuple[Network, ...] = ()
    trust_unix: bool = False

    def trusts(self, peer: str) -> bool:
        """Whether the peer's word about the request's origin is taken. An empty peer is a Unix socket's."""
        if not peer:
            return self.trust_unix
        try:
            address = ipaddress.ip_address(peer.partition("%")[0])
        except ValueError:
            return False
        address = getattr(address, "ipv4_mapped", None) or address
        return any(address in network for network in self.trusted_proxies)


def read_limits(environment: Environment) -> Limits:
    """The limits an installation's environment asks for.

    `trusted_proxies` of the environment is a tuple of addresses and networks; refused with `ValueError`: anything else.
    """
    threads = max(1, environment.web_threads)
    proxies: Iterable[str] = environment.trusted_proxies
    return Limits(
        threads=threads,
        waiting=environment.web_waiting,
        max_upload_bytes=environment.max_upload_bytes,
        bodies_on_disk=max(2 * 1024 * 1024 * 1024, 4 * environment.max_upload_bytes),
        trusted_proxies=tuple(ipaddress.ip_network(proxy, strict=False) for proxy in proxies if proxy != "unix"),
        trust_unix="unix" in proxies,
    )
