#!/usr/bin/env python3
"""What `make run` prints about a server: what arrived, who works, who waits, what failed. Reads the
REST API at HONEYGUIDE_URL; only the standard library."""

import argparse
import json
import os
import subprocess
import time
import urllib.request

URL = os.environ.get("HONEYGUIDE_URL", "http://127.0.0.1:8321")
HISTORY_SECONDS_MAX = 2 * 3600
SETTLED_SECONDS_MAX = 60


def get(path):
    with urllib.request.urlopen(URL + path, timeout=30) as answer:
        return json.load(answer)


def printable(text):
    """Telemetry in a terminal: without control characters."""
    return "".join(c for c in str(text) if c.isprintable())


def since_last_span():
    """How much history is missing, as a duration; nothing on a fresh server."""
    last = get("/api/v1/status")["last_span_unix_ns"]
    if last:
        seconds = max(0, time.time() - int(last) / 1e9)
        print(f"{int(min(seconds, HISTORY_SECONDS_MAX))}s")


def wait_for_analytics():
    end = time.monotonic() + SETTLED_SECONDS_MAX
    while time.monotonic() < end:
        stats = get("/api/v1/stats")
        if stats["analytics"]["sequence"] >= stats["traces"]["last_sequence"]:
            return stats
        time.sleep(0.2)
    return get("/api/v1/stats")


def number(value, unit=""):
    return "-" if value is None else f"{value:,.1f}{unit}"


def arrived(stats):
    services = get("/api/v1/services")["services"]
    runs = get("/api/v1/runs?limit=1")["total"]["count"]
    print(f"\nArrived: {stats['traces']['spans']:,} spans in {runs:,} runs from "
          f"{printable(', '.join(services))}")


def agents():
    rows = get("/api/v1/agents?limit=200")["items"]
    print(f"\nAgents ({len(rows)}), dearest first:")
    print(f"  {'agent':<16}{'team':<10}{'state':<10}{'tasks/h':>9}{'success':>9}{'$/h':>9}")
    for row in rows[:8]:
        success = row["success_ratio"]
        print(f"  {printable(row['agent']['name']):<16}{printable(row['team'] or '-'):<10}"
              f"{row['state']:<10}{number(row['throughput_per_h']):>9}"
              f"{'-' if success is None else f'{success:.0%}':>9}"
              f"{number(row['cost_per_h_usd']):>9}")


def conflicts_and_waits():
    summary = get("/api/v1/conflicts")
    ratio = summary["summary"]["resolution_ratio"]
    print(f"\nConflicts: {summary['counts']['open']} open, {summary['counts']['resolved']} resolved"
          + ("" if ratio is None else f", {ratio:.0%} of the ended ones well"))
    chains = get("/api/v1/dependencies")["chains"]
    print("Who waits for whom:" + (" nobody" if not chains else ""))
    for chain in chains[:5]:
        names = " → ".join(printable(agent["name"]) for agent in chain["chain"])
        print(f"  {names}  {chain['oldest_ms'] / 1000:.0f} s"
              + ("  DEADLOCK" if chain["deadlock"] else ""))


def attention():
    items = get("/api/v1/alerts")["items"]
    print("Needs attention:" + (" nothing" if not items else ""))
    for item in items[:5]:
        print(f"  {item['severity']:<9}{printable(item['sentence']['text'])}")


def failed_trace(binary):
    items = get("/api/v1/runs?outcome=failed&limit=1")["items"]
    items = items or get("/api/v1/traces?q=status%3Aerror&limit=1")["items"]
    if not items:
        return
    print(f"\nThe newest run that failed, {printable(items[0]['name'])}"
          f" ({printable(items[0]['reason'] or 'an error')}):")
    tree = subprocess.run([binary, "trace", items[0]["trace_id"]], capture_output=True, text=True,
                          check=False).stdout
    for line in tree.splitlines()[:16]:
        print("  " + line)


def main():
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--since-last-span", action="store_true")
    flags.add_argument("--binary", default="build/release/honeyguide")
    given = flags.parse_args()
    if given.since_last_span:
        since_last_span()
        return
    arrived(wait_for_analytics())
    agents()
    conflicts_and_waits()
    attention()
    failed_trace(given.binary)


if __name__ == "__main__":
    main()
