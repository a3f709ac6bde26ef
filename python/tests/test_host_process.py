"""Proves what the package promises to the process around it: thousands of threads, forks, signals, two
frameworks side by side, use after shutdown. Each in a process of its own."""

import subprocess
import sys

import pytest

PREPARE = """
import asyncio, os, signal, sys, threading, time
from honeyguide import BusinessMetricsMonitor, DistributedTracingSystem, MonitoringIntegrationFramework

def started():
    monitoring = MonitoringIntegrationFramework()
    asyncio.run(monitoring.initialize())
    return monitoring

def total(monitoring, agent):
    report = monitoring.business_metrics.get_agent_report(agent)
    return report["tasks"]["total"] if report else 0
"""


def run(program, *, status=0):
    done = subprocess.run([sys.executable, "-c", PREPARE + program], capture_output=True, text=True,
                          timeout=120, check=False)
    assert done.returncode == status, done.stderr[-3000:]
    assert done.stderr == ""
    return done.stdout.split()


def test_two_thousand_threads_lose_nothing():
    said = run("""
monitoring = started()
monitoring.start_workflow_monitoring("w", "task_execution", ["a"])
barrier = threading.Barrier(2000)

def work(number):
    barrier.wait()
    with monitoring.tracing.trace_agent_operation("a", "op", "w"):
        monitoring.record_agent_task("a", f"t{number}", "build", number % 4 != 0, 0.5,
                                     workflow_id="w")

threading.stack_size(256 * 1024)
threads = [threading.Thread(target=work, args=[number]) for number in range(2000)]
for thread in threads: thread.start()
for thread in threads: thread.join()
tasks = monitoring.business_metrics.get_agent_report("a")["tasks"]
summary = monitoring.tracing.get_workflow_trace_summary("w")
print(tasks["total"], tasks["failed"], summary["total_spans"])
asyncio.run(monitoring.shutdown())
""")
    assert said == ["2000", "500", "4001"]


def test_the_same_id_from_many_threads_is_opened_once():
    said = run("""
metrics = BusinessMetricsMonitor()
opened = []

def begin():
    try:
        metrics.start_task("a", "t", "build")
        opened.append(1)
    except ValueError:
        pass

threads = [threading.Thread(target=begin) for _ in range(200)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(opened), metrics.get_real_time_dashboard()["active_tasks"])
""")
    assert said == ["1", "1"]


def test_a_fork_leaves_the_parents_figures_and_starts_the_childs_anew():
    said = run("""
monitoring = started()
monitoring.record_agent_task("a", "t1", "build", True, 1.0)
child = os.fork()
if child == 0:
    before = total(monitoring, "a")
    monitoring.record_agent_task("a", "t2", "build", True, 1.0)
    monitoring.record_agent_task("a", "t3", "build", True, 1.0)
    os._exit(10 * before + total(monitoring, "a"))
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
monitoring.record_agent_task("a", "t4", "build", True, 1.0)
print(status, total(monitoring, "a"))
""")
    assert said == ["2", "2"]


def test_forks_while_threads_record_never_hang():
    said = run("""
monitoring = started()
stop = threading.Event()

def busy():
    number = 0
    while not stop.is_set():
        number += 1
        monitoring.record_agent_task("busy", f"t{number}", "build", True, 1.0)

threads = [threading.Thread(target=busy) for _ in range(4)]
for thread in threads: thread.start()
good = 0
for _ in range(40):
    child = os.fork()
    if child == 0:
        monitoring.record_agent_task("a", "t", "build", True, 1.0)
        with monitoring.tracing.trace_agent_operation("a", "op"):
            pass
        os._exit(0 if total(monitoring, "a") else 1)
    good += os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
stop.set()
for thread in threads: thread.join()
print(good)
""")
    assert said == ["40"]


def test_a_fork_while_other_threads_hold_every_lock_does_not_hang():
    said = run("""
monitoring = started()
locks = [part._lock for part in (monitoring, monitoring._recorder, monitoring.business_metrics,
                                 monitoring.tracing, monitoring.alerting)]
held, done = threading.Event(), threading.Event()

def hold():
    for lock in locks: lock.acquire()
    held.set()
    done.wait()
    for lock in reversed(locks): lock.release()

thread = threading.Thread(target=hold)
thread.start()
held.wait()
child = os.fork()
if child == 0:
    signal.alarm(20)  # ends a child that hangs
    monitoring.record_agent_task("a", "t", "build", True, 1.0)
    with monitoring.tracing.trace_agent_operation("b", "op"):
        pass
    monitoring.alerting.process_metrics({"m": 1.0})
    monitoring.get_comprehensive_dashboard()
    os._exit(total(monitoring, "a"))
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
done.set()
thread.join()
""")
    assert said == ["1"]


def test_ctrl_c_reaches_the_program_and_ends_the_scope():
    said = run("""
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
tracing = DistributedTracingSystem()
try:
    with tracing.trace_agent_operation("a", "op") as context:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(30)
except KeyboardInterrupt:
    print("interrupted", tracing.get_system_trace_overview()["total_active_spans"],
          "KeyboardInterrupt" in str(tracing.get_trace(context.trace_id)))
""")
    assert said == ["interrupted", "0", "True"]


def test_a_signal_ends_the_process_as_without_us():
    assert run("""
monitoring = started()
os.kill(os.getpid(), signal.SIGTERM)
time.sleep(30)
""", status=-signal_number("SIGTERM")) == []


def signal_number(name):
    import signal

    return int(getattr(signal, name))


def test_two_frameworks_share_nothing():
    said = run("""
one, two = started(), started()
one.record_agent_task("a", "t", "build", True, 1.0)
one.start_workflow_monitoring("w", "task_execution", ["a"])
two.start_workflow_monitoring("w", "task_execution", ["a"])
one.business_metrics.throughput_thresholds = {"target": 3, "warning": 2, "critical": 1}
asyncio.run(one.shutdown())
print(total(one, "a"), total(two, "a"), two.business_metrics.throughput_thresholds["target"],
      two.get_monitoring_system_health().tracing_status)
""")
    assert said == ["1", "0", "10.0", "healthy"]


@pytest.mark.parametrize("use", [
    "monitoring.record_agent_task('a', 't2', 'build')",
    "monitoring.start_workflow_monitoring('w2', 'task_execution', ['a'])",
    "monitoring.complete_workflow_monitoring('w')",
    "monitoring.record_conflict_resolution('c', ['a', 'b'], 1.0)",
])
def test_use_after_shutdown_is_told_and_figures_stay(use):
    said = run(f"""
monitoring = started()
monitoring.record_agent_task("a", "t", "build", True, 1.0)
monitoring.start_workflow_monitoring("w", "task_execution", ["a"])
asyncio.run(monitoring.shutdown())
asyncio.run(monitoring.shutdown())
try:
    {use}
except RuntimeError:
    print("refused", total(monitoring, "a"),
          monitoring.tracing.get_workflow_trace_summary("w")["status"])
""")
    assert said == ["refused", "1", "shutdown"]


def test_memory_is_bound_by_the_limits_and_not_by_what_was_recorded():
    said = run("""
def resident_mb():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20

metrics = BusinessMetricsMonitor()
before = resident_mb()
for number in range(60_000):
    metrics.record_task("a", f"t{number}", "build", True, 0.5)
print(resident_mb() - before, metrics.get_agent_report("a")["tasks"]["total"])
""")
    grown_mb, tasks = map(int, said)
    assert tasks == 60_000
    assert grown_mb < 256  # traces 64, runs 24, and what allocators keep
