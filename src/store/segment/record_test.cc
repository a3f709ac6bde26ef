// Proves that the first release's files are read for ever: a data directory of format version 1 is
// kept under tests/golden/store_v1 and read back, and today's writer makes the same bytes of the
// same input. HG_UPDATE_GOLDEN=1 writes it anew: only for a new format version.
#include "store/segment/record.h"

#include <cstdlib>

#include <gtest/gtest.h>

#include "base/hash.h"
#include "store/segment/test_store.h"

namespace honeyguide::store::segment {
namespace {

const std::string kGolden = "tests/golden/store_v1";

// A store with every kind of file: two tenants, logs, large values, young and settled data, a
// deletion that waits for its rewrite.
void fill(TestStore& t) {
  for (int i = 0; i < 3; ++i) {
    for (TenantId tenant = 0; tenant < 2; ++tenant) {
      AppendRequest request{
          tenant, t.spans(60), t.data.logs(10, 10, t.clock.now()), {}, t.clock.now()};
      t.store->append(std::move(request), [](base::Result<Ack> ack) { HG_CHECK(ack.has_value()); });
    }
    t.store->poll();
    if (i == 1) HG_CHECK(t.store->settle_now().has_value());
  }
  HG_CHECK(t.store->delete_trace(1, t.data.trace_id(4)).has_value());
  HG_CHECK(t.store->sync().has_value());
}

std::string answers(TestStore& t) {
  std::string out;
  for (TenantId tenant = 0; tenant < 2; ++tenant) {
    for (const auto& hash : t.stored(10, tenant)) {
      out += std::to_string(hash.low) + " " + std::to_string(hash.high) + "\n";
    }
    LogSearch logs;
    const auto read = t.store->search_logs(tenant, logs).value();
    for (const auto& record : read.logs->records) {
      out += record.trace_id.to_hex() + " " + std::to_string(record.effective_time()) + " " +
             telemetry::canonical_text(record.body) + "\n";
    }
  }
  return out;
}

bool is_data(const std::string& path) {
  return !path.ends_with("/LOCK") && path.find("/staging") == std::string::npos;
}

void copy_tree(base::FileSystem& from, const std::string& source, base::FileSystem& to,
               const std::string& target) {
  ASSERT_TRUE(to.create_directories(target));
  const auto names = from.list(source).value();
  for (const std::string& name : names) {
    const std::string path = source + "/" + name;
    if (from.list(path)) {
      copy_tree(from, path, to, target + "/" + name);
    } else {
      ASSERT_TRUE(to.write_file_atomic(target + "/" + name, from.read_file(path).value()));
    }
  }
}

TEST(RecordTest, AVersion1DirectoryIsReadUnaltered) {
  base::FileSystem& disk = base::posix_fs();
  if (std::getenv("HG_UPDATE_GOLDEN") != nullptr) {
    TestStore made;
    fill(made);
    ASSERT_TRUE(disk.remove_tree(kGolden));
    for (const auto& [path, bytes] : made.files()) {
      if (!is_data(path)) continue;
      const std::string target = kGolden + "/" + path;
      ASSERT_TRUE(disk.create_directories(base::directory_of(target)));
      ASSERT_TRUE(disk.write_file_atomic(target, bytes));
    }
    ASSERT_TRUE(disk.write_file_atomic(kGolden + "/answers.txt", answers(made)));
  }
  TestStore t;
  t.store.reset();
  ASSERT_TRUE(t.fs.remove_tree("data"));
  copy_tree(disk, kGolden + "/data", t.fs, "data");
  t.open();
  EXPECT_EQ(answers(t), disk.read_file(kGolden + "/answers.txt").value());
  EXPECT_EQ(t.store->stats().quarantined_records, 0u);
  // Also after everything in it was written again.
  ASSERT_TRUE(t.store->settle_now());
  EXPECT_EQ(answers(t), disk.read_file(kGolden + "/answers.txt").value());
}

TEST(RecordTest, TodaysWriterMakesTheBytesOfVersion1) {
  TestStore t;
  fill(t);
  std::size_t compared = 0;
  for (const auto& [path, bytes] : t.files()) {
    if (!is_data(path)) continue;
    const auto golden = base::posix_fs().read_file(kGolden + "/" + path);
    ASSERT_TRUE(golden) << path;
    // Another release of zstd may choose other bytes for the same text; the structure stays.
    EXPECT_EQ(base::hash64(bytes), base::hash64(*golden)) << path;
    ++compared;
  }
  EXPECT_GE(compared, 6u);
}

TEST(RecordTest, AnUnknownVersionIsNotRead) {
  std::string header;
  put_file_header(header, {});
  FileHeader read;
  ASSERT_TRUE(parse_file_header(header, read));
  header[4] = static_cast<char>(kFileVersion + 1);
  EXPECT_FALSE(parse_file_header(header, read));
  std::string record;
  RecordHeader head;
  head.rows = 1;
  put_record(record, head, "body");
  ASSERT_TRUE(parse_record_header(record, head));
  record[5] = static_cast<char>(kRecordVersion + 1);
  EXPECT_FALSE(parse_record_header(record, head));
}

}  // namespace
}  // namespace honeyguide::store::segment
