#!/usr/bin/env python3
"""Writes the generated parts of docs/reference/{rest,cli,configuration}.md and openapi.json from the
binary itself: what it serves, what its commands say, what it can be told. Text outside the marked
parts is kept.

  python3 tools/gen_reference.py            writes
  python3 tools/gen_reference.py --check    fails if something is not current
"""

import json
import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/e2e"))

from harness import Server, run  # noqa: E402

REFERENCE = ROOT / "docs/reference"
BEGIN, END = "<!-- generated: tools/gen_reference.py -->", "<!-- end of the generated part -->"
TAG_TITLES = {"traces": "Traces", "overview": "Overview and alerts", "agents": "Agents",
              "control": "Control and audit", "work": "Work", "alerts": "Alerts",
              "server": "The server", "compatible": "APIs of other tools"}


def cell(text):
    return str(text).replace("|", "\\|").replace("\n", " ")


def parameter_text(parameter):
    schema = parameter["schema"]
    words = schema.get("enum") or []
    kind = "/".join(word for word in words if word)
    if "minimum" in schema:
        kind = f"{schema['minimum']} to {schema['maximum']}"
    name = f"`{parameter['name']}`" + (" (needed)" if parameter["required"] else "")
    return name + (f": {kind}" if kind else "")


def rest_text(document):
    tags = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            tag = (operation.get("tags") or ["other"])[0]
            tags.setdefault(tag, []).append((path, method.upper(), operation))
    lines = []
    order = [*TAG_TITLES, *sorted(set(tags) - set(TAG_TITLES))]
    for tag in (tag for tag in order if tag in tags):
        lines += ["", f"## {TAG_TITLES.get(tag, tag.capitalize())}", "",
                  "| route | role | what | parameters |", "| --- | --- | --- | --- |"]
        for path, method, operation in sorted(tags[tag], key=lambda row: (row[0], row[1])):
            parameters = "; ".join(parameter_text(p) for p in operation["parameters"]
                                   if p["in"] == "query")
            lines.append(f"| `{method} {path}` | {operation['x-role']} | "
                         f"{cell(operation.get('summary', ''))} | {cell(parameters)} |")
    return "\n".join(lines).strip()


def command_names():
    names = []
    for line in run("--help").stdout.splitlines():
        found = re.match(r"^  ([a-z][a-z-]*)\s{2,}\S", line)
        if found:
            names.append(found.group(1))
    return names


def cli_text():
    lines = []
    for name in command_names():
        lines += [f"## honeyguide {name}", "", "```", run(name, "--help").stdout.strip(), "```", ""]
    return "\n".join(lines).strip()


def configuration_text(settings, help_text):
    rows = ["| setting | default | what | flag | variable |", "| --- | --- | --- | --- | --- |"]
    for section in settings["sections"]:
        for entry in section["entries"]:
            if entry["key"].startswith("thresholds."):
                continue
            flag = "--" + entry["key"].replace("_", "-")
            shown = f"`{flag}`" if re.search(re.escape(flag) + r"\b", help_text) else "-"
            value = json.dumps(entry["default"])
            if entry["type"] == "duration_ms":
                value = f"{entry['default'] // 1000} s"
            rows.append(f"| `{entry['key']}` | {cell(value)} | {cell(entry['help'])} | {shown} | "
                        f"`HONEYGUIDE_{entry['key'].upper()}` |")
    rows += ["", "Thresholds, changeable while the server runs (`PUT /api/v1/settings/{key}`):", "",
             "| key | default | unit |", "| --- | --- | --- |"]
    for section in settings["sections"]:
        rows += [f"| `{e['key']}` | {e['default']} | {e['unit']} |" for e in section["entries"]
                 if e["key"].startswith("thresholds.")]
    return "\n".join(rows)


def openapi_text(document):
    """One line a path and a schema: short enough to keep, long enough to compare."""
    def lines(members):
        return ",\n".join(f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}"
                          for key, value in members.items())

    head = {key: value for key, value in document.items() if key not in ("paths", "components")}
    parts = [lines(head).replace("\n  ", "\n ").replace("  ", " ", 1)]
    parts.append(' "paths": {\n' + lines(document["paths"]) + "\n }")
    rest = {key: value for key, value in document["components"].items() if key != "schemas"}
    parts.append(' "components": {\n "schemas": {\n' + lines(document["components"]["schemas"])
                 + "\n },\n" + lines(rest) + "\n }")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def with_part(path, part):
    text = path.read_text()
    begin, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    return text[:begin] + "\n" + part + "\n" + text[end:]


def documents():
    """{path: what it must hold}"""
    with tempfile.TemporaryDirectory() as directory:
        server = Server(Path(directory) / "data", flags=["--allow-purge"]).start()
        try:
            openapi = server.json("/api/v1/openapi.json")
            settings = server.json("/api/v1/settings")
        finally:
            server.stop()
    pages = {"rest.md": rest_text(openapi), "cli.md": cli_text(),
             "configuration.md": configuration_text(settings, run("serve", "--help").stdout)}
    out = {REFERENCE / name: with_part(REFERENCE / name, part) for name, part in pages.items()}
    out[REFERENCE / "openapi.json"] = openapi_text(openapi)
    return out


def main():
    check = "--check" in sys.argv[1:]
    stale = []
    for path, text in documents().items():
        if path.exists() and path.read_text() == text:
            continue
        stale.append(path.relative_to(ROOT))
        if not check:
            path.write_text(text)
    for path in stale:
        print(f"{path}: {'not current; run tools/gen_reference.py' if check else 'written'}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
