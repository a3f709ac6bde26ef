#include "server/self_metrics.h"

#include "base/strings.h"

namespace honeyguide::server {
namespace {

void append_escaped(std::string& out, std::string_view text, bool in_quotes) {
  for (const char c : text) {
    if (c == '\\' || (in_quotes && c == '"')) out.push_back('\\');
    if (c == '\n') {
      out += "\\n";
    } else {
      out.push_back(c);
    }
  }
}

}  // namespace

void MetricsPage::family(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  out_ += "# HELP " + name_ + " ";
  append_escaped(out_, help, false);
  out_ += "\n# TYPE " + name_ + " " + std::string(type) + "\n";
}

void MetricsPage::sample(double value, const LabelPairs& labels) {
  sample_of(name_, value, labels);
}

void MetricsPage::sample_of(std::string_view name, double value, const LabelPairs& labels) {
  out_ += name;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    out_ += i == 0 ? "{" : ",";
    out_ += std::string(labels[i].first) + "=\"";
    append_escaped(out_, labels[i].second, true);
    out_ += "\"";
  }
  if (!labels.empty()) out_ += "}";
  out_ += " " + base::format_double(value) + "\n";
}

}  // namespace honeyguide::server
