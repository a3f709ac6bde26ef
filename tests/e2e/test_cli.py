"""Proves what every command line promises: help, exit codes, errors that name the word."""

import json

from harness import run


def test_version_as_text_and_json():
    assert run("version").stdout.startswith("honeyguide ")
    assert json.loads(run("version", "--output", "json").stdout)["version"]
    assert run("--version").stdout == run("version").stdout


def test_help_lists_commands_and_each_has_help():
    text = run("--help").stdout
    names = [line.split()[0] for line in text.splitlines() if line.startswith("  ")]
    assert "version" in names
    for name in names:
        if name == "honeyguide":
            continue
        assert f"honeyguide {name}" in run(name, "--help").stdout, name


def test_unknown_command_is_a_usage_error_with_a_hint():
    done = run("versoin", check=False)
    assert done.returncode == 2
    assert "did you mean 'version'" in done.stderr
    assert done.stdout == ""


def test_unknown_flag_is_a_usage_error_that_names_it():
    done = run("version", "--colour", check=False)
    assert done.returncode == 2
    assert "--colour" in done.stderr
