#include "cli/cmd_top.h"

#include <algorithm>
#include <csignal>
#include <ostream>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/strings.h"
#include "cli/api_client.h"
#include "cli/flags.h"
#include "cli/team_tables.h"

namespace honeyguide::cli {
namespace {

using nlohmann::json;

constexpr const char* kEnterScreen = "\x1b[?1049h\x1b[?25l";
constexpr const char* kLeaveScreen = "\x1b[?25h\x1b[?1049l";
constexpr const char* kHome = "\x1b[H";
constexpr const char* kClearToEndOfLine = "\x1b[K";
constexpr std::size_t kColumns = 100;  // of a terminal that does not tell
constexpr std::size_t kRows = 40;
constexpr std::int64_t kIntervalMinNs = base::kNanosPerSecond / 5;

json read_state(ApiClient& client, std::int64_t since_ns) {
  const std::string start = std::to_string(base::SystemClock().now() - since_ns);
  json state = json::object();
  for (const char* name : {"overview", "agents", "dependencies", "conflicts", "topology"}) {
    std::string path = std::string("/api/v1/") + name;
    add_query(path, "start", start);
    if (path.find("/conflicts") != std::string::npos) add_query(path, "state", "open");
    auto answer = client.get_json(path);
    if (!answer) {
      state["error"] = answer.error().message;
      return state;
    }
    state[name] = std::move(*answer);
  }
  return state;
}

std::string card_text(const json& overview, const char* name,
                      std::string (*text)(const json&, const char*)) {
  const json cards = overview.value("cards", json::object());
  const auto card = cards.find(name);
  return card == cards.end() ? "-" : text(*card, "value");
}

// Lines of a screen; what does not fit is left out.
class Screen {
 public:
  Screen(std::size_t columns, std::size_t rows) : columns_(columns), rows_(rows) {}

  std::size_t left() const { return rows_ - lines_.size(); }
  void line(const std::string& text) {
    if (left() > 0) lines_.push_back(clipped(base::strip_control(text), columns_));
  }
  // A table with a blank line before it, at most `rows` rows.
  void table(const TextTable& table, std::size_t rows) {
    if (table.empty() || left() < 3) return;
    line("");
    const std::string text = table.text(columns_, std::min(rows, left() - 1));
    for (const std::string_view row : base::split(text, '\n')) {
      if (!row.empty()) line(std::string(row));
    }
  }
  std::string text() const {
    std::string out;
    for (std::size_t row = 0; row < rows_; ++row) {
      if (row < lines_.size()) out += lines_[row];
      out += kClearToEndOfLine;
      if (row + 1 < rows_) out += "\n";
    }
    return out;
  }
  std::string plain() const {
    std::string out;
    for (const std::string& line : lines_) out += line + "\n";
    return out;
  }

 private:
  const std::size_t columns_;
  const std::size_t rows_;
  std::vector<std::string> lines_;
};

void fill(Screen& screen, const json& state) {
  if (state.contains("error")) {
    screen.line("honeyguide top: " + word(state, "error"));
    return;
  }
  const json& overview = state.at("overview");
  const json health = overview.value("health", json::object());
  screen.line("honeyguide   health " + word(health, "status") + " " + number_text(health, "score") +
              "   tasks/h " + card_text(overview, "throughput", number_text) + "   success " +
              card_text(overview, "success", ratio_text) + "   $/h " +
              card_text(overview, "cost", usd_text) + "   tokens/h " +
              card_text(overview, "tokens", number_text));
  const json attention = overview.value("attention", json::object());
  for (const json& alert : attention.value("items", json::array())) {
    const json sentence = alert.value("sentence", json::object());
    screen.line("! " + word(alert, "severity") + ": " + word(sentence, "text"));
  }
  const std::size_t half = std::max<std::size_t>(4, screen.left() / 2);
  screen.table(agents_table(state.at("agents")), half);
  screen.table(waits_table(state.at("dependencies")), 4);
  screen.table(conflicts_table(state.at("conflicts")), 4);
  screen.table(edges_table(state.at("topology")), screen.left());
}

// The terminal in a mode where keys come at once; as it was before when this ends.
class Terminal {
 public:
  explicit Terminal(std::ostream& out) : out_(out) {
    keys_ = ::tcgetattr(STDIN_FILENO, &before_) == 0;
    if (keys_) {
      termios now = before_;
      now.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
      ::tcsetattr(STDIN_FILENO, TCSANOW, &now);
    }
    out_ << kEnterScreen << std::flush;
  }
  ~Terminal() {
    out_ << kLeaveScreen << std::flush;
    if (keys_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  bool has_keys() const { return keys_; }
  static void size(std::size_t* columns, std::size_t* rows) {
    winsize size{};
    const bool told = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
    *columns = told && size.ws_col > 0 ? size.ws_col : kColumns;
    *rows = told && size.ws_row > 0 ? size.ws_row : kRows;
  }

 private:
  std::ostream& out_;
  termios before_{};
  bool keys_ = false;
};

// Waits for `ns`, a key or a signal; true if top should end ('q', end of input, SIGINT, SIGTERM).
bool wait_for_end(int signals, bool keys, std::int64_t ns) {
  pollfd watched[2] = {{signals, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
  if (::poll(watched, keys ? 2 : 1, static_cast<int>(ns / 1'000'000)) <= 0) return false;
  if (watched[0].revents != 0) {
    signalfd_siginfo info{};
    if (::read(signals, &info, sizeof info) != sizeof info) return true;
    return info.ssi_signo != SIGWINCH;  // another size: draw again
  }
  char key = 0;
  return ::read(STDIN_FILENO, &key, 1) <= 0 || key == 'q' || key == 'Q';
}

int watch(ApiClient& client, std::int64_t since_ns, std::int64_t interval_ns, int signals,
          CommandIo& io) {
  Terminal terminal(io.out);
  for (;;) {
    const json state = read_state(client, since_ns);
    std::size_t columns = 0;
    std::size_t rows = 0;
    Terminal::size(&columns, &rows);
    io.out << kHome << top_screen(state, columns, rows) << std::flush;
    if (wait_for_end(signals, terminal.has_keys(), interval_ns)) return kExitOk;
  }
}

}  // namespace

std::string top_screen(const json& state, std::size_t columns, std::size_t rows) {
  Screen screen(columns, rows);
  fill(screen, state);
  return screen.text();
}

int run_top(const std::vector<std::string>& args, CommandIo& io) {
  ApiFlags api;
  std::int64_t interval_ns = 2 * base::kNanosPerSecond;
  std::int64_t since_ns = base::kNanosPerHour;
  bool once = false;
  Flags flags("top", "Show what agents do now, refreshed; 'q' ends it");
  flags.duration("--interval", interval_ns, "Time between two refreshes, at least 200ms");
  flags.duration("--since", since_ns, "Figures over this time before now");
  flags.flag("--once", once, "Print one screen and end, as where the output is no terminal");
  api.add_to(flags);
  if (const auto code = flags.parse(args, io)) return *code;
  // Blocked before any thread starts: these signals are read, not handled.
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGWINCH}) sigaddset(&set, signal);
  const bool live = io.out_is_terminal && !once && api.output != "json";
  if (live) pthread_sigmask(SIG_BLOCK, &set, nullptr);
  auto client = ApiClient::create(api);
  if (!client) return report(io, "top", client.error());
  if (live) {
    const int signals = ::signalfd(-1, &set, SFD_CLOEXEC);
    const int code = watch(*client, since_ns, std::max(interval_ns, kIntervalMinNs), signals, io);
    ::close(signals);
    return code;
  }
  const json state = read_state(*client, since_ns);
  if (state.contains("error")) {
    return report(io, "top", {base::ErrorCode::kUnavailable, word(state, "error")});
  }
  if (api.output == "json") {
    io.out << state.dump() << "\n";
    return kExitOk;
  }
  Screen screen(kColumns, kRows);
  fill(screen, state);
  io.out << screen.plain();
  return kExitOk;
}

}  // namespace honeyguide::cli
