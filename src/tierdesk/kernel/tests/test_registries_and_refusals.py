"""Registries say what is unknown; refusals say what to do, all of it at once."""

import pytest

from tierdesk.kernel.refusals import STATUS, Faults, Refusal, not_found
from tierdesk.kernel.registries import Registry


def test_a_name_is_registered_once() -> None:
    registry: Registry[object] = Registry("probe")
    one = object()
    registry.register("one", one)
    registry.register("one", one)
    with pytest.raises(ValueError, match="probe 'one' is registered twice"):
        registry.register("one", object())
    assert registry["one"] is one
    assert len(registry) == 1


def test_asking_for_an_unknown_name_tells_the_known_ones() -> None:
    registry: Registry[int] = Registry("probe")
    with pytest.raises(LookupError, match="known: none"):
        registry["x"]
    registry.register("b", 2)
    registry.register("a", 1)
    with pytest.raises(LookupError, match="no probe 'x'; known: a, b"):
        registry["x"]
    assert registry.get("x") is None
    assert [name for name, _ in registry] == ["a", "b"]
    assert "a" in registry
    assert "x" not in registry


def test_faults_are_told_together_and_the_first_leads() -> None:
    faults = Faults()
    faults.refuse()  # nothing was found
    faults.add("subject", "Empty.", "Write.")
    faults.add("text", "Empty too.")
    with pytest.raises(Refusal) as caught:
        faults.refuse()
    assert [fault.field for fault in caught.value.faults] == ["subject", "text"]
    assert (caught.value.code, caught.value.field, str(caught.value)) == ("invalid", "subject", "Empty. Write.")
    assert caught.value.status == 422


@pytest.mark.parametrize(("code", "status"), sorted(STATUS.items()))
def test_each_code_has_its_http_status(code: str, status: int) -> None:
    assert Refusal(code, "No.").status == status


def test_not_found_is_a_404_with_one_fault() -> None:
    refusal = not_found("Gone.")
    assert (refusal.status, len(refusal.faults), refusal.current) == (404, 1, {})
