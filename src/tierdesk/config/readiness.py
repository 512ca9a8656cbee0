"""Whether this process can serve: its database answers, nothing is left to migrate, files can be written."""

import os

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

_MIGRATED: list[bool] = []


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 with what was looked at, or 503 with what is missing. Says nothing else about the installation."""
    checks = {"database": _database(), "migrations": _migrations(), "files": _files()}
    return JsonResponse({"ready": all(checks.values()), **checks}, status=200 if all(checks.values()) else 503)


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _migrations() -> bool:
    if _MIGRATED:
        return True
    try:
        executor = MigrationExecutor(connection)
        done = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return False
    if done:
        _MIGRATED.append(True)
    return done


def _files() -> bool:
    folder = settings.TIERDESK.files_dir
    return os.access(folder if folder.exists() else settings.TIERDESK.data_dir, os.W_OK)
