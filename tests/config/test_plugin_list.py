"""`hub plugin list`, as a person types it."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from hub.cli.plugin import plugin


def test_the_list_says_which_plugins_came_with_the_hub_and_which_are_of_a_folder(
    tmp_path: Path,
) -> None:
    (tmp_path / "gate_bell").mkdir()
    (tmp_path / "gate_bell" / "__init__.py").touch()
    result = CliRunner().invoke(plugin, ["list", "--plugins-dir", str(tmp_path)])
    assert result.exit_code == 0, result.output
    kinds = {line.split()[0]: line.split()[1] for line in result.stdout.splitlines()}
    assert (kinds["gate_bell"], kinds["panic_button"]) == ("folder", "bundled")
