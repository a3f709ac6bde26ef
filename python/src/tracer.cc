// Translation only: honeyguide::Tracer as _core.Tracer, its spans as _core.LiveSpan. Recording a
// span waits for nobody, so it keeps the interpreter lock; what may wait for the network releases
// it.
#include "tracer.h"

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>

#include "honeyguide/tracer.h"
#include "sdk/embedded/embedded.h"

namespace nb = nanobind;
namespace hg = honeyguide;

namespace {

using Seconds = std::chrono::duration<double>;

std::chrono::milliseconds milliseconds(double seconds) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Seconds(seconds));
}

[[noreturn]] void raise(const hg::Error& error) {
  if (error.code == hg::ErrorCode::kInvalidArgument) throw std::invalid_argument(error.message);
  throw std::runtime_error(std::string(hg::error_code_name(error.code)) + ": " + error.message);
}

std::string_view text_of(PyObject* object) {
  Py_ssize_t size = 0;
  const char* text = PyUnicode_AsUTF8AndSize(object, &size);
  if (text == nullptr) throw nb::python_error();
  return {text, static_cast<std::size_t>(size)};
}

// What a span attribute may hold; `kept` holds the text of everything else for the call.
hg::AttributeValue value_of(PyObject* object, nb::object& kept) {
  if (PyUnicode_Check(object)) return text_of(object);
  if (PyBool_Check(object)) return object == Py_True;
  if (PyFloat_Check(object)) return PyFloat_AS_DOUBLE(object);
  if (PyLong_Check(object)) {
    int overflow = 0;
    const long long whole = PyLong_AsLongLongAndOverflow(object, &overflow);
    if (overflow == 0) return static_cast<std::int64_t>(whole);
  }
  kept = nb::steal(PyObject_Str(object));
  if (!kept.is_valid()) throw nb::python_error();
  return text_of(kept.ptr());
}

void set_attribute(hg::Span& span, nb::str key, nb::handle value) {
  if (value.is_none()) return;
  nb::object kept;
  span.set_attribute(text_of(key.ptr()), value_of(value.ptr(), kept));
}

void set_attributes(hg::Span& span, nb::handle attributes) {
  if (attributes.is_none()) return;
  PyObject* key = nullptr;
  PyObject* value = nullptr;
  Py_ssize_t at = 0;
  if (!PyDict_Check(attributes.ptr())) throw std::invalid_argument("attributes: a dict is needed");
  while (PyDict_Next(attributes.ptr(), &at, &key, &value) != 0) {
    if (value == Py_None) continue;
    nb::object kept;
    span.set_attribute(text_of(key), value_of(value, kept));
  }
}

// Lists borrow their text, so they are made for one call.
void add_event(hg::Span& span, hg::UnixNanos time, std::string_view name, nb::handle attributes) {
  std::vector<nb::object> kept;
  std::vector<hg::Attribute> list;
  if (!attributes.is_none()) {
    const auto dict = nb::cast<nb::dict>(attributes);
    kept.resize(dict.size());
    std::size_t i = 0;
    for (const auto& [key, value] : dict) {
      list.push_back({text_of(key.ptr()), value_of(value.ptr(), kept[i++])});
    }
  }
  if (time == 0) return span.add_event(name, list);
  span.add_event_at(time, name, list);
}

template <std::size_t N>
std::optional<std::array<std::uint8_t, N>> bytes_of(std::string_view hex) {
  if (hex.size() != 2 * N) return std::nullopt;
  std::array<std::uint8_t, N> out{};
  for (std::size_t i = 0; i < 2 * N; ++i) {
    const char c = hex[i];
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return std::nullopt;
    out[i / 2] = static_cast<std::uint8_t>(out[i / 2] << 4 | digit);
  }
  return out;
}

hg::SpanContext context_of(std::string_view trace_id, std::string_view span_id, bool sampled) {
  const auto trace = bytes_of<16>(trace_id);
  const auto span = bytes_of<8>(span_id);
  if (!trace || !span) {
    throw std::invalid_argument("a trace id has 32 and a span id 16 hex digits");
  }
  return {*trace, *span, sampled};
}

std::unique_ptr<hg::Tracer> make_tracer(const std::string& service, const std::string& server,
                                        const std::string& token, nb::dict resource,
                                        double export_interval_s, double export_timeout_s,
                                        std::size_t queue_bytes_max) {
  auto config = hg::Config::from_environment();
  if (!config) raise(config.error());
  if (!service.empty()) config->service_name = service;
  config->server = server;
  config->token = token;
  for (const auto& [key, value] : resource) {
    config->resource_attributes.emplace_back(nb::cast<std::string>(nb::str(key)),
                                             nb::cast<std::string>(nb::str(value)));
  }
  if (export_interval_s > 0) config->export_interval = milliseconds(export_interval_s);
  if (export_timeout_s > 0) config->export_timeout = milliseconds(export_timeout_s);
  if (queue_bytes_max > 0) config->queue_bytes_max = queue_bytes_max;
  nb::gil_scoped_release released;
  auto tracer = hg::Tracer::create(*config);
  if (!tracer) raise(tracer.error());
  return std::move(*tracer);
}

hg::Span start(hg::Tracer& tracer, nb::str name, nb::handle attributes, int kind,
               nb::handle parent_trace_id, nb::handle parent_span_id, bool sampled) {
  hg::SpanOptions options;
  options.kind = static_cast<hg::SpanKind>(kind);
  if (parent_trace_id.is_none()) {
    options.parent.emplace();
  } else {
    options.parent.emplace(
        context_of(text_of(parent_trace_id.ptr()), text_of(parent_span_id.ptr()), sampled));
  }
  hg::Span span = tracer.start_span(text_of(name.ptr()), {}, options);
  if (span.recording()) set_attributes(span, attributes);
  return span;
}

hg::AttributeValue public_value(const hg::sdk::AttributeValue& value) {
  return std::visit([](const auto& one) { return hg::AttributeValue(one); }, value);
}

std::vector<hg::Attribute> public_list(
    const std::vector<std::pair<std::string, hg::sdk::AttributeValue>>& attributes) {
  std::vector<hg::Attribute> out;
  for (const auto& [key, value] : attributes) out.push_back({key, public_value(value)});
  return out;
}

// A span that somebody else recorded, with its ids and times.
void record(hg::Tracer& tracer, const hg::sdk::RecordedSpan& recorded) {
  hg::SpanOptions options;
  options.kind = static_cast<hg::SpanKind>(recorded.kind);
  options.start = recorded.start;
  options.context = context_of(recorded.trace_id, recorded.span_id, true);
  options.parent.emplace();
  if (!recorded.parent_id.empty()) {
    options.parent.emplace(context_of(recorded.trace_id, recorded.parent_id, true));
  }
  hg::Span span = tracer.start_span(recorded.name, public_list(recorded.attributes), options);
  for (const auto& event : recorded.events) {
    span.add_event_at(event.time, event.name, public_list(event.attributes));
  }
  if (recorded.error) {
    span.set_error(recorded.message);
  } else {
    span.set_ok();
  }
  span.end_at(recorded.end);
}

void finish(const hg::Result<void>& done) {
  if (!done) raise(done.error());
}

nb::dict stats(const hg::Tracer& tracer) {
  const hg::TracerStats now = tracer.stats();
  nb::dict out;
  out["started"] = now.started;
  out["sampled_out"] = now.sampled_out;
  out["ended"] = now.ended;
  out["dropped"] = now.dropped;
  out["exported"] = now.exported;
  out["export_failures"] = now.export_failures;
  out["queued_bytes"] = now.queued_bytes;
  return out;
}

}  // namespace

void bind_tracer(nb::module_& m) {
  nb::class_<hg::Span>(m, "LiveSpan")
      .def("set_attribute", &set_attribute, nb::arg("key"), nb::arg("value").none())
      .def("set_attributes", &set_attributes, nb::arg("attributes").none())
      .def(
          "add_event",
          [](hg::Span& span, nb::str name, nb::handle attributes, std::int64_t time) {
            add_event(span, time, text_of(name.ptr()), attributes);
          },
          nb::arg("name"), nb::arg("attributes") = nb::none(), nb::arg("time") = 0)
      .def("set_ok", &hg::Span::set_ok)
      .def(
          "set_error",
          [](hg::Span& span, nb::str message) { span.set_error(text_of(message.ptr())); },
          nb::arg("message"))
      .def("end", &hg::Span::end)
      .def_prop_ro("trace_id", [](const hg::Span& span) { return span.context().trace_id_hex(); })
      .def_prop_ro("span_id", [](const hg::Span& span) { return span.context().span_id_hex(); })
      .def_prop_ro("sampled", [](const hg::Span& span) { return span.context().sampled; })
      .def_prop_ro("recording", &hg::Span::recording);
  nb::class_<hg::Tracer>(m, "Tracer")
      .def("start", &start, nb::arg("name"), nb::arg("attributes") = nb::none(),
           nb::arg("kind") = 1, nb::arg("parent_trace_id") = nb::none(),
           nb::arg("parent_span_id") = nb::none(), nb::arg("sampled") = true)
      .def("record", &record, nb::arg("span"))
      .def(
          "flush",
          [](hg::Tracer& tracer, double timeout_s) {
            finish(tracer.flush(milliseconds(timeout_s)));
          },
          nb::arg("timeout_s") = 5.0, nb::call_guard<nb::gil_scoped_release>())
      .def(
          "shutdown",
          [](hg::Tracer& tracer, double timeout_s) {
            finish(tracer.shutdown(milliseconds(timeout_s)));
          },
          nb::arg("timeout_s") = 5.0, nb::call_guard<nb::gil_scoped_release>())
      .def("stats", &stats);
  m.def("make_tracer", &make_tracer, nb::arg("service"), nb::arg("server"), nb::arg("token") = "",
        nb::arg("resource") = nb::dict(), nb::arg("export_interval_s") = 0.0,
        nb::arg("export_timeout_s") = 0.0, nb::arg("queue_bytes_max") = 0);
}
