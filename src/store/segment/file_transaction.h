// Several file changes that happen as one: they are written down in DIR/commit-N first, then done,
// then the note is removed. After a crash a note that is there is done again (each step is
// idempotent); without a note nothing had happened.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"

namespace honeyguide::store::segment {

class FileTransaction {
 public:
  // Paths are absolute or relative like `directory` is; new files are durable already. The target's
  // folder is created.
  void rename(const std::string& from, const std::string& to);
  void remove(const std::string& path);
  bool empty() const { return steps_.empty(); }

  // Writes the note in `directory`, then finishes. After an error before the note nothing has
  // happened (kept() is false); after it the change stands: call finish() until it succeeds, and
  // touch none of its files before. The next open() would do it, too.
  base::Result<void> commit(base::FileSystem& fs, const std::string& directory,
                            std::uint64_t number);
  base::Result<void> finish(base::FileSystem& fs, const std::string& directory);
  // The note was written.
  bool kept() const { return kept_; }
  // The steps are done; the note may still be there.
  bool applied() const { return applied_; }

  // Finishes what notes in `directory` say; gives how many there were.
  static base::Result<int> recover(base::FileSystem& fs, const std::string& directory);

 private:
  struct Step {
    std::string from;  // to rename or remove
    std::string to;    // empty: remove
  };
  static base::Result<void> apply(base::FileSystem& fs, const std::vector<Step>& steps);

  std::vector<Step> steps_;
  std::string note_;  // its path
  bool kept_ = false;
  bool applied_ = false;
};

}  // namespace honeyguide::store::segment
