"""Borders that no import contract and no linter knows: who imports what, who reads the clock, how
large a thing may grow, and where a broad `except` may stand."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HUB = sorted((ROOT / "hub").rglob("*.py"))
PLUGINS = sorted((ROOT / "plugins").rglob("*.py"))
CODE = [*HUB, *PLUGINS]

LONGEST_FILE = 400
LONGEST_FUNCTION = 50
LONG_FUNCTIONS = {
    "hub/store/migrations/alarms/0001_the_alarm_path.py": "written by Alembic, one call a table",
    "hub/store/migrations/bulk/0001_people_audit_and_the_archive.py": "the same",
    "hub/store/migrations/bulk/0002_history.py": "the same",
}

READ_THE_CLOCK = {
    "hub/clock.py": "it is the clock",
    "hub/loop_watch.py": "a thread that measures the loop itself, which virtual time would hide",
    "hub/testing.py": "it gives real threads a moment while virtual time stands still",
    "plugins/demo_town/street/__main__.py": "a process of its own that plays hardware",
}
CLOCKS = re.compile(
    r"time\.(time|monotonic|perf_counter)(_ns)?|time\.sleep|(datetime\.)?datetime\.(now|utcnow|today)"
    r"|(datetime\.)?date\.today|asyncio\.sleep"
)

REGISTRIES = re.compile(
    r"py" r"pi\.org|pythonhosted|registry\.np" r"mjs|files\.python|--index" r"-url"
)
MACHINE = re.compile(r"(?<![\w./:])/(home|root|work|Users|tmp)/\w")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> Iterator[tuple[int, str, int]]:
    """Line, module and level (how many dots) of each import."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, 0) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.module or "", node.level


def foreign_imports(path: Path) -> Iterator[str]:
    """What a plugin's file imports of the hub beyond its door, or of another plugin."""
    depth = len(path.relative_to(ROOT / "plugins").parts) - 1
    own = path.relative_to(ROOT / "plugins").parts[0]
    for line, module, level in imports(path):
        first = module.partition(".")[0]
        through = first == "hub" and module != "hub.api"
        other = first == "plugins" or (
            first == "hub_plugins" and module.split(".")[1:2] not in ([], [own])
        )
        if level > depth or (level == 0 and (through or other)):
            yield f"{name(path)}:{line} {'.' * level}{module}"


def test_plugins_import_the_hubs_door_and_nothing_else_of_it() -> None:
    assert [found for path in PLUGINS for found in foreign_imports(path)] == []


def test_the_hub_imports_no_plugin() -> None:
    assert [
        f"{name(path)}:{line} {module}"
        for path in HUB
        for line, module, _ in imports(path)
        if module.partition(".")[0] in ("plugins", "hub_plugins")
    ] == []


def clock_readings(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            yield f"{name(path)}:{node.lineno} from time import ..."
        elif isinstance(node, ast.Call) and CLOCKS.fullmatch(ast.unparse(node.func)):
            call = ast.unparse(node)
            if call != "asyncio.sleep(0)":  # it lets others run, and reads no clock
                yield f"{name(path)}:{node.lineno} {call}"


def test_only_the_clock_reads_the_clock() -> None:
    watched = [path for path in CODE if name(path) not in READ_THE_CLOCK]
    assert [found for path in watched for found in clock_readings(path)] == []


@pytest.mark.parametrize("exempt", READ_THE_CLOCK)
def test_what_is_exempt_from_the_clock_needs_to_be(exempt: str) -> None:
    assert list(clock_readings(ROOT / exempt)) != []


def test_no_file_is_too_long() -> None:
    lines = {name(path): len(path.read_text().splitlines()) for path in CODE}
    assert {path: count for path, count in lines.items() if count > LONGEST_FILE} == {}


def test_no_function_is_too_long() -> None:
    assert len(LONG_FUNCTIONS) <= 3
    long = [
        f"{name(path)}:{node.lineno} {node.name}"
        for path in CODE
        if name(path) not in LONG_FUNCTIONS
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno >= LONGEST_FUNCTION
    ]
    assert long == []


def _is_told(handler: ast.ExceptHandler) -> bool:
    """Whether what was caught is logged, or raised again."""
    for node in ast.walk(handler):
        if isinstance(node, ast.Raise):
            return True
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = ast.unparse(node.func.value)
            if owner in ("log", "logging") or owner.endswith(".log"):
                return True
    return False


def silent_handlers(path: Path) -> Iterator[str]:
    lines = path.read_text().splitlines()
    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.ExceptHandler):
            continue
        caught = "everything" if node.type is None else ast.unparse(node.type)
        if caught not in ("everything", "Exception", "BaseException") or _is_told(node):
            continue
        if not re.search(r"# noqa: BLE001\W+\w+", lines[node.lineno - 1]):
            yield f"{name(path)}:{node.lineno} {lines[node.lineno - 1].strip()}"


def test_no_broad_except_keeps_silent() -> None:
    assert [found for path in CODE for found in silent_handlers(path)] == []


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("this is no git checkout, so the files that belong to it are not known")
    kinds = {".py", ".md", ".toml", ".yaml", ".json", ".js", ".html", ".css", ".lock", ".cfg", ""}
    found = (ROOT / line for line in listed.stdout.splitlines())
    return [path for path in found if path.suffix in kinds and path.is_file()]


def test_no_file_names_a_registry_or_a_place_of_one_machine() -> None:
    found = []
    for path in tracked():
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if path != Path(__file__) and (REGISTRIES.search(line) or MACHINE.search(line)):
                found.append(f"{name(path)}:{number} {line.strip()[:80]}")
    assert found == []


def test_these_tests_can_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    bad = tmp_path / "plugins/bad/__init__.py"
    bad.parent.mkdir(parents=True)
    bad.write_text(
        "import time\nfrom hub.bus import Bus\nfrom hub_plugins.sensors import x\n"
        "from ..panic_button import y\nfrom .own import z\nimport hub.api\n"
        "try:\n    time.time()\nexcept Exception:\n    pass\n"
    )
    assert len(list(foreign_imports(bad))) == 3
    assert len(list(clock_readings(bad))) == 1
    assert len(list(silent_handlers(bad))) == 1
