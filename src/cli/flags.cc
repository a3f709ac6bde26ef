#include "cli/flags.h"

#include <ostream>

#include <CLI/CLI.hpp>

#include "base/strings.h"

namespace honeyguide::cli {
namespace {

struct SizeUnit {
  const char* name;
  double bytes;
};
constexpr SizeUnit kSizeUnits[] = {
    {"KIB", 1024.0}, {"MIB", 1048576.0}, {"GIB", 1073741824.0}, {"TIB", 1099511627776.0},
    {"KB", 1e3},     {"MB", 1e6},        {"GB", 1e9},           {"TB", 1e12},
    {"K", 1024.0},   {"M", 1048576.0},   {"G", 1073741824.0},   {"B", 1.0},
};

std::string size_text(std::int64_t bytes) {
  if (bytes >= 1'000'000'000 && bytes % 1'000'000'000 == 0) {
    return std::to_string(bytes / 1'000'000'000) + "GB";
  }
  if (bytes >= 1'000'000 && bytes % 1'000'000 == 0) return std::to_string(bytes / 1'000'000) + "MB";
  return std::to_string(bytes);
}

}  // namespace

struct Flags::Impl {
  CLI::App app;
  Impl(const std::string& description, const std::string& command)
      : app(description, "honeyguide " + command) {}
};

Flags::Flags(const std::string& command, const std::string& description)
    : impl_(std::make_unique<Impl>(description, command)) {
  impl_->app.get_formatter()->column_width(34);
}
Flags::~Flags() = default;

void Flags::text(const std::string& name, std::string& value, const std::string& help) {
  auto* option = impl_->app.add_option(name, value, help)->type_name("TEXT");
  if (!value.empty()) option->capture_default_str();
}

void Flags::texts(const std::string& name, std::vector<std::string>& values,
                  const std::string& help) {
  impl_->app.add_option(name, values, help)->type_name("TEXT")->allow_extra_args(false);
}

void Flags::flag(const std::string& name, bool& value, const std::string& help) {
  impl_->app.add_flag(name, value, help);
}

void Flags::integer(const std::string& name, std::int64_t& value, const std::string& help) {
  impl_->app.add_option(name, value, help)->type_name("N")->capture_default_str();
}

void Flags::real(const std::string& name, double& value, const std::string& help) {
  impl_->app.add_option(name, value, help)->type_name("X")->capture_default_str();
}

void Flags::duration(const std::string& name, std::int64_t& value_ns, const std::string& help) {
  impl_->app
      .add_option_function<std::string>(
          name,
          [&value_ns, name](const std::string& text) {
            const auto parsed = base::parse_duration_ns(text);
            if (!parsed) {
              throw CLI::ValidationError(name,
                                         "'" + text + "' is no duration; write 30s, 5m or 24h");
            }
            value_ns = *parsed;
          },
          help)
      ->type_name("DURATION")
      ->default_str(base::format_duration_ns(value_ns));
}

void Flags::size(const std::string& name, std::int64_t& value_bytes, const std::string& help) {
  impl_->app
      .add_option_function<std::string>(
          name,
          [&value_bytes, name](const std::string& text) {
            const auto parsed = parse_size(text);
            if (!parsed) {
              throw CLI::ValidationError(name, "'" + text + "' is no size; write 192MB or 4GiB");
            }
            value_bytes = *parsed;
          },
          help)
      ->type_name("SIZE")
      ->default_str(size_text(value_bytes));
}

void Flags::choice(const std::string& name, std::string& value,
                   const std::vector<std::string>& choices, const std::string& help) {
  impl_->app.add_option(name, value, help)->check(CLI::IsMember(choices))->capture_default_str();
}

void Flags::positional(const std::string& name, std::string& value, const std::string& help,
                       bool required) {
  impl_->app.add_option(name, value, help)->required(required)->type_name("");
}

void Flags::positionals(const std::string& name, std::vector<std::string>& values,
                        const std::string& help, bool required) {
  impl_->app.add_option(name, values, help)->required(required)->type_name("");
}

void Flags::footer(const std::string& text) {
  impl_->app.footer("\n" + text);
}

bool Flags::given(const std::string& name) const {
  return impl_->app.count(name) > 0;
}

std::optional<int> Flags::parse(const std::vector<std::string>& args, CommandIo& io) {
  std::vector<std::string> reversed(args.rbegin(), args.rend());  // CLI11 takes words from the back
  try {
    impl_->app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    io.out << impl_->app.help();
    return kExitOk;
  } catch (const CLI::ParseError& error) {
    io.err << impl_->app.get_name() << ": " << error.what() << "\nRun '" << impl_->app.get_name()
           << " --help' for the flags.\n";
    return kExitUsage;
  }
  return std::nullopt;
}

std::optional<std::int64_t> parse_size(const std::string& text) {
  const std::size_t digits = text.find_first_not_of("0123456789.");
  const auto number = base::parse_double(text.substr(0, digits));
  if (!number || *number < 0) return std::nullopt;
  if (digits == std::string::npos) return static_cast<std::int64_t>(*number);
  std::string unit(base::trim(text.substr(digits)));
  for (char& c : unit) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  for (const SizeUnit& candidate : kSizeUnits) {
    if (unit == candidate.name && *number * candidate.bytes < 9e18) {
      return static_cast<std::int64_t>(*number * candidate.bytes);
    }
  }
  return std::nullopt;
}

}  // namespace honeyguide::cli
