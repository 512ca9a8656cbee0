"""Live updates: every web process tails the event positions and tells each browser what it may know."""

from tierdesk.kernel.live.registry import Feed, LiveRequest, live_authenticator, live_feed, live_recheck

__all__ = ["Feed", "LiveRequest", "live_authenticator", "live_feed", "live_recheck"]
