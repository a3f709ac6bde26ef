#!/usr/bin/env python3
"""Writes the tables of docs/reference/conventions.md from src/agents/conventions_tables.cc.

With --check it only compares: exit 1 if the page is behind the code.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src/agents/conventions_tables.cc"
PAGE = ROOT / "docs/reference/conventions.md"
MARK = "<!-- tables: written by tools/gen_convention_tables.py -->"


def snake(name):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name.removeprefix("k")).lower()


def section(text, name):
    start = text.index(name + "[] = {")
    return text[start:text.index("\n};", start)]


def tables():
    text = SOURCE.read_text(encoding="utf-8")
    tick = lambda word: "yes" if word == "true" else "no"  # noqa: E731
    out = ["## Attributes", "",
           "| attribute | tells | of | recorded |", "| --- | --- | --- | --- |"]
    for key, field, convention, seen in re.findall(
            r'\{"([^"]+)",\s*(k\w+),\s*(k\w+),\s*(true|false)\}', section(text, "kKeys")):
        out.append(f"| `{key}` | {snake(field)} | {snake(convention)} | {tick(seen)} |")
    out += ["", "## Values that say what a span is", "",
            "| field | value | makes the span a | confidence | rule | recorded |",
            "| --- | --- | --- | --- | --- | --- |"]
    for field, value, role, _, confidence, seen, rule in re.findall(
            r'\{(k\w+),\s*"([^"]+)",\s*Role::(k\w+),\s*(k\w+),\s*(\d+),\s*(true|false),\s*"([^"]+)"\}',
            section(text, "kValues")):
        out.append(f"| {snake(field)} | `{value}` | {snake(role)} | {confidence} % | {rule} "
                   f"| {tick(seen)} |")
    out += ["", "## Span names, where a scope gives nothing else", "",
            "| scope holds | span name | makes the span a | rule | recorded |",
            "| --- | --- | --- | --- | --- |"]
    for scope, pattern, role, _, _, seen, rule in re.findall(
            r'\{"([^"]*)",\s*"([^"]+)",\s*Role::(k\w+),\s*(k\w+),\s*(\d+),\s*(true|false),\s*"([^"]+)"\}',
            section(text, "kNames")):
        out.append(f"| `{scope}` | `{pattern}` | {snake(role)} | {rule} | {tick(seen)} |")
    return "\n".join(out) + "\n"


def main():
    page = PAGE.read_text(encoding="utf-8")
    wanted = page[:page.index(MARK)] + MARK + "\n\n" + tables()
    if "--check" in sys.argv:
        sys.exit(0 if page == wanted else f"{PAGE} is behind {SOURCE}: run {__file__}")
    PAGE.write_text(wanted, encoding="utf-8")


if __name__ == "__main__":
    main()
