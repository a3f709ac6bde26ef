// Proves that the audit log names the exact entry that was changed, removed, inserted or cut off,
// and that a crash at any byte loses no entry that was acknowledged and is no false alarm.
#include "control/audit_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/faulty_fs.h"
#include "base/mem_fs.h"
#include "base/strings.h"

namespace honeyguide::control {
namespace {

constexpr const char* kDirectory = "audit";

AuditEvent event(const std::string& actor, const std::string& action) {
  return {0, actor, action, "coder-2", "détail \"quoted\"\n", "ok", R"({"state":"run"})", "null"};
}

class AuditLogTest : public testing::Test {
 protected:
  std::unique_ptr<AuditLog> open() {
    auto log = AuditLog::open(fs_, kDirectory, clock_);
    EXPECT_TRUE(log) << log.error().message;
    return std::move(log).value();
  }
  void write(int count) {
    auto log = open();
    for (int i = 0; i < count; ++i) {
      clock_.advance(base::kNanosPerSecond);
      ASSERT_TRUE(log->append(event("kim", "act." + std::to_string(i + 1))));
    }
  }
  std::string path() { return std::string(kDirectory) + "/audit-000000000001.log"; }
  std::string text() { return *fs_.read_file(path()); }
  void replace(const std::string& with) {
    ASSERT_TRUE(fs_.remove_file(path()));
    auto file = fs_.open_append(path());
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->append(with));
    ASSERT_TRUE((*file)->sync());
  }
  std::vector<std::string> lines() {
    std::vector<std::string> out;
    const std::string all = text();
    for (const auto line : base::split(base::trim(all), '\n')) out.emplace_back(line);
    return out;
  }
  void replace(const std::vector<std::string>& lines) {
    std::string all;
    for (const std::string& line : lines) all += line + "\n";
    replace(all);
  }
  AuditChain verify(std::string_view head = {}) {
    auto chain = verify_audit(fs_, kDirectory, head);
    EXPECT_TRUE(chain) << chain.error().message;
    return *chain;
  }

  base::SimClock clock_;
  base::MemFs fs_;
};

TEST_F(AuditLogTest, AnUntouchedLogVerifiesAndReadsBack) {
  write(3);
  const AuditChain chain = verify();
  EXPECT_TRUE(chain.ok) << chain.problem;
  EXPECT_EQ(chain.entries, 3u);
  auto log = open();
  const auto page = log->list({});
  ASSERT_TRUE(page);
  ASSERT_EQ(page->entries.size(), 3u);
  const AuditEntry& newest = page->entries[0];
  EXPECT_EQ(newest.seq, 3u);
  EXPECT_EQ(newest.hash, chain.head);
  EXPECT_EQ(newest.event.detail, "détail \"quoted\"\n");
  EXPECT_EQ(newest.event.before, R"({"state":"run"})");
  EXPECT_EQ(newest.at, clock_.now());
}

TEST_F(AuditLogTest, AnEmptyOrMissingDirectoryIsAnEmptyChain) {
  EXPECT_TRUE(verify().ok);
  write(0);
  EXPECT_EQ(verify().entries, 0u);
}

TEST_F(AuditLogTest, EveryChangedByteIsFoundAtItsEntry) {
  write(3);
  const std::string whole = text();
  const auto all = lines();
  std::size_t line = 0;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    if (whole[i] == '\n') {
      ++line;
      continue;
    }
    std::string changed = whole;
    changed[i] = changed[i] == '0' ? '1' : '0';
    replace(changed);
    const AuditChain chain = verify();
    ASSERT_FALSE(chain.ok) << "byte " << i;
    ASSERT_EQ(chain.broken_seq, line + 1) << "byte " << i << ": " << chain.problem;
  }
}

struct Tampering {
  const char* name;
  std::function<void(std::vector<std::string>&)> change;
  std::uint64_t broken_seq;
  const char* words;
};

TEST_F(AuditLogTest, EveryTamperingIsFoundAtItsEntry) {
  write(5);
  const auto whole = lines();
  const Tampering kCases[] = {
      {"removed in the middle", [](auto& l) { l.erase(l.begin() + 2); }, 3, "entry 3 is missing"},
      {"removed first", [](auto& l) { l.erase(l.begin()); }, 1, "entry 1 is missing"},
      {"cut off at the end", [](auto& l) { l.resize(3); }, 4, "entries 4 to 5 are missing"},
      {"all removed", [](auto& l) { l.clear(); }, 1, "entries 1 to 5 are missing"},
      {"two exchanged", [](auto& l) { std::swap(l[1], l[2]); }, 2, "entry 2 is missing"},
      {"repeated", [](auto& l) { l.insert(l.begin() + 2, l[1]); }, 3, "entry 3 is missing"},
      {"foreign line", [](auto& l) { l.insert(l.begin() + 3, "{}"); }, 4, "entry 4 is no entry"},
  };
  for (const Tampering& c : kCases) {
    SCOPED_TRACE(c.name);
    auto changed = whole;
    c.change(changed);
    replace(changed);
    const AuditChain chain = verify();
    EXPECT_FALSE(chain.ok);
    EXPECT_EQ(chain.broken_seq, c.broken_seq);
    EXPECT_THAT(chain.problem, testing::HasSubstr(c.words));
  }
}

TEST_F(AuditLogTest, ARewrittenChainIsFoundByTheRecordedAndByThePublishedHead) {
  write(3);
  const std::string published = verify().head;
  EXPECT_TRUE(verify(published).ok);
  const std::string head = *fs_.read_file(std::string(kDirectory) + "/HEAD");
  ASSERT_TRUE(fs_.remove_tree(kDirectory));
  clock_.advance(1);
  write(3);
  EXPECT_TRUE(verify().ok) << "consistent in itself";
  EXPECT_THAT(verify(published).problem, testing::HasSubstr("rewritten"));
  ASSERT_TRUE(fs_.write_file_atomic(std::string(kDirectory) + "/HEAD", head));
  EXPECT_EQ(verify().broken_seq, 3u);
}

TEST_F(AuditLogTest, AnUnfinishedLastEntryIsDroppedAndNoted) {
  write(2);
  const std::string whole = text();
  const std::string head = *fs_.read_file(std::string(kDirectory) + "/HEAD");
  write(1);
  const std::string third = text().substr(whole.size());
  for (std::size_t cut = 1; cut + 1 < third.size(); cut += 7) {
    replace(whole + third.substr(0, cut));
    // The crash came before HEAD and before the answer.
    ASSERT_TRUE(fs_.write_file_atomic(std::string(kDirectory) + "/HEAD", head));
    const AuditChain torn = verify();
    EXPECT_TRUE(torn.ok) << torn.problem;
    EXPECT_EQ(torn.torn_bytes, cut);
    auto log = open();
    EXPECT_TRUE(log->chain().ok);
    const auto page = log->list({});
    ASSERT_EQ(page->entries.size(), 3u);
    EXPECT_EQ(page->entries[0].event.action, "audit.recovered");
    EXPECT_TRUE(verify().ok);
  }
}

TEST_F(AuditLogTest, ABrokenChainIsReportedForGoodAndNewEntriesFollow) {
  write(3);
  auto changed = lines();
  changed[1].replace(changed[1].find("kim"), 3, "bob");
  replace(changed);
  for (int start = 0; start < 3; ++start) {
    auto log = open();
    EXPECT_EQ(log->chain().broken_seq, 2u);
    ASSERT_TRUE(log->append(event("kim", "later")));
  }
  EXPECT_EQ(verify().broken_seq, 2u);
  EXPECT_EQ(verify().entries, 1u);
}

TEST_F(AuditLogTest, FilesFollowOneAnotherInOneChain) {
  auto log = open();
  AuditEvent large = event("kim", "large");
  large.before = "\"" + std::string(kAuditValueBytesMax - 2, 'x') + "\"";
  const int count = static_cast<int>(kAuditFileBytesMax / kAuditValueBytesMax) + 50;
  for (int i = 0; i < count; ++i) ASSERT_TRUE(log->append(large));
  EXPECT_EQ(fs_.list(kDirectory)->size(), 3u) << "two files and HEAD";
  EXPECT_EQ(verify().entries, static_cast<std::uint64_t>(count));
  EXPECT_EQ(open()->chain().entries, static_cast<std::uint64_t>(count));
}

TEST_F(AuditLogTest, AnOversizedValueIsReplacedByItsSizeAndHash) {
  AuditEvent large = event("kim", "large");
  large.after = "\"" + std::string(kAuditValueBytesMax, 'x') + "\"";
  ASSERT_TRUE(open()->append(large));
  const auto page = open()->list({});
  EXPECT_THAT(page->entries[0].event.after, testing::HasSubstr("sha256"));
}

TEST_F(AuditLogTest, ListFiltersAndPagesAlsoBeyondWhatIsRemembered) {
  auto log = open();
  const int count = static_cast<int>(kAuditRecentMax) + 100;
  for (int i = 0; i < count; ++i) {
    ASSERT_TRUE(log->append(event(i % 100 == 0 ? "lee" : "kim", "a")));
  }
  AuditFilter filter;
  filter.actor = "lee";
  filter.limit = 5;
  std::vector<std::uint64_t> seqs;
  for (;;) {
    const auto page = log->list(filter);
    ASSERT_TRUE(page);
    for (const AuditEntry& entry : page->entries) seqs.push_back(entry.seq);
    if (!page->more) break;
    filter.before_seq = seqs.back();
  }
  ASSERT_EQ(seqs.size(), static_cast<std::size_t>(count / 100));
  EXPECT_EQ(seqs.back(), 1u);
  EXPECT_TRUE(std::is_sorted(seqs.rbegin(), seqs.rend()));
  EXPECT_THAT(log->actors(0), testing::ElementsAre("kim", "lee"));
  EXPECT_TRUE(log->actors(1).empty());
  filter.tenant = 1;
  EXPECT_TRUE(log->list(filter)->entries.empty());
}

TEST_F(AuditLogTest, FaultsAndPowerLossLoseNoAcknowledgedEntryAndRaiseNoFalseAlarm) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    base::FaultyFs fs(seed);
    std::vector<std::string> acknowledged;
    for (int life = 0; life < 5; ++life) {
      fs.set_plan({});
      auto log = AuditLog::open(fs, kDirectory, clock_);
      ASSERT_TRUE(log) << log.error().message;
      fs.set_plan({.torn_append_chance = 0.2, .failed_sync_chance = 0.2});
      for (int i = 0; i < 10; ++i) {
        const auto entry = (*log)->append(event("kim", "a"));
        if (entry) acknowledged.push_back(entry->hash);
      }
      fs.crash();
    }
    fs.set_plan({});
    auto log = AuditLog::open(fs, kDirectory, clock_);
    ASSERT_TRUE(log);
    EXPECT_TRUE((*log)->chain().ok) << (*log)->chain().problem;
    const auto page = (*log)->list({.limit = 1000});
    std::set<std::string> kept;
    for (const AuditEntry& entry : page->entries) kept.insert(entry.hash);
    ASSERT_FALSE(acknowledged.empty());
    for (const std::string& hash : acknowledged) EXPECT_TRUE(kept.contains(hash));
  }
}

TEST_F(AuditLogTest, AFullDiskFailsTheAppendAndTheNextOneGoesOn) {
  auto log = open();
  ASSERT_TRUE(log->append(event("kim", "one")));
  fs_.set_capacity_bytes(1);
  EXPECT_FALSE(log->append(event("kim", "two")));
  fs_.set_capacity_bytes(1u << 30);
  ASSERT_TRUE(log->append(event("kim", "two")));
  const AuditChain chain = verify();
  EXPECT_TRUE(chain.ok) << chain.problem;
  EXPECT_EQ(chain.entries, 2u);
}

}  // namespace
}  // namespace honeyguide::control
