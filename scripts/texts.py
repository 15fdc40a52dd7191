"""Bring the translations up to the texts in the code: `python scripts/texts.py`.

Writes hub/text/locale/hub.pot and merges it into each language's hub.po; what is new there has no
translation yet, and a test says so.
"""

from __future__ import annotations

import io
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "hub"
LOCALE = SOURCE / "text/locale"
IDLE = ('"POT-', '"PO-', '"Report-', '"Last-', '"Language-Team', '"Project-', '"Generated-')
KEYWORDS = {**DEFAULT_KEYWORDS, "N_": None, "said": None}


def extracted() -> Catalog:
    """All texts of the code and the templates that are marked for translation."""
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    catalog = Catalog(project="safe-city-hub", charset="utf-8", fuzzy=False)
    found = extract_from_dir(SOURCE, methods, options, KEYWORDS)
    for path, _line, message, comments, context in found:
        # without line numbers, so that a line that moves changes no file here
        catalog.add(message, None, [(f"hub/{path}", -1)], auto_comments=comments, context=context)
    return catalog


def write(catalog: Catalog, path: Path) -> None:
    """As a file in which only texts change: no dates, no names that nobody filled in."""
    file = io.BytesIO()
    write_po(
        file,
        catalog,
        width=0,
        omit_header=catalog.locale is None,
        sort_by_file=True,
        ignore_obsolete=True,
        include_lineno=False,
    )
    lines = file.getvalue().decode().strip().splitlines()
    kept = [line for line in lines if not line.startswith(IDLE)]
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")


def main() -> None:
    template = extracted()
    write(template, LOCALE / "hub.pot")
    for path in LOCALE.glob("*/LC_MESSAGES/hub.po"):
        with path.open("rb") as file:
            catalog = read_po(file, locale=path.parent.parent.name)
        catalog.update(template, no_fuzzy_matching=True)
        write(catalog, path)


if __name__ == "__main__":
    main()
