"""Fixtures of the matrix."""

from tests.authorisation.world import world

__all__ = ["world"]
