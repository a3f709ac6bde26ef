// Translation only: sdk::Embedded as honeyguide._core.Engine. The interpreter lock is released
// around every call that may wait for the engine's lock.

#include <stdexcept>

#include <nanobind/nanobind.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include "sdk/embedded/embedded.h"
#include "tracer.h"

namespace nb = nanobind;
namespace sdk = honeyguide::sdk;
namespace base = honeyguide::base;

namespace {

using ReleaseGil = nb::call_guard<nb::gil_scoped_release>;

// The message with the code before it; ValueError for what the caller can fix.
[[noreturn]] void raise(const base::Error& error) {
  if (error.code == base::ErrorCode::kInvalidArgument) throw std::invalid_argument(error.message);
  if (error.code == base::ErrorCode::kNotFound) throw std::out_of_range(error.message);
  throw std::runtime_error(error.to_string());
}

void record(sdk::Embedded& engine, const sdk::RecordedSpan& span, std::int64_t now) {
  const auto done = engine.record(span, now);
  if (!done) raise(done.error());
}

std::uint64_t add_otlp_json(sdk::Embedded& engine, std::string body, std::int64_t now) {
  const auto added = engine.add_otlp_json(std::move(body), now);
  if (!added) raise(added.error());
  return *added;
}

std::string trace(sdk::Embedded& engine, const std::string& trace_id) {
  auto found = engine.trace(trace_id);
  if (!found) raise(found.error());
  return std::move(found).value();
}

sdk::Observation observe(sdk::Embedded& engine, const std::string& metric, std::int64_t time,
                         double value) {
  auto judged = engine.observe(metric, time, value);
  if (!judged) raise(judged.error());
  return std::move(judged).value();
}

void bind_values(nb::module_& m) {
  nb::class_<sdk::RecordedEvent>(m, "Event")
      .def(nb::init<>())
      .def_rw("name", &sdk::RecordedEvent::name)
      .def_rw("time", &sdk::RecordedEvent::time)
      .def_rw("attributes", &sdk::RecordedEvent::attributes);
  nb::class_<sdk::RecordedSpan>(m, "Span")
      .def(nb::init<>())
      .def_rw("trace_id", &sdk::RecordedSpan::trace_id)
      .def_rw("span_id", &sdk::RecordedSpan::span_id)
      .def_rw("parent_id", &sdk::RecordedSpan::parent_id)
      .def_rw("name", &sdk::RecordedSpan::name)
      .def_rw("kind", &sdk::RecordedSpan::kind)
      .def_rw("start", &sdk::RecordedSpan::start)
      .def_rw("end", &sdk::RecordedSpan::end)
      .def_rw("error", &sdk::RecordedSpan::error)
      .def_rw("message", &sdk::RecordedSpan::message)
      .def_rw("attributes", &sdk::RecordedSpan::attributes)
      .def_rw("events", &sdk::RecordedSpan::events);
  nb::class_<sdk::Observation>(m, "Observation")
      .def_ro("p", &sdk::Observation::p)
      .def_ro("anomaly", &sdk::Observation::anomaly)
      .def_ro("judged", &sdk::Observation::judged)
      .def_ro("expected", &sdk::Observation::expected)
      .def_ro("expected_low", &sdk::Observation::expected_low)
      .def_ro("expected_high", &sdk::Observation::expected_high)
      .def_ro("feature", &sdk::Observation::feature);
}

}  // namespace

NB_MODULE(_core, m) {
  m.doc() = "The honeyguide engine inside this process.";
  bind_values(m);
  bind_tracer(m);
  nb::class_<sdk::Embedded>(m, "Engine")
      .def(nb::init<std::string>(), nb::arg("service_name"))
      .def("record", &record, nb::arg("span"), nb::arg("now"), ReleaseGil())
      .def("add_otlp_json", &add_otlp_json, nb::arg("body"), nb::arg("now"), ReleaseGil())
      .def("throughput_report", &sdk::Embedded::throughput_report, nb::arg("agent"),
           nb::arg("hours"), nb::arg("now"), ReleaseGil())
      .def("agent_report", &sdk::Embedded::agent_report, nb::arg("agent"), nb::arg("hours"),
           nb::arg("now"), ReleaseGil())
      .def("conflict_report", &sdk::Embedded::conflict_report, nb::arg("hours"), nb::arg("now"),
           ReleaseGil())
      .def("dependency_report", &sdk::Embedded::dependency_report, nb::arg("hours"), nb::arg("now"),
           ReleaseGil())
      .def("dashboard", &sdk::Embedded::dashboard, nb::arg("now"), ReleaseGil())
      .def("agents", &sdk::Embedded::agents, nb::arg("now"), ReleaseGil())
      .def(
          "set_throughput_levels",
          [](sdk::Embedded& engine, double target, double warning, double critical) {
            engine.set_throughput_levels({target, warning, critical});
          },
          nb::arg("target"), nb::arg("warning"), nb::arg("critical"), ReleaseGil())
      .def(
          "set_conflict_levels",
          [](sdk::Embedded& engine, double target, double warning, double critical) {
            engine.set_conflict_levels({target, warning, critical});
          },
          nb::arg("target"), nb::arg("warning"), nb::arg("critical"), ReleaseGil())
      .def("trace", &trace, nb::arg("trace_id"), ReleaseGil())
      .def("observe", &observe, nb::arg("metric"), nb::arg("time"), nb::arg("value"), ReleaseGil());
  // A host may exit while a thread or a global still holds an engine: no news for its stderr.
  nb::set_leak_warnings(false);
}
