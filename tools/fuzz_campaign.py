#!/usr/bin/env python3
"""Runs fuzz targets for a time of their processor, not of the clock: until each has used MIN seconds
and found no new coverage for QUIET of them, or MAX in all. Prints one row a target and writes the
rows to build/fuzz/campaign.json, so that a campaign can be continued: targets that are done there
are left out. A crash leaves its input in build/fuzz/crashes and makes the exit code 1.

    tools/fuzz.sh builds the targets; then: tools/fuzz_campaign.py [--jobs 2] [TARGET...]
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import select
import signal
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/fuzz"
COVERAGE = re.compile(rb"cov: (\d+) ft: (\d+)")
RUNS = re.compile(rb"^#(\d+)")
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """Processor time of a process, user and system; None once it is gone."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return (int(fields[11]) + int(fields[12])) / TICKS


def note(row, line, used):
    """Takes runs and coverage from a line of the fuzzer."""
    seen, runs = COVERAGE.search(line), RUNS.search(line)
    if runs:
        row["runs"] = int(runs.group(1))
    if seen and int(seen.group(1)) > row["coverage"]:
        row["coverage"], row["last_new_s"] = int(seen.group(1)), round(used)


def run_target(name, options):
    short = name.removesuffix("_fuzz")
    found = BUILD / "corpus" / short
    found.mkdir(parents=True, exist_ok=True)
    (BUILD / "crashes").mkdir(exist_ok=True)
    seeds = ROOT / "fuzz/corpus" / short
    command = [str(BUILD / name), f"-seed={options.seed}", f"-artifact_prefix={BUILD}/crashes/{short}-",
               "-print_final_stats=1", "-report_slow_units=30", str(found), str(seeds)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, bufsize=0,
                               cwd=ROOT)
    row = {"target": short, "seed": options.seed, "cpu_s": 0, "last_new_s": 0, "coverage": 0,
           "runs": 0, "result": "crashed"}
    while True:
        # The fuzzer prints at its discoveries and ever more rarely between: do not wait for a line.
        ready, _, _ = select.select([process.stderr], [], [], 1)
        line = process.stderr.readline() if ready else b""
        used = cpu_seconds(process.pid)
        if used is None or (ready and not line):
            break
        row["cpu_s"] = round(used)
        note(row, line, used)
        quiet = used >= options.min and used - row["last_new_s"] >= options.quiet
        if quiet or used >= options.max:
            row["result"] = "quiet" if quiet else "still growing"
            process.send_signal(signal.SIGINT)
            break
    process.stderr.read()
    process.wait()
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("targets", nargs="*", help="default: all that are built")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--min", type=float, default=600, help="processor seconds each (600)")
    parser.add_argument("--quiet", type=float, default=300, help="of them without news (300)")
    parser.add_argument("--max", type=float, default=1800, help="processor seconds at most (1800)")
    options = parser.parse_args()
    targets = options.targets or sorted(p.name for p in BUILD.glob("*_fuzz") if os.access(p, os.X_OK))
    record = BUILD / "campaign.json"
    rows = json.loads(record.read_text()) if record.exists() else []
    done = {row["target"] for row in rows if row["result"] == "quiet"}
    todo = [t for t in targets if t.removesuffix("_fuzz") not in done]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for row in pool.map(lambda t: run_target(t, options), todo):
            rows = [r for r in rows if r["target"] != row["target"]] + [row]
            record.write_text(json.dumps(rows, indent=1) + "\n")
            print("{target}: {result}, {cpu_s} s of processor, last news at {last_new_s} s, "
                  "{coverage} edges, {runs} runs".format(**row), flush=True)
    return 1 if any(row["result"] == "crashed" for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
