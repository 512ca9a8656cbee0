"""What the OpenAPI document says beyond what the operations say themselves: the refusals that each can give."""

from collections.abc import Iterator
from typing import Any

from tierdesk.surfaces.api.problems import MEDIA_TYPE

DESCRIPTION = """\
Everything an integration needs of Tierdesk. Send a token with every request: `Authorization: Bearer td_…`. A token acts
with the rights of its person and sees what he sees: staff the tickets of their clients with notes and inner events, a
requester his own side of his tickets.

* Bodies are JSON objects in UTF-8. Names that are not documented are refused, in bodies and in queries.
* Times are RFC 3339. Ids are strings. Lists come in pages: follow `next` as `page` until it is null.
* Every refusal is `application/problem+json` (RFC 9457) with a stable `code` and what to do in `errors`.
* What is not there and what the token's person may not see are answered alike: 404.
"""

METHODS = ("get", "post", "put", "patch", "delete")
WRITING = ("post", "put", "patch")
_REF = "#/components/schemas/Problem"

_TEXT_OR_NULL = {"anyOf": [{"type": "string"}, {"type": "null"}]}
PROBLEM_SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "A refusal, after RFC 9457: what is wrong, where, and what to do about it.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "errors"],
    "properties": {
        "type": {"type": "string", "description": "A name for the kind of problem: `urn:tierdesk:problem:` + code."},
        "title": {"type": "string", "description": "The status in words."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {"type": "string", "description": "The first thing that is wrong, for people, in their language."},
        "code": {"type": "string", "description": "The kind of problem, for machines; never translated."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message", "hint"],
                "properties": {
                    "field": {**_TEXT_OR_NULL, "description": "The input that it is about."},
                    "message": {"type": "string"},
                    "hint": {**_TEXT_OR_NULL, "description": "What to do."},
                },
                "additionalProperties": False,
            },
        },
        "current": {
            "type": "object",
            "description": "The present state, where a colleague's change is in the way; the place, where JSON broke.",
        },
    },
    "additionalProperties": False,
    "examples": [
        {
            "type": "urn:tierdesk:problem:unknown_field",
            "title": "Bad Request",
            "status": 400,
            "detail": "There is no such field. Leave it out.",
            "code": "unknown_field",
            "errors": [{"field": "author", "message": "There is no such field.", "hint": "Leave it out."}],
        }
    ],
}

_ALWAYS = {
    "400": "Not understood: malformed JSON, a name that is not documented, a value of another type.",
    "401": "No token, or one that is unknown or revoked.",
    "403": "The token's person may see this, but not do it.",
    "404": "Not there, or not to be seen.",
    "422": "Understood and refused; `errors` says why and what to do.",
}
_WRITES = {
    "409": "Somebody else changed it meanwhile; `current` says how it stands now.",
    "413": "Too large.",
    "415": "The body is not `application/json`.",
}
_LATER = {
    "429": "Too many requests; `Retry-After` says when to come again.",
    "503": "Not available just now; try again.",
    "507": "The server has no room left; nothing was changed.",
}


def complete(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the refusals of every operation, licence and tags; changed in place and returned."""
    document["info"]["license"] = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
    document["components"]["schemas"]["Problem"] = PROBLEM_SCHEMA
    for scheme in document["components"].get("securitySchemes", {}).values():
        scheme["description"] = "`tierdesk token create --person ADDRESS` makes one."
    for path, method, operation in operations(document):
        for status, description in _refusals_of(path, method).items():
            operation["responses"].setdefault(status, _refusal(description))
        if "401" in operation["responses"]:
            operation["responses"]["401"]["headers"] = {
                "WWW-Authenticate": {"description": "RFC 6750", "schema": {"type": "string"}}
            }
    return document


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every operation of a document, with its path and method."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def _refusals_of(path: str, method: str) -> dict[str, str]:
    said = dict(_ALWAYS)
    if "{" not in path:
        del said["404"]
    if method in WRITING:
        said |= _WRITES
    return said | _LATER


def _refusal(description: str) -> dict[str, Any]:
    return {"description": description, "content": {MEDIA_TYPE: {"schema": {"$ref": _REF}}}}
