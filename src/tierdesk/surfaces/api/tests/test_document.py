"""The OpenAPI document is true: whatever it allows is answered as it says, whatever it forbids is refused."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core import signals
from django.core.handlers.wsgi import WSGIHandler
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from ninja import Schema
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from tests.authorisation.world import World, taken_back
from tierdesk.domain.tickets.web.api import schemas
from tierdesk.surfaces.api.document import operations
from tierdesk.surfaces.api.service import api

pytestmark = pytest.mark.django_db
EXAMPLES = 25
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
LABELS = (
    "GET /api/v1/tickets",
    "POST /api/v1/tickets",
    "GET /api/v1/tickets/{ref}",
    "PATCH /api/v1/tickets/{ref}",
    "GET /api/v1/tickets/{ref}/timeline",
    "POST /api/v1/tickets/{ref}/messages",
    "POST /api/v1/tickets/{ref}/notes",
    "GET /api/v1/attachments/{attachment_id}",
)
# A path alone cannot break its schema, which is any text.
PATH_ALONE = ("GET /api/v1/tickets/{ref}", "GET /api/v1/attachments/{attachment_id}")
TRIES = [(label, GenerationMode.POSITIVE) for label in LABELS] + [
    (label, GenerationMode.NEGATIVE) for label in LABELS if label not in PATH_ALONE
]


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """As Django's own test client does: the test's transaction outlives each request."""
    for signal in (signals.request_started, signals.request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (signals.request_started, signals.request_finished):
        signal.connect(close_old_connections)


def test_every_operation_is_tried() -> None:
    document = api.get_openapi_schema()
    assert sorted(f"{method.upper()} {path}" for path, method, _op in operations(document)) == sorted(LABELS)


@pytest.mark.parametrize(("label", "mode"), TRIES)
def test_answers_are_as_documented(world: World, label: str, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", WSGIHandler())
    method, path = label.split(" ")
    operation = schema[path][method]
    known = {"ref": world.ref("acme"), "attachment_id": str(world.file_id("acme"))}

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def try_one(case: Any) -> None:
        for name in known.keys() & set(case.path_parameters or {}):
            case.path_parameters[name] = known[name]
        with taken_back():
            response = case.call(headers={"Authorization": f"Bearer {world.tokens['agent_l1']}"})
            case.validate_response(response, checks=CHECKS)

    try_one()


def test_the_document_says_what_each_refusal_is() -> None:
    document = api.get_openapi_schema()
    assert document["openapi"].startswith("3.1")
    assert document["components"]["securitySchemes"]["Token"]["scheme"] == "bearer"
    for path, method, operation in operations(document):
        assert operation["security"] == [{"Token": []}], (path, method)
        assert operation["summary"]
        assert operation["description"]
        said = set(operation["responses"])
        assert {"400", "401", "403", "422", "429", "503", "507"} <= {str(code) for code in said}
        assert all(parameter["description"] for parameter in operation["parameters"])


def test_every_schema_that_is_written_refuses_what_it_does_not_name() -> None:
    """Advisory row 48: mass assignment."""
    written = [
        model
        for model in vars(schemas).values()
        if isinstance(model, type) and issubclass(model, Schema) and model.__name__.startswith(("New", "TicketChanges"))
    ]
    assert len(written) == 3
    for model in written:
        assert model.model_config["extra"] == "forbid"
        assert not {"author", "actor", "actor_id", "permissions", "ignore_permissions"} & set(model.model_fields)
    document = api.get_openapi_schema()
    for path, method, operation in operations(document):
        if "requestBody" in operation:
            reference = operation["requestBody"]["content"]["application/json"]["schema"]
            name = reference.get("$ref", "").rpartition("/")[2] or reference["title"]
            found = document["components"]["schemas"].get(name, reference)
            assert found["additionalProperties"] is False, (path, method)
