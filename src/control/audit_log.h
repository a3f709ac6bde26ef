// AuditLog: who did what, when, with what result, before and after; append-only, each entry chained
// to the one before by SHA-256.
//
// Files `audit-FIRSTSEQ.log` in one directory, one JSON object a line, readable by every tool:
//   {"seq":7,"at_unix_ns":"…",…,"previous":"<hash of entry 6>","hash":"<SHA-256 of this line up to
//   the comma before "hash">"}
// The first entry's previous is 64 zeros. `HEAD` holds "SEQ HASH" of the newest entry, so that
// entries cut from the end are missed. Whoever can write the directory can still rewrite all of it:
// compare with a hash that was published elsewhere (/metrics shows it).
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/file_system.h"
#include "base/mutex.h"
#include "base/result.h"
#include "store/trace_store.h"

namespace honeyguide::control {

inline constexpr std::uint64_t kAuditFileBytesMax = 16u << 20;  // then the next file begins
// A `before` or `after` above it is replaced by its size and SHA-256.
inline constexpr std::size_t kAuditValueBytesMax = 16u << 10;
inline constexpr std::size_t kAuditTextBytesMax = 1000;  // of each other field; longer ones are cut
inline constexpr std::size_t kAuditRecentMax = 2000;     // entries that list() finds without files
inline constexpr std::size_t kAuditActorsMax = 200;      // names offered for filtering

struct AuditEvent {
  store::TenantId tenant = 0;
  std::string actor;   // a principal's name, "rule NAME", "policy NAME", "server"
  std::string action;  // "directive.pause", "mitigation.approve"
  std::string target;  // agent, action id, receiver
  std::string detail;
  std::string result = "ok";
  std::string before = "null";  // JSON
  std::string after = "null";   // JSON
};

struct AuditEntry {
  AuditEvent event;
  std::uint64_t seq = 0;
  base::UnixNanos at = 0;
  std::string hash;
};

struct AuditChain {
  bool ok = true;
  std::uint64_t broken_seq = 0;  // the first entry that is not what it was; 0: none
  std::string problem;           // in words; empty if ok
  std::uint64_t entries = 0;     // good ones before the break
  std::string head;              // hash of the last of them
  std::uint64_t torn_bytes = 0;  // an entry at the end that was never finished, so never answered
  base::UnixNanos verified = 0;
};

// Reads all files of the directory. `published_head`: a hash noted earlier that some entry must
// have; empty: none. An empty or missing directory is a chain of 0 entries. Errors: files that
// cannot be read.
base::Result<AuditChain> verify_audit(base::FileSystem& fs, const std::string& directory,
                                      std::string_view published_head = {});

struct AuditFilter {
  store::TenantId tenant = 0;
  std::string actor;  // empty: all
  base::UnixNanos begin = 0;
  base::UnixNanos end = INT64_MAX;
  std::uint64_t before_seq = UINT64_MAX;  // for going on: entries below it
  std::size_t limit = 100;
};
struct AuditPage {
  std::vector<AuditEntry> entries;  // newest first
  bool more = false;
};

// Thread-safe.
class AuditLog {
 public:
  // Verifies the chain and drops an unfinished last entry (which it notes as an entry). A broken
  // chain is no error: it is reported by chain() for good, and new entries follow. `fs` and `clock`
  // must outlive the log.
  static base::Result<std::unique_ptr<AuditLog>> open(base::FileSystem& fs,
                                                      const std::string& directory,
                                                      const base::Clock& clock);

  // On disk when it returns. After an error nothing was promised, and the next append repairs the
  // end of the file.
  base::Result<AuditEntry> append(AuditEvent event);

  base::Result<AuditPage> list(const AuditFilter& filter);
  // Of the tenant, sorted; at most kAuditActorsMax.
  std::vector<std::string> actors(store::TenantId tenant);
  // As verified at open() or by the last verify(), with the entries since.
  AuditChain chain();
  base::Result<AuditChain> verify();

 private:
  AuditLog(base::FileSystem& fs, std::string directory, const base::Clock& clock)
      : fs_(fs), directory_(std::move(directory)), clock_(clock) {}
  base::Result<void> load() HG_REQUIRES(mutex_);
  base::Result<void> open_file() HG_REQUIRES(mutex_);
  base::Result<AuditEntry> append_locked(AuditEvent event) HG_REQUIRES(mutex_);
  base::Result<void> write_line(const std::string& line) HG_REQUIRES(mutex_);
  void remember(std::string line) HG_REQUIRES(mutex_);

  base::FileSystem& fs_;
  const std::string directory_;
  const base::Clock& clock_;
  base::Mutex mutex_;
  AuditChain chain_ HG_GUARDED_BY(mutex_);
  std::uint64_t next_seq_ HG_GUARDED_BY(mutex_) = 1;
  std::string previous_ HG_GUARDED_BY(mutex_);
  std::string file_path_ HG_GUARDED_BY(mutex_);
  std::unique_ptr<base::WritableFile> file_ HG_GUARDED_BY(mutex_);
  std::uint64_t good_bytes_ HG_GUARDED_BY(mutex_) = 0;  // of file_, up to the last whole entry
  std::deque<std::string> recent_ HG_GUARDED_BY(mutex_);
  std::set<std::pair<store::TenantId, std::string>> actors_ HG_GUARDED_BY(mutex_);
};

}  // namespace honeyguide::control
