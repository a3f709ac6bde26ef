"""Measures a release build against the budgets of storage: ingest, disk, memory, lookup, search, freshness.

For whoever runs a server beside their agents on a small machine: generator and server share it. Prints one
table and appends one JSON line to bench/results.jsonl. Nothing here passes or fails; the table says what is
missed. `--spans` sets how many spans are stored before lookups and searches (10 million by default); about
60 bytes of disk are needed for each."""

import argparse
import http.client
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

BYTES_PER_SPAN_NEEDED = 60
MIB = 1 << 20


class Server:
    def __init__(self, binary, data, *flags):
        self.data = Path(data)
        self.command = [str(binary), "serve", "--data", str(data), "--http", "127.0.0.1:0", "--otlp-http",
                        "127.0.0.1:0", "--otlp-grpc", "127.0.0.1:0", "--log-level", "warning", *flags]
        self.binary = binary

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        self.ready = json.loads(self.process.stdout.readline())
        host, port = self.ready["http"].rsplit(":", 1)
        self.connection = http.client.HTTPConnection(host, int(port), timeout=120)
        return self

    def __exit__(self, *unused):
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            print("the server did not stop within a minute", file=sys.stderr)

    def get(self, path, **params):
        """Gives (milliseconds, status, answer)."""
        query = "?" + urllib.parse.urlencode(params) if params else ""
        start = time.perf_counter()
        self.connection.request("GET", path + query)
        response = self.connection.getresponse()
        body = response.read()
        return (time.perf_counter() - start) * 1000, response.status, body

    def stats(self):
        return json.loads(self.get("/api/v1/stats")[2])

    def memory(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        return {name: int(fields[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM")}

    def cpu_ns(self):
        """Processor time of all threads that live: unlike times it does not tell how busy the machine is."""
        total = 0
        for path in Path(f"/proc/{self.process.pid}/task").glob("*/schedstat"):
            try:
                total += int(path.read_text().split()[0])
            except OSError:
                pass  # a thread that has just ended
        return total

    def load(self, shape="tracegen", seconds=5, grpc=False, **more):
        url = ["--grpc", "--url", self.ready["otlp_grpc"]] if grpc else \
            ["--url", "http://" + self.ready["otlp_http"]]
        flags = [text for name, value in more.items()
                 for text in ("--" + name.replace("_", "-"), str(value))]
        done = subprocess.run([str(self.binary), "load", *url, "--shape", shape, "--duration",
                               f"{seconds}s", "--output", "json", *flags],
                              capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    def wait_until_settled(self, seconds=120):
        """Until background work has caught up: all but the file that is being written is settled."""
        end = time.monotonic() + seconds
        blocks = 0
        while time.monotonic() < end:
            traces = self.stats()["traces"]
            if traces["young_bytes"] < 40 * MIB and traces["settled_blocks"] == blocks > 0:
                return
            blocks = traces["settled_blocks"]
            time.sleep(3)


class Table:
    def __init__(self):
        self.rows = []

    def add(self, name, value, unit, budget=None, at_most=True):
        met = None if budget is None else (value <= budget if at_most else value >= budget)
        self.rows.append({"name": name, "value": round(value, 3), "unit": unit, "budget": budget,
                          "met": met})
        mark = "" if met is None else ("met" if met else "MISSED")
        limit = "" if budget is None else f"{'<=' if at_most else '>='} {budget:,}"
        print(f"{name:<58} {value:>14,.1f} {unit:<8} {limit:>14} {mark}", flush=True)


def measure_limit(build):
    done = subprocess.run([str(build / "bench/limit/bench_limit"), "3"] if
                          (build / "bench/limit/bench_limit").exists() else [str(build / "bench_limit"), "3"],
                          capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def measure_ingest(table, binary, work, limit):
    budgets = {1000: 600_000, 10: 200_000}
    for size in (1000, 100, 10):
        single = limit[str(size)]["spans_per_s"]
        table.add(f"limit: one thread, decode + columns + zstd, {size}-span", single, "spans/s")
        for grpc in (False, True):
            way = "gRPC" if grpc else "HTTP"
            with Server(binary, work / f"ingest-{size}-{way}") as server:
                server.load(seconds=1, grpc=grpc, spans_per_request=size)  # warm
                before = server.stats()["traces"]
                cpu = server.cpu_ns()
                report = server.load(seconds=6, grpc=grpc, spans_per_request=size,
                                     in_flight=8 if size == 1000 else 64)
                cpu = server.cpu_ns() - cpu
                rate = report["spans_per_s"]
                table.add(f"ingest {way}, {size}-span requests", rate, "spans/s", budgets.get(size),
                          at_most=False)
                table.add(f"  of the one-thread limit", rate / single, "ratio",
                          0.6 if size == 1000 else None, at_most=False)
                table.add("  server CPU a span, settle and analytics included", cpu / report["spans_acked"],
                          "ns")
                table.add("  p99 of the acknowledgement", report["latency_ms"]["p99"], "ms")
                table.add("  answers to be retried", report["answers_retryable"], "")
                after = server.stats()["traces"]
                if after["settled_blocks"] == 0:
                    table.add("  young bytes a span",
                              (after["bytes"] - before["bytes"]) / (after["spans"] - before["spans"]),
                              "B", 124)
                table.add("  RSS, highest", server.memory()["VmHWM"] / MIB, "MiB", 252)
            shutil.rmtree(work / f"ingest-{size}-{way}")


def measure_idle(table, binary, work):
    with Server(binary, work / "idle") as server:
        time.sleep(3)
        table.add("memory, idle", server.memory()["VmRSS"] / MIB, "MiB", 60)


def measure_agent_disk(table, binary, work):
    with Server(binary, work / "agent") as server:
        server.load(shape="agent", seconds=4)
        traces = server.stats()["traces"]
        table.add("agent shape (1-100 KB prompts), young bytes a span", traces["bytes"] / traces["spans"], "B")


def fill(server, spans):
    """Stores at least `spans` spans, as fast as they are acknowledged."""
    start = time.monotonic()
    retried = 0
    while server.stats()["traces"]["spans"] < spans:
        left = spans - server.stats()["traces"]["spans"]
        report = server.load(seconds=max(1, min(10, left // 500_000)), seed=int(time.time() * 1000) % 2**31)
        retried += report["answers_retryable"]
    return time.monotonic() - start, retried


def median_ms(server, path, runs=7, **params):
    """Gives (milliseconds, milliseconds of server CPU, status, answer): medians."""
    times, cpus = [], []
    for _ in range(runs):
        cpu = server.cpu_ns()
        ms, status, body = server.get(path, **params)
        cpus.append((server.cpu_ns() - cpu) / 1e6)
        times.append(ms)
    return statistics.median(times), statistics.median(cpus), status, body


# (name, query, budget in ms, must find); tracegen: attr_0 to attr_10 are value-0 to value-99.
SEARCHES = [
    ("no filter", "", 20, True),
    ("service", '{ resource.service.name = "SERVICE" }', 20, True),
    ("service and operation", '{ resource.service.name = "SERVICE" && name = "OPERATION" }', 20, True),
    ("duration, every block matches", "{ duration > 1ns }", 20, True),
    ("duration without a match", "{ duration > 1h }", 20, False),
    ("service and attribute", '{ resource.service.name = "SERVICE" && span.attr_3 = "value-42" }', 20, True),
    ("attribute, every block matches", '{ span.attr_3 = "value-42" }', 100, True),
    ("attribute without a match", '{ span.attr_3 = "value-999" }', 100, False),
    ("two attributes", '{ span.attr_3 = "value-42" && span.attr_4 = "value-17" }', 100, True),
    ("five attributes, no row has them all",
     " && ".join(f'span.attr_{i} = "value-{i + 7}"' for i in range(5)), 100, None),
    ("regular expression without a match", '{ span.attr_3 =~ "value-1[0-9][0-9]$" }', None, False),
]


def first_name(answer):
    """Of a list of names, or of objects with a name, in whatever field it stands."""
    rows = next(value for value in json.loads(answer).values() if isinstance(value, list))
    return rows[0]["name"] if isinstance(rows[0], dict) else rows[0]


def measure_search(table, server):
    service = first_name(server.get("/api/v1/services")[2])
    operation = first_name(server.get("/api/v1/operations", service=service)[2])
    for name, query, budget, must_find in SEARCHES:
        query = query.replace("SERVICE", service).replace("OPERATION", operation)
        if query and not query.startswith("{"):
            query = "{ " + query + " }"
        params = {"limit": 20, **({"q": query} if query else {})}
        ms, cpu, status, body = median_ms(server, "/api/v1/traces", **params)
        answer = json.loads(body)
        if status != 200:
            sys.exit(f"search {query}: {status} {answer}")
        found = len(answer["items"])
        if must_find is not None and bool(found) != must_find:
            sys.exit(f"search {query} found {found}")
        table.add(f"search: {name}" + (" (partial)" if answer["partial"] else ""), ms, "ms", budget)
        table.add("  server CPU", cpu, "ms")


def measure_lookup(table, server):
    items = json.loads(server.get("/api/v1/traces", limit=50)[2])["items"]
    hits = [median_ms(server, f"/api/v1/traces/{item['trace_id']}", runs=1)[0] for item in items]
    again = [median_ms(server, f"/api/v1/traces/{item['trace_id']}", runs=1)[0] for item in items]
    table.add("by id, hit, first read of each", statistics.median(hits), "ms")
    table.add("by id, hit, warm", statistics.median(again), "ms", 2)
    misses = [server.get(f"/api/v1/traces/{os.urandom(16).hex()}") for _ in range(50)]
    assert all(status == 404 for _, status, _ in misses)
    table.add("by id, miss", statistics.median(ms for ms, _, _ in misses), "ms", 2)


def drop_page_cache():
    try:
        os.sync()
        Path("/proc/sys/vm/drop_caches").write_text("3")
        return True
    except OSError:
        return False


def measure_freshness(table, server):
    """An acknowledged trace is found at once: by id and by search, while the store is full."""
    from urllib.request import Request, urlopen
    late = 0
    for number in range(20):
        trace_id = os.urandom(16).hex()
        now = time.time_ns()
        body = {"resourceSpans": [{"resource": {"attributes": [
            {"key": "service.name", "value": {"stringValue": "fresh"}}]}, "scopeSpans": [{"spans": [
                {"traceId": trace_id, "spanId": os.urandom(8).hex(), "name": f"fresh-{number}",
                 "startTimeUnixNano": str(now - 1000), "endTimeUnixNano": str(now)}]}]}]}
        urlopen(Request(f"http://{server.ready['otlp_http']}/v1/traces", json.dumps(body).encode(),
                        {"Content-Type": "application/json"})).read()
        by_id = server.get(f"/api/v1/traces/{trace_id}")[1] == 200
        found = json.loads(server.get("/api/v1/traces", q=f'{{ name = "fresh-{number}" }}')[2])["items"]
        late += not (by_id and [item["trace_id"] for item in found] == [trace_id])
    table.add("freshness: acknowledged, but not found by id and search", late, "of 20", 0)


def measure_stored(table, binary, work, spans):
    data = work / "stored"
    with Server(binary, data) as server:
        cpu = server.cpu_ns()
        seconds, retried = fill(server, spans)
        cpu = server.cpu_ns() - cpu
        table.add(f"sustained ingest of {spans:,} spans, settle beside it", spans / seconds, "spans/s")
        table.add("  server CPU a span, settle and analytics included", cpu / spans, "ns")
        table.add("  answers to be retried", retried, "")
        table.add("  RSS, highest", server.memory()["VmHWM"] / MIB, "MiB", 252)
        server.wait_until_settled()
        traces = server.stats()["traces"]
        settled_share = 1 - traces["young_bytes"] / traces["bytes"]
        table.add("settled share of bytes", settled_share * 100, "%")
        settled = [path for path in data.rglob("settled-*") if path.is_file()]
        settled_bytes = sum(path.stat().st_size for path in settled)
        rows = sum(span_rows(path) for path in settled if path.suffix == ".hgi")
        if rows:
            table.add("settled bytes a span, tracegen", settled_bytes / rows, "B", 30)
        measure_lookup(table, server)
        measure_search(table, server)
        measure_freshness(table, server)
    start = time.perf_counter()
    with Server(binary, data) as server:
        table.add("restart until ready", (time.perf_counter() - start) * 1000, "ms")
        table.add("memory after the restart", server.memory()["VmRSS"] / MIB, "MiB")
        if drop_page_cache():
            items = json.loads(server.get("/api/v1/traces", limit=50)[2])["items"]
            cold = []
            for item in items[:10]:
                drop_page_cache()
                cold.append(server.get(f"/api/v1/traces/{item['trace_id']}")[0])
            table.add("by id, hit, cold page cache", statistics.median(cold), "ms", 20)


def span_rows(index):
    """Of the facts of an index file (docs/formats/index.md): header 32, checksum 8, then the fifth number."""
    return int.from_bytes(index.read_bytes()[72:80], "little")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, required=True, help="build folder at release optimisation")
    parser.add_argument("--spans", type=int, default=10_000_000)
    parser.add_argument("--only", choices=["ingest", "stored"], help="one part of the table")
    parser.add_argument("--results", type=Path, default=Path("bench/results.jsonl"))
    args = parser.parse_args()
    binary = next(path for path in (args.build / "honeyguide", args.build / "src/cli/honeyguide")
                  if path.exists())
    needed = args.spans * BYTES_PER_SPAN_NEEDED
    with tempfile.TemporaryDirectory(prefix="hg-bench-") as work:
        work = Path(work)
        if shutil.disk_usage(work).free < needed + (1 << 30):
            print(f"skipped: {args.spans:,} spans need {needed >> 20} MiB and 1 GiB to spare in {work}; "
                  "give --spans fewer")
            return
        table = Table()
        limit = measure_limit(args.build)
        if args.only != "stored":
            measure_idle(table, binary, work)
            measure_ingest(table, binary, work, limit)
            measure_agent_disk(table, binary, work)
        if args.only != "ingest":
            measure_stored(table, binary, work, args.spans)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True,
                            check=False).stdout.strip()
    line = {"bench": "budgets", "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "commit": commit,
            "machine": {"cpus": os.cpu_count(), "arch": platform.machine(), "kernel": platform.release(),
                        "load_average": os.getloadavg()[0]},
            "spans": args.spans, "limit": limit, "rows": table.rows}
    with args.results.open("a") as results:
        results.write(json.dumps(line) + "\n")
    missed = [row["name"].strip() for row in table.rows if row["met"] is False]
    print(f"{len(missed)} budgets missed" + (": " + "; ".join(missed) if missed else ""))


if __name__ == "__main__":
    main()
