"""Django's cache over one table, as JSON: the default for an installation without Redis. Nothing is pickled."""

import datetime as dt
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import connection, transaction

from tierdesk.kernel import clock
from tierdesk.kernel.models import CacheEntry

FAR = dt.timedelta(days=365)


class DatabaseCache(BaseCache):
    """`get`, `set`, `add` and `incr` (atomic across processes), `delete`, `clear`. Values are what JSON can say."""

    def __init__(self, _location: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        row = CacheEntry.objects.filter(
            key=self.make_and_validate_key(key, version), expires_at__gt=clock.now()
        ).first()
        return row.value if row else default

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        CacheEntry.objects.update_or_create(
            key=self.make_and_validate_key(key, version),
            defaults={"value": value, "expires_at": self._expiry(timeout)},
        )

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Set where nothing valid is there. One of many concurrent callers gets true: one statement decides."""
        adapt = connection.ops.adapt_datetimefield_value
        made = CacheEntry._meta.get_field("value").get_db_prep_save(value, connection)
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO kernel_cacheentry (key, value, expires_at) VALUES (%s, %s, %s) "
                "ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at "
                "WHERE kernel_cacheentry.expires_at <= %s RETURNING key",
                [
                    self.make_and_validate_key(key, version),
                    made,
                    adapt(self._expiry(timeout)),
                    adapt(clock.now()),
                ],
            )
            return cursor.fetchone() is not None

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """Count up, and nobody's count is lost; the time that the entry has left stays. `ValueError` where none is."""
        with transaction.atomic():
            rows = CacheEntry.objects.select_for_update().filter(expires_at__gt=clock.now())
            row = rows.filter(key=self.make_and_validate_key(key, version)).first()
            if row is None:
                raise ValueError(f"Key {key!r} not found")
            row.value = int(row.value) + delta
            row.save(update_fields=["value"])
        return int(row.value)

    def delete(self, key: str, version: int | None = None) -> bool:
        gone, _ = CacheEntry.objects.filter(key=self.make_and_validate_key(key, version)).delete()
        return bool(gone)

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        rows = CacheEntry.objects.filter(key=self.make_and_validate_key(key, version), expires_at__gt=clock.now())
        return rows.update(expires_at=self._expiry(timeout)) == 1

    def clear(self) -> None:
        CacheEntry.objects.all().delete()

    def _expiry(self, timeout: Any) -> dt.datetime:
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        return clock.now() + (FAR if seconds is None else dt.timedelta(seconds=seconds))


def sweep() -> int:
    """Remove what has expired. Returns how many entries."""
    gone, _ = CacheEntry.objects.filter(expires_at__lte=clock.now()).delete()
    return gone
