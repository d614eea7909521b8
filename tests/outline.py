"""An HTML page read back: is it well-formed, and what does it say."""

from __future__ import annotations

import json
from html.parser import HTMLParser

VOID = {"meta", "br", "path", "rect", "circle", "input"}


class Outline(HTMLParser):
    """Checks that every tag is closed in order; collects words, attributes, scripts, and tables as lists of cells."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self.scripts: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        (self.scripts if "script" in self.open else self.words).append(data)
        if {"td", "th"} & set(self.open):
            self.tables[-1][-1][-1] += ("|" if "small" in self.open else "") + data

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def values(self, name: str) -> list[str]:
        return [value or "" for key, value in self.attributes if key == name]

    def cell(self, table: int, method: str, head: str) -> str:
        """The cell of a table in the line of a method (without its teacher) and the column of a head."""
        heads, *lines = self.tables[table]
        line = next(line for line in lines if line[0].split("|")[0] == method)
        return line[heads.index(head)]

    @property
    def data(self) -> dict:
        """What the page hands to its script."""
        return json.loads(self.scripts[0])
