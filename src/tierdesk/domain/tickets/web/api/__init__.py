"""Tickets by the API. See `surfaces/api/README.md` for what holds for every operation."""

from tierdesk.domain.tickets.web.api.operations import router

__all__ = ["router"]
