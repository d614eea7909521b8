"""Checks the documentation: every relative link leads to a file, every page under docs/ is reachable from README."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)|!\[[^\]]*\]\(([^)\s]+)\)")


def links(page: Path) -> list[Path]:
    """The files that a page links to; links with a scheme are left out."""
    found = [one or other for one, other in LINK.findall(page.read_text(encoding="utf-8"))]
    return [(page.parent / target).resolve() for target in found if "://" not in target]


def main() -> int:
    pages = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
    broken = [f"{page.relative_to(ROOT)}: no file at {to}" for page in pages for to in links(page) if not to.exists()]
    seen, open_pages = set(), [ROOT / "README.md"]
    while open_pages:
        page = open_pages.pop()
        if page not in seen and page.suffix == ".md":
            seen.add(page)
            open_pages += links(page)
    lost = [f"{page.relative_to(ROOT)}: not reachable from README.md" for page in pages if page not in seen]
    for line in broken + lost:
        print(line, file=sys.stderr)
    print(f"{len(pages)} pages checked")
    return 1 if broken or lost else 0


if __name__ == "__main__":
    sys.exit(main())
