// Brings a directory back to a published state: finishes file changes, reads the indexes (rebuilds
// damaged ones from their blocks), scans the young files and cuts the torn tail of the last.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "store/segment/index_file.h"
#include "store/segment/record.h"
#include "store/segment/state.h"

namespace honeyguide::store::segment {

class Recovery {
 public:
  explicit Recovery(StoreState& state) : state_(state) {}

  // Fills `state`; the directory is locked. `rebuild` makes every index file anew.
  base::Result<void> run(bool rebuild);
  std::uint64_t rebuilt_count() const { return rebuilt_count_; }

 private:
  base::Result<void> load_partitions(bool rebuild);
  base::Result<void> load_partition(TenantId tenant, FileClass file_class,
                                    const std::string& directory, bool rebuild);
  base::Result<void> load_settled(const std::shared_ptr<SettledFile>& file, bool rebuild);
  base::Result<void> rebuild_index(SettledFile& file);
  base::Result<void> load_young();
  base::Result<void> scan_young(const std::shared_ptr<YoungFile>& file, bool is_last);
  base::Result<void> load_sequence();
  void publish(const std::shared_ptr<SettledFile>& file, const SettledIndex& index);
  // Calls visit(record, offset) for each good record and counts the damaged places between.
  // A read that fails is no damage: it ends the recovery, and a later one may succeed.
  static base::Result<void> each_record(
      const base::ReadableFile& file, std::uint64_t size, std::uint64_t& damaged,
      const std::function<void(RecordRead, std::uint64_t)>& visit);
  void note_damage(const std::string& path, std::uint64_t records);
  void add_record(YoungFile& file, const RecordRead& read, std::uint64_t offset);

  StoreState& state_;
  std::uint64_t rebuilt_count_ = 0;
};

}  // namespace honeyguide::store::segment
