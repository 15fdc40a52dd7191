"""The documentation is tested like code: what it shows must work, what it names must exist."""

from __future__ import annotations

import ast
import inspect
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import BaseModel

from hub import hookspecs
from hub.config.check import load
from hub.config.config import WrongConfig
from hub.config.render import refusal
from hub.config.schema import Town
from hub.plugin.loader import Plugins, bundled

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "plugins").glob("*/README.md"),
    ]
)
SECRETS = {"telegram": "1:a", "camera": "c", "mqtt": "m", "school_gate_button": "0123456789abcdef"}
LISTS = {"trigger": "triggers", "condition": "conditions"}


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(language: str) -> list[Block]:
    return [block for page in PAGES for block in _blocks(page) if block.language == language]


def _blocks(page: Path) -> Iterator[Block]:
    found = re.finditer(r"^```(\w*)\n(.*?)^```$", page.read_text(), re.M | re.S)
    for match in found:
        line = page.read_text()[: match.start()].count("\n") + 2
        yield Block(page, line, match[1], match[2])


def _parts(text: str) -> dict[str, str]:
    """The top-level keys of a mapping in YAML, each with its text, comments and tags left alone."""
    parts: dict[str, str] = {}
    key = ""
    for line in text.splitlines(keepends=True):
        if found := re.match(r"(\w+):", line):
            key = found[1]
        if key:
            parts[key] = parts.get(key, "") + line
    return parts


def _inner(text: str) -> str:
    return re.sub(r"^  ", "", text.partition("\n")[2], flags=re.M)


def _indented(text: str, by: str = "  ") -> str:
    return re.sub(r"^(?=.)", by, text, flags=re.M)


def town_with(text: str) -> str:
    """The shipped town without its automations, with a block of the documentation in it."""
    if text.startswith("- "):
        text = _whole_automations(text)
    block = _parts(text)
    if not block.keys() <= Town.model_fields.keys():
        block = {"plugins": f"plugins:\n{_indented(text)}"}
    town = _parts((ROOT / "config.yaml").read_text()) | {"automations": ""}
    plugins = _parts(_inner(town["plugins"])) | _parts(_inner(block.get("plugins", "")))
    town |= block
    town["plugins"] = "plugins:\n" + _indented("".join(plugins.values()))
    return "".join(town.values())


def _whole_automations(text: str) -> str:
    first = re.match(r"- \{?(\w+)", text)
    assert first is not None
    if first[1] == "id":
        return f"automations:\n{_indented(text)}"
    key = LISTS.get(first[1], "actions")
    whole = {
        "triggers": "    triggers: {trigger: event, event_type: panic_button.pressed}\n",
        "actions": "    actions: [{delay: 1s}]\n",
        key: f"    {key}:\n{_indented(text, '      ')}",
    }
    return "automations:\n  - id: example\n" + "".join(whole.values())


def _first_comment(block: Block) -> str | None:
    found = re.match(r"# (\S+\.py)\n", block.text)
    return found[1] if found else None


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that the Python blocks of the documentation are."""
    folder = tmp_path_factory.mktemp("from_the_docs")
    for block in blocks("python"):
        name = _first_comment(block)
        if name is not None:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(block.text)
    return folder


def test_there_is_something_to_test() -> None:
    assert len(blocks("yaml")) >= 12
    assert len(blocks("python")) >= 4


@pytest.mark.parametrize("block", blocks("yaml"), ids=str)
def test_every_block_of_configuration_is_valid(block: Block, tmp_path: Path, written: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(town_with(block.text))
    secrets = "".join(f"{name}: {value!r}\n" for name, value in SECRETS.items())
    (tmp_path / "secrets.yaml").write_text(secrets)
    try:
        load(config, Plugins([bundled(), written / "plugins"]))
    except WrongConfig as wrong:
        pytest.fail(f"{block}\n{refusal(wrong.problems, wrong.excerpts)}")


def test_a_wrong_block_of_configuration_would_be_found(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    for wrong in ("- {trigger: event, event_tpye: x}\n", "sensors: {entities: {a: {kind: b}}}\n"):
        config.write_text(town_with(wrong))
        with pytest.raises(WrongConfig):
            load(config, Plugins([bundled()]))


def test_every_block_of_python_says_which_file_it_is() -> None:
    assert [str(block) for block in blocks("python") if _first_comment(block) is None] == []


def test_the_plugins_of_the_documentation_pass_the_tests_that_stand_beside_them(
    written: Path,
) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["-o", "asyncio_mode=auto", "--rootdir", str(written), "tests"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        command, cwd=written, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    shown = sum(block.text.count("async def test_") for block in blocks("python"))
    assert f"{shown} passed" in ran.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_and_every_path_leads_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.M | re.S)
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    targets = {link: page.parent / link for link in links if "://" not in link}
    folders = r"`((?:hub|plugins|tests|docs|scripts|benchmarks)/[\w./]*\w)`"
    targets |= {name: ROOT / name for name in re.findall(folders, text)}
    assert [name for name, target in targets.items() if not target.exists()] == []


def test_every_hook_is_documented_with_its_exact_arguments() -> None:
    text = (ROOT / "docs/plugins.md").read_text()
    documented = set(re.findall(r"^### `(hub_\w+\(.*\))`$", text, re.M))
    hooks = {
        f"{name}({', '.join(inspect.signature(hook).parameters)})"
        for name, hook in vars(hookspecs).items()
        if name.startswith("hub_")
    }
    assert documented == hooks


def test_what_the_hub_offers_to_a_plugin_is_documented() -> None:
    source = (ROOT / "hub/plugin/context.py").read_text()
    classes = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
    (context,) = (each for each in classes if each.name == "PluginHub")
    methods = {
        n.name for n in context.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    fields = {ast.unparse(n.target) for n in context.body if isinstance(n, ast.AnnAssign)}
    section = (ROOT / "docs/plugins.md").read_text().partition("## What `hub` offers")[2]
    section = section.partition("\n## ")[0]
    missing = {name for name in methods | fields if not re.search(rf"`[^`]*\b{name}\b", section)}
    assert missing == set()


def test_every_dependency_has_its_reason_in_the_design() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    wanted = {
        re.split(r"[<>=~! \[]", line)[0].lower()
        for line in [*project["dependencies"], *(line for extra in extras for line in extra)]
    }
    section = (ROOT / "docs/design.md").read_text().partition("## Dependencies")[2]
    rows = re.findall(r"^\| (\S+) \|", section.partition("\n## ")[0], re.M)
    reasons = {name.strip("`").lower() for name in rows} - {"package", "---"}
    assert reasons == wanted


def test_every_word_of_the_language_is_in_its_page() -> None:
    from hub.automation.conditions import TABLE as CONDITIONS
    from hub.automation.steps import TABLE as STEPS
    from hub.automation.triggers import TABLE as TRIGGERS
    from hub.config.core import CORE_ACTIONS

    text = (ROOT / "docs/automations.md").read_text()
    words = [*TRIGGERS, *CONDITIONS, *STEPS, *(action.name for action in CORE_ACTIONS)]
    assert [word for word in words if f"`{word}`" not in text] == []
    models: list[type[BaseModel]] = [*TRIGGERS.values(), *CONDITIONS.values(), *STEPS.values()]
    fields = {field.alias or name for model in models for name, field in model.model_fields.items()}
    assert {name for name in fields if not re.search(rf"\b{name}\b", text)} == set()
