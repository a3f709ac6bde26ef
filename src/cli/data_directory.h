// The server's data directory: one process at a time, its operator token, its purge marker.
#pragma once

#include <memory>
#include <string>

#include "base/file_system.h"
#include "base/result.h"

namespace honeyguide::cli {

class DataDirectory {
 public:
  // Creates the directory if missing and takes its lock. kAlreadyExists: another process has it;
  // the message names it. `allow_purge` marks a directory that is created by this call.
  static base::Result<DataDirectory> open(base::FileSystem& fs, const std::string& path,
                                          bool allow_purge);

  const std::string& path() const { return path_; }
  // Made at the first start, mode 0600; gives every role on this server.
  const std::string& operator_token() const { return operator_token_; }
  // The directory was created under --allow-purge.
  bool may_purge() const { return may_purge_; }

 private:
  std::string path_;
  std::string operator_token_;
  bool may_purge_ = false;
  std::unique_ptr<base::FileLock> lock_;
};

// The operator token of a directory, without taking its lock: for commands beside a running server.
base::Result<std::string> read_operator_token(base::FileSystem& fs, const std::string& path);

}  // namespace honeyguide::cli
