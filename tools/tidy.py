#!/usr/bin/env python3
"""One test for the rules a compiler does not enforce. Prints every breach; exits 1 if there is one.

Rules: layers (includes against DEPS), 100 columns, file and function length, formatting
(clang-format), who may read clocks and files, stray .cc files, ARCHITECTURE.md names what exists.
Existing breaches of size targets stand in tools/size_debt.txt; each number there may only fall.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SRC = ROOT / "src"
COLUMNS_MAX = 100
FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 60
# Only these may touch the machine's clocks or files directly; everybody else gets them passed in.
REAL_CLOCK_FILES = {"src/base/clock.cc"}
CLOCK_PATTERN = re.compile(
    r"\b(std::chrono::(system|steady|high_resolution)_clock::now|clock_gettime|gettimeofday|::time\(nullptr\))"
)
SLEEP_PATTERN = re.compile(r"\b(sleep_for|usleep|nanosleep)\s*\(")

breaches = []


def breach(path, line, text):
    breaches.append(f"{path.relative_to(ROOT)}:{line}: {text}")


def strip_comments(text):
    return re.sub(r"#.*", "", text)


def modules():
    """Module name -> (parts, deps), read from each module's CMakeLists.txt."""
    order = re.search(r"set\(HG_MODULE_ORDER(.*?)\)", (SRC / "CMakeLists.txt").read_text(), re.S)
    found = {}
    for name in order.group(1).split():
        file = SRC / name / "CMakeLists.txt"
        if not file.exists():
            continue
        call = re.search(r"hg_module\((.*?)\)", strip_comments(file.read_text()), re.S)
        if not call:
            breach(file, 1, "has no hg_module() call")
            continue
        groups, key = {}, None
        for word in call.group(1).split():
            if word in ("NAME", "PARTS", "DEPS", "LIBS"):
                key = word
                groups[key] = []
            else:
                groups[key].append(word)
        found[name] = (groups.get("PARTS", []), groups.get("DEPS", []))
    return found


def module_of(path, known):
    folder = path.parent.relative_to(SRC).as_posix()
    return folder if folder in known else None


def check_layers(known):
    include = re.compile(r'^#include "([^"]+)/[^/"]+"')
    closure = {}
    for name, (_, deps) in known.items():
        reach = {name}
        for dep in deps:
            reach |= closure.get(dep, {dep})
        closure[name] = reach
    for path in sorted(SRC.rglob("*.h")) + sorted(SRC.rglob("*.cc")):
        owner = module_of(path, known)
        if owner is None:
            breach(path, 1, "lies in no module")
            continue
        allowed = {owner, *known[owner][1], "honeyguide"}
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = include.match(line)
            if match and match.group(1) not in allowed:
                breach(path, number, f"module '{owner}' includes '{match.group(1)}' which is not in its DEPS")


def check_owned(known):
    for name, (parts, _) in known.items():
        owned = set(parts)
        for path in sorted((SRC / name).glob("*.cc")) + sorted((SRC / name).glob("*.h")):
            stem = path.stem
            base = re.sub(r"_(test|bench|fuzz)$", "", stem)
            if path == SRC / "cli" / "main.cc":
                continue  # the only main: tests link everything but it
            if stem not in owned and base not in owned:
                breach(path, 1, f"belongs to no part of module '{name}'")


def function_lengths(lines):
    """(first line, length) of blocks that open at indentation 0 to 4 and look like functions."""
    start = None
    for number, line in enumerate(lines, 1):
        if start is None:
            if re.match(r"^ {0,4}[\w:~<>*&\[\]\"'].*\)[^;]*\{$", line) and not re.match(
                r"^\s*(namespace|class|struct|enum|if|for|while|switch|else|do|union)\b", line
            ):
                start, indent = number, len(line) - len(line.lstrip())
        elif re.match(r"^ {0,%d}\}" % indent, line):
            yield start, number - start + 1
            start = None


def debt():
    file = ROOT / "tools" / "size_debt.txt"
    entries = {}
    if file.exists():
        for line in file.read_text().splitlines():
            if line and not line.startswith("#"):
                kind, name, number = line.split()
                entries[(kind, name)] = int(number)
    return entries


def check_text(known):
    owed, used = debt(), set()
    sources = sorted(
        p
        for folder in ("src", "include", "tools", "bench", "examples", "python/src")
        for p in (ROOT / folder).rglob("*")
        if p.suffix in (".h", ".cc")
    )
    for path in sources:
        name = path.relative_to(ROOT).as_posix()
        lines = path.read_text().splitlines()
        limit = max(FILE_LINES_MAX, owed.get(("file", name), 0))
        if len(lines) > FILE_LINES_MAX:
            used.add(("file", name))
        if len(lines) > limit:
            breach(path, 1, f"{len(lines)} lines, at most {limit}")
        longest = max((length for _, length in function_lengths(lines)), default=0)
        function_limit = max(FUNCTION_LINES_MAX, owed.get(("function", name), 0))
        if longest > FUNCTION_LINES_MAX:
            used.add(("function", name))
        for start, length in function_lengths(lines):
            if length > function_limit and not path.stem.endswith("_test"):
                breach(path, start, f"function of {length} lines, at most {function_limit}")
        for number, line in enumerate(lines, 1):
            if len(line) > COLUMNS_MAX and "NOLINT" not in line and "http" not in line:
                breach(path, number, f"{len(line)} columns, at most {COLUMNS_MAX}")
            if CLOCK_PATTERN.search(line) and name not in REAL_CLOCK_FILES and not path.stem.endswith("_bench"):
                breach(path, number, "reads a real clock; take a base::Clock")
            if SLEEP_PATTERN.search(line) and path.stem.endswith("_test"):
                breach(path, number, "sleeps in a test")
    for kind, name in sorted(set(owed) - used):
        breaches.append(f"tools/size_debt.txt: {kind} {name} is paid off; remove the line")
    return sources


def check_format(sources):
    tool = shutil.which("clang-format")
    if tool is None:
        print("skipped: clang-format is not installed, formatting was not checked")
        return
    for at in range(0, len(sources), 100):
        run = subprocess.run(
            [tool, "--dry-run", "--ferror-limit=1", *map(str, sources[at : at + 100])],
            capture_output=True, text=True, check=False,
        )
        for line in run.stderr.splitlines():
            match = re.match(r"(.*?):(\d+):\d+: (warning|error): code should be clang-formatted", line)
            if match:
                breach(Path(match.group(1)).resolve(), match.group(2), "is not clang-formatted")


def check_architecture(known):
    file = ROOT / "ARCHITECTURE.md"
    if not file.exists():
        return
    text = file.read_text()
    if len(text.splitlines()) > 200:
        breach(file, 1, "more than 200 lines")
    for name in known:
        if not re.search(rf"^### `?{re.escape(name)}`?\s*$", text, re.M):
            breach(file, 1, f"has no heading for module '{name}'")
    for path in re.findall(r"`((?:src|include|tools|docs|tests|web|python|bench|examples|cmake)/[\w./-]+)`", text):
        if not (ROOT / path).exists():
            breach(file, 1, f"names `{path}`, which does not exist")


def main():
    known = modules()
    check_layers(known)
    check_owned(known)
    sources = check_text(known)
    check_format(sources)
    check_architecture(known)
    for line in breaches:
        print(line)
    print(f"tidy: {len(sources)} files, {len(breaches)} breaches")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
