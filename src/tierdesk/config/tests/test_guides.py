"""The operators' guide documents every setting, and no setting that is not there."""

import re
from pathlib import Path

from tierdesk.config.cli import COMMANDS

PACKAGE = Path(__file__).resolve().parents[2]
GUIDES = PACKAGE.parent.parent / "docs/guides"
SETTING = re.compile(r"TIERDESK_[A-Z]+(?:_[A-Z]+)*")
FOR_TESTS = {"TIERDESK_CORPUS"}


def _settings() -> set[str]:
    sources = [path for path in PACKAGE.rglob("*.py") if "tests" not in path.parts]
    found = {name for path in sources for name in SETTING.findall(path.read_text(encoding="utf-8"))}
    return found - FOR_TESTS


def test_every_setting_is_documented_and_no_other():
    guide = (GUIDES / "operator.md").read_text(encoding="utf-8")
    rows = {name for line in guide.splitlines() if line.startswith("| `TIERDESK_") for name in SETTING.findall(line)}
    assert len(_settings()) >= 10
    assert rows == _settings()


def test_every_command_is_in_a_guide():
    said = "\n".join(path.read_text(encoding="utf-8") for path in GUIDES.glob("*.md"))
    assert [name for name in COMMANDS if f"tierdesk {name}" not in said] == []
