"""Proves that the reference pages are complete and current: every route, every command with each of
its flags, every setting; and that the written-down OpenAPI document is the served one."""

import importlib.util
import re
from pathlib import Path

import pytest

from harness import ROOT, run

pytestmark = pytest.mark.needs_command("serve")

REFERENCE = ROOT / "docs/reference"
ADVICE = "run: python3 tools/gen_reference.py"


@pytest.fixture(scope="module")
def generator():
    spec = importlib.util.spec_from_file_location("gen_reference", ROOT / "tools/gen_reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def wanted(generator):
    return generator.documents()


@pytest.mark.parametrize("name", ["rest.md", "cli.md", "configuration.md", "openapi.json"])
def test_a_page_is_what_the_binary_says(wanted, name):
    path = REFERENCE / name
    assert path.read_text() == wanted[path], ADVICE


def test_every_route_is_in_its_page(make_server):
    server = make_server(flags=["--allow-purge"])
    page = (REFERENCE / "rest.md").read_text()
    for path, methods in server.json("/api/v1/openapi.json")["paths"].items():
        for method in methods:
            assert f"`{method.upper()} {path}`" in page, ADVICE


def test_every_command_and_flag_is_in_its_page(generator):
    page = (REFERENCE / "cli.md").read_text()
    names = generator.command_names()
    assert len(names) > 15
    for name in names:
        section = page.split(f"## honeyguide {name}\n", 1)
        assert len(section) == 2, f"{name}: {ADVICE}"
        text = section[1].split("\n## ", 1)[0]
        for flag in re.findall(r"--[a-z][a-z-]+", run(name, "--help").stdout):
            assert flag in text, f"{name} {flag}: {ADVICE}"


def test_every_setting_is_in_its_page_with_variable_and_flag(make_server):
    page = (REFERENCE / "configuration.md").read_text()
    flags = run("serve", "--help").stdout
    for section in make_server().json("/api/v1/settings")["sections"]:
        for entry in section["entries"]:
            assert f"`{entry['key']}`" in page, ADVICE
            flag = "--" + entry["key"].replace("_", "-")
            if re.search(re.escape(flag) + r"\b", flags):
                assert f"`{flag}`" in page, ADVICE


def test_every_section_of_the_file_is_in_its_page():
    source = (ROOT / "src/server/config_file.cc").read_text()
    entry = source[source.index("apply_entry("):source.index("static std::string nearest_hint")]
    names = set(re.findall(r'name == "([a-z_]+)"', entry))
    assert {"agents", "budgets", "tls"} <= names
    page = (REFERENCE / "configuration.md").read_text()
    assert [name for name in sorted(names) if f"`{name}`" not in page] == []


def test_links_of_guide_and_reference_lead_somewhere():
    for page in [*(ROOT / "docs/guide").glob("*.md"), *REFERENCE.glob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)\)", page.read_text()):
            if "://" not in target:
                assert (page.parent / Path(target)).exists(), f"{page.name}: {target}"
