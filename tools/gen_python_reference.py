#!/usr/bin/env python3
"""Writes the generated part of docs/reference/python.md: signatures from the type stubs, texts from the
docstrings. Needs the package installed; with --check it writes nothing and exits 1 if the page is old.
"""

import ast
import importlib
import inspect
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "python.md"
PACKAGE = ROOT / "python" / "honeyguide"
MARK = "<!-- generated: tools/gen_python_reference.py -->\n"
MODULES = ("monitoring_integration_framework", "business_metrics_monitor",
           "distributed_tracing_system", "proactive_alerting_system", "_tracer", "_setup", "_control")


def signature(function):
    """As in the stub, without self, on one line."""
    arguments = ast.unparse(function.args)
    for first in ("self, ", "cls, "):
        arguments = arguments.removeprefix(first)
    arguments = "" if arguments in ("self", "cls") else arguments
    prefix = "await " if isinstance(function, ast.AsyncFunctionDef) else ""
    returned = ast.unparse(function.returns) if function.returns else "Any"
    return f"{prefix}{function.name}({arguments})" + ("" if returned == "None" else f" -> {returned}")


def text_of(thing):
    """The docstring, if it is the thing's own."""
    return inspect.getdoc(thing) or ""


def members(stub_class, runtime):
    """Markdown of what a class offers: fields or enum values as one block, methods as headings."""
    fields = [ast.unparse(node) for node in stub_class.body
              if isinstance(node, (ast.AnnAssign, ast.Assign))]
    if fields:
        yield "```python\n" + "\n".join(fields) + "\n```\n"
    setters = {node.name for node in stub_class.body if isinstance(node, ast.FunctionDef)
               for mark in node.decorator_list if isinstance(mark, ast.Attribute)}
    for node in stub_class.body:
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or (
                node.name.startswith("_") and node.name != "__init__"):
            continue
        marks = [ast.unparse(mark) for mark in node.decorator_list]
        if any(mark.endswith(".setter") for mark in marks):
            continue
        attribute = inspect.getattr_static(runtime, node.name)
        if "property" in marks:
            kind = "assign to change it" if node.name in setters else "read only"
            yield f"#### `{node.name}: {ast.unparse(node.returns)}`\n\n({kind}) {text_of(attribute)}\n"
        elif node.name == "__init__":
            yield f"#### `{runtime.__name__}{signature(node).removeprefix('__init__')}`\n"
        else:
            text = text_of(getattr(runtime, node.name))
            if not text:
                raise SystemExit(f"{runtime.__name__}.{node.name} has no docstring")
            yield f"#### `{signature(node)}`\n\n{text}\n"


def generate():
    for name in MODULES:
        module = importlib.import_module(f"honeyguide.{name}")
        title = "honeyguide: " + ", ".join(module.__all__) if name.startswith("_") else name
        yield f"## {title}\n\n{text_of(module)}\n"
        stub = ast.parse((PACKAGE / f"{name}.pyi").read_text(encoding="utf-8"))
        for node in stub.body:
            if isinstance(node, ast.FunctionDef):
                yield f"### `{signature(node)}`\n\n{text_of(getattr(module, node.name))}\n"
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                runtime = getattr(module, node.name)
                yield f"### {node.name}\n\n{text_of(runtime)}\n"
                yield from members(node, runtime)


def main():
    page = PAGE.read_text(encoding="utf-8")
    head, mark, _ = page.partition(MARK)
    if not mark:
        raise SystemExit(f"{PAGE.name} has no line {MARK}")
    wanted = head + MARK + "\n".join(generate())
    if wanted == page:
        return 0
    if "--check" in sys.argv[1:]:
        print("docs/reference/python.md is old; run tools/gen_python_reference.py", file=sys.stderr)
        return 1
    PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
