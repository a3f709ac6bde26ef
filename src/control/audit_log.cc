#include "control/audit_log.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>
#include <openssl/sha.h>

#include "base/json_writer.h"
#include "base/strings.h"

namespace honeyguide::control {
namespace {

using base::Error;
using base::ErrorCode;
using base::MutexLock;
using base::Result;
using nlohmann::json;

constexpr std::size_t kHashDigits = 64;
constexpr std::string_view kSeqStart = R"({"seq":)";
constexpr std::string_view kPreviousStart = R"(,"previous":")";
constexpr std::string_view kHashStart = R"(,"hash":")";
constexpr std::string_view kLineEnd = "\"}";
constexpr std::string_view kHeadFile = "HEAD";
constexpr std::string_view kBrokenAction = "audit.chain_broken";

std::string no_hash() {
  return std::string(kHashDigits, '0');
}

std::string sha256(std::string_view text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const unsigned char byte : digest) {
    out.push_back(kDigits[byte >> 4]);
    out.push_back(kDigits[byte & 15]);
  }
  return out;
}

// The parts of a line that chain it; all else is covered by the hash.
struct Link {
  std::uint64_t seq = 0;
  std::string_view previous;
  std::string_view hash;
  std::string_view hashed;  // the bytes under the hash
};

std::optional<Link> parse_link(std::string_view line) {
  constexpr std::size_t kHashPart = kHashStart.size() + kHashDigits + kLineEnd.size();
  constexpr std::size_t kPreviousPart = kPreviousStart.size() + kHashDigits + 1;
  if (line.size() < kSeqStart.size() + kHashPart + kPreviousPart) return std::nullopt;
  if (!line.starts_with(kSeqStart) || !line.ends_with(kLineEnd)) return std::nullopt;
  Link link;
  link.hashed = line.substr(0, line.size() - kHashPart);
  const std::string_view hash = line.substr(link.hashed.size());
  const std::string_view previous = link.hashed.substr(link.hashed.size() - kPreviousPart);
  if (!hash.starts_with(kHashStart) || !previous.starts_with(kPreviousStart)) return std::nullopt;
  link.hash = hash.substr(kHashStart.size(), kHashDigits);
  link.previous = previous.substr(kPreviousStart.size(), kHashDigits);
  const std::string_view rest = line.substr(kSeqStart.size());
  const auto seq = base::parse_uint64(rest.substr(0, rest.find(',')));
  if (!seq) return std::nullopt;
  link.seq = *seq;
  return link;
}

// Follows a chain line by line and stops at the first break.
class Verifier {
 public:
  explicit Verifier(std::string_view published_head) : published_(published_head) {}

  // Called with every whole line, in order.
  void line(std::string_view text) {
    if (!chain_.ok) return;
    const std::uint64_t wanted = chain_.entries + 1;
    const auto link = parse_link(text);
    if (!link) return fail(wanted, "entry " + std::to_string(wanted) + " is no entry any more");
    if (sha256(link->hashed) != link->hash) {
      return fail(wanted, "entry " + std::to_string(wanted) + " was changed");
    }
    if (link->seq != wanted) {
      return fail(wanted, "entry " + std::to_string(wanted) + " is missing; entry " +
                              std::to_string(link->seq) + " stands in its place");
    }
    if (link->previous != head_) {
      return fail(wanted, "entry " + std::to_string(wanted) + " does not follow entry " +
                              std::to_string(wanted - 1));
    }
    head_ = link->hash;
    if (head_ == published_) published_seen_ = true;
    if (wanted == recorded_seq_) recorded_fits_ = head_ == recorded_hash_;
    chain_.entries = wanted;
  }

  void recorded(std::uint64_t seq, std::string hash) {
    recorded_seq_ = seq;
    recorded_hash_ = std::move(hash);
  }

  AuditChain finish(std::uint64_t torn_bytes) {
    chain_.torn_bytes = torn_bytes;
    chain_.head = head_;
    if (!chain_.ok) return chain_;
    if (recorded_seq_ > chain_.entries) {
      fail(chain_.entries + 1, "entries " + std::to_string(chain_.entries + 1) + " to " +
                                   std::to_string(recorded_seq_) + " are missing at the end");
    } else if (recorded_seq_ > 0 && !recorded_fits_) {
      fail(recorded_seq_, "entry " + std::to_string(recorded_seq_) +
                              " is not the one that HEAD recorded: the chain was rewritten");
    } else if (!published_.empty() && !published_seen_) {
      fail(1, "no entry has the published hash: the chain was rewritten");
    }
    return chain_;
  }

 private:
  void fail(std::uint64_t seq, std::string problem) {
    chain_.ok = false;
    chain_.broken_seq = seq;
    chain_.problem = std::move(problem);
  }

  AuditChain chain_;
  std::string head_ = no_hash();
  const std::string published_;
  bool published_seen_ = false;
  std::uint64_t recorded_seq_ = 0;
  std::string recorded_hash_;
  bool recorded_fits_ = false;
};

// Paths of the log files, oldest first.
Result<std::vector<std::string>> log_files(base::FileSystem& fs, const std::string& directory) {
  std::vector<std::string> out;
  if (!fs.exists(directory)) return out;
  HG_ASSIGN_OR_RETURN(const auto names, fs.list(directory));
  for (const std::string& name : names) {
    if (name.starts_with("audit-") && name.ends_with(".log")) out.push_back(directory + "/" + name);
  }
  return out;
}

// Names sort by their number.
std::string log_file_path(const std::string& directory, std::uint64_t first_seq) {
  std::string digits = std::to_string(first_seq);
  digits.insert(0, digits.size() < 12 ? 12 - digits.size() : 0, '0');
  return directory + "/audit-" + digits + ".log";
}

// Calls `line` for every whole line and gives the bytes after the last one.
template <typename F>
std::string_view for_each_line(std::string_view text, F line) {
  for (;;) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return text;
    line(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
}

template <typename F>
Result<AuditChain> read_chain(base::FileSystem& fs, const std::string& directory,
                              std::string_view published_head, F each_line) {
  Verifier verifier(published_head);
  const std::string head_path = directory + "/" + std::string(kHeadFile);
  if (fs.exists(head_path)) {
    HG_ASSIGN_OR_RETURN(const std::string text, fs.read_file(head_path));
    const auto words = base::split(base::trim(text), ' ');
    const auto seq = base::parse_uint64(words.front());
    if (seq && words.size() == 2) verifier.recorded(*seq, std::string(words[1]));
  }
  HG_ASSIGN_OR_RETURN(const auto files, log_files(fs, directory));
  std::uint64_t torn = 0;
  for (const std::string& path : files) {
    HG_ASSIGN_OR_RETURN(const std::string text, fs.read_file(path));
    const std::string_view rest = for_each_line(text, [&](std::string_view line) {
      verifier.line(line);
      each_line(line);
    });
    torn = rest.size();
    // Only the newest file can have an unfinished entry; elsewhere it is damage.
    if (torn > 0 && path != files.back()) verifier.line(rest);
  }
  return verifier.finish(torn);
}

std::string bounded_value(std::string value) {
  if (value.empty()) return "null";
  if (value.size() <= kAuditValueBytesMax) return value;
  base::JsonWriter out;
  out.begin_object().field("bytes", value.size()).field("sha256", sha256(value)).end_object();
  return out.take();
}

std::string bounded_text(const std::string& text) {
  return text.size() <= kAuditTextBytesMax ? text : text.substr(0, kAuditTextBytesMax);
}

std::string write_entry(const AuditEvent& event, std::uint64_t seq, base::UnixNanos at,
                        const std::string& previous) {
  base::JsonWriter out;
  out.begin_object().field("seq", seq).key("at_unix_ns").value_as_string(at);
  out.field("tenant", event.tenant).field("actor", bounded_text(event.actor));
  out.field("action", bounded_text(event.action)).field("target", bounded_text(event.target));
  out.field("detail", bounded_text(event.detail)).field("result", bounded_text(event.result));
  out.key("before").raw(bounded_value(event.before));
  out.key("after").raw(bounded_value(event.after));
  out.field("previous", previous).end_object();
  std::string line = out.take();
  line.pop_back();  // the brace: the hash comes before it
  const std::string hash = sha256(line);
  line += std::string(kHashStart) + hash + std::string(kLineEnd);
  return line;
}

std::optional<AuditEntry> parse_entry(std::string_view line) {
  const json object = json::parse(line, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  const auto text = [&](const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const auto number = [&](const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
  };
  AuditEntry entry;
  entry.seq = number("seq");
  entry.at = base::parse_int64(text("at_unix_ns")).value_or(0);
  entry.hash = text("hash");
  entry.event.tenant = static_cast<store::TenantId>(number("tenant"));
  entry.event.actor = text("actor");
  entry.event.action = text("action");
  entry.event.target = text("target");
  entry.event.detail = text("detail");
  entry.event.result = text("result");
  entry.event.before = object.value("before", json()).dump();
  entry.event.after = object.value("after", json()).dump();
  return entry;
}

bool fits(const AuditEntry& entry, const AuditFilter& filter) {
  return entry.event.tenant == filter.tenant && entry.seq < filter.before_seq &&
         entry.at >= filter.begin && entry.at < filter.end &&
         (filter.actor.empty() || entry.event.actor == filter.actor);
}

// Adds the line's entry if it fits; true once the page is full.
bool add_to_page(AuditPage& page, std::string_view line, const AuditFilter& filter) {
  auto entry = parse_entry(line);
  if (!entry || !fits(*entry, filter)) return false;
  if (page.entries.size() >= filter.limit) {
    page.more = true;
    return true;
  }
  page.entries.push_back(*std::move(entry));
  return false;
}

}  // namespace

Result<AuditChain> verify_audit(base::FileSystem& fs, const std::string& directory,
                                std::string_view published_head) {
  return read_chain(fs, directory, published_head, [](std::string_view) {});
}

Result<std::unique_ptr<AuditLog>> AuditLog::open(base::FileSystem& fs, const std::string& directory,
                                                 const base::Clock& clock) {
  HG_RETURN_IF_ERROR(fs.create_directories(directory));
  std::unique_ptr<AuditLog> log(new AuditLog(fs, directory, clock));
  MutexLock lock(log->mutex_);
  HG_RETURN_IF_ERROR(log->load());
  return log;
}

void AuditLog::remember(std::string line) {
  if (const auto entry = parse_entry(line); entry && actors_.size() < kAuditActorsMax) {
    actors_.emplace(entry->event.tenant, entry->event.actor);
  }
  recent_.push_back(std::move(line));
  if (recent_.size() > kAuditRecentMax) recent_.pop_front();
}

Result<void> AuditLog::load() {
  previous_ = no_hash();
  std::uint64_t last_seq = 0;
  HG_ASSIGN_OR_RETURN(chain_, read_chain(fs_, directory_, {}, [&](std::string_view line) {
                        // Goes on from what the last line says of itself, also after a break.
                        const auto link = parse_link(line);
                        last_seq = link ? link->seq : last_seq + 1;
                        previous_ = link ? std::string(link->hash) : sha256(line);
                        remember(std::string(line));
                      }));
  chain_.verified = clock_.now();
  next_seq_ = std::max(last_seq, chain_.entries) + 1;
  HG_ASSIGN_OR_RETURN(const auto files, log_files(fs_, directory_));
  file_path_ = files.empty() ? log_file_path(directory_, next_seq_) : files.back();
  HG_RETURN_IF_ERROR(open_file());
  if (chain_.torn_bytes > 0) {
    AuditEvent event{0, "server", "audit.recovered", "", "", "ok", "null", "null"};
    event.detail = "an unfinished entry of " + std::to_string(chain_.torn_bytes) +
                   " bytes at the end was dropped";
    HG_ASSIGN_OR_RETURN(const AuditEntry noted, append_locked(std::move(event)));
    chain_.torn_bytes = 0;
  }
  if (!chain_.ok) {
    const auto last = recent_.empty() ? std::nullopt : parse_entry(recent_.back());
    if (last && last->event.action == kBrokenAction) return {};
    HG_ASSIGN_OR_RETURN(const AuditEntry noted,
                        append_locked({0, "server", std::string(kBrokenAction), "", chain_.problem,
                                       "failed", "null", "null"}));
  }
  return {};
}

Result<void> AuditLog::open_file() {
  HG_ASSIGN_OR_RETURN(auto file, fs_.open_append(file_path_));
  HG_ASSIGN_OR_RETURN(const std::string text, fs_.read_file(file_path_));
  const std::uint64_t good_bytes = text.size() - for_each_line(text, [](auto) {}).size();
  if (good_bytes != text.size()) {
    HG_RETURN_IF_ERROR(file->truncate(good_bytes));
    HG_RETURN_IF_ERROR(file->sync());
  }
  HG_RETURN_IF_ERROR(fs_.sync_directory(directory_));
  file_ = std::move(file);
  good_bytes_ = good_bytes;
  return {};
}

Result<void> AuditLog::write_line(const std::string& line) {
  // An earlier append that failed may have left a part of its entry.
  if (file_->size_bytes() != good_bytes_) HG_RETURN_IF_ERROR(file_->truncate(good_bytes_));
  if (good_bytes_ > 0 && good_bytes_ + line.size() + 1 > kAuditFileBytesMax) {
    file_path_ = log_file_path(directory_, next_seq_);
    HG_RETURN_IF_ERROR(open_file());
  }
  HG_RETURN_IF_ERROR(file_->append(line + "\n"));
  HG_RETURN_IF_ERROR(file_->sync());
  good_bytes_ += line.size() + 1;
  return {};
}

Result<AuditEntry> AuditLog::append_locked(AuditEvent event) {
  const base::UnixNanos now = clock_.now();
  std::string line = write_entry(event, next_seq_, now, previous_);
  HG_RETURN_IF_ERROR(write_line(line));
  const auto link = parse_link(line);
  HG_CHECK(link.has_value());
  AuditEntry entry{std::move(event), next_seq_, now, std::string(link->hash)};
  previous_ = entry.hash;
  ++next_seq_;
  if (chain_.ok) {
    chain_.entries = entry.seq;
    chain_.head = entry.hash;
  }
  remember(std::move(line));
  HG_RETURN_IF_ERROR(fs_.write_file_atomic(directory_ + "/" + std::string(kHeadFile),
                                           std::to_string(entry.seq) + " " + entry.hash + "\n"));
  return entry;
}

Result<AuditEntry> AuditLog::append(AuditEvent event) {
  MutexLock lock(mutex_);
  return append_locked(std::move(event));
}

Result<AuditPage> AuditLog::list(const AuditFilter& filter) {
  MutexLock lock(mutex_);
  AuditPage page;
  for (auto line = recent_.rbegin(); line != recent_.rend(); ++line) {
    if (add_to_page(page, *line, filter)) return page;
  }
  if (recent_.size() < kAuditRecentMax) return page;
  // Older ones, from their files; the recent ones were looked at above.
  AuditFilter older = filter;
  const auto oldest = parse_link(recent_.front());
  if (oldest) older.before_seq = std::min(older.before_seq, oldest->seq);
  HG_ASSIGN_OR_RETURN(const auto files, log_files(fs_, directory_));
  for (auto path = files.rbegin(); path != files.rend(); ++path) {
    HG_ASSIGN_OR_RETURN(const std::string text, fs_.read_file(*path));
    std::vector<std::string_view> lines;
    for_each_line(text, [&](std::string_view line) { lines.push_back(line); });
    for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
      const auto link = parse_link(*line);
      if (link && link->seq >= older.before_seq) continue;
      if (add_to_page(page, *line, older)) return page;
    }
  }
  return page;
}

std::vector<std::string> AuditLog::actors(store::TenantId tenant) {
  MutexLock lock(mutex_);
  std::vector<std::string> out;
  for (const auto& [of, actor] : actors_) {
    if (of == tenant) out.push_back(actor);
  }
  return out;
}

AuditChain AuditLog::chain() {
  MutexLock lock(mutex_);
  return chain_;
}

Result<AuditChain> AuditLog::verify() {
  MutexLock lock(mutex_);
  HG_ASSIGN_OR_RETURN(chain_, read_chain(fs_, directory_, {}, [](std::string_view) {}));
  chain_.verified = clock_.now();
  return chain_;
}

}  // namespace honeyguide::control
