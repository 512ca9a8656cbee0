"""The world that the rules are tried upon."""

from tests.authorisation.world import world

__all__ = ["world"]
