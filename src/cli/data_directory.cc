#include "cli/data_directory.h"

#include "base/strings.h"
#include "server/tokens.h"

namespace honeyguide::cli {
namespace {

std::string token_path(const std::string& directory) {
  return directory + "/token";
}
std::string marker_path(const std::string& directory) {
  return directory + "/PURGEABLE";
}

}  // namespace

base::Result<DataDirectory> DataDirectory::open(base::FileSystem& fs, const std::string& path,
                                                bool allow_purge) {
  const bool fresh = !fs.exists(path);
  if (const auto made = fs.create_directories(path); !made) {
    return base::with_context(made.error(), "data directory " + path);
  }
  if (fs.exists(path + "/SNAPSHOT.partial")) {
    return base::Error{base::ErrorCode::kDataLoss,
                       path + " is a snapshot that was not finished; take another one"};
  }
  DataDirectory out;
  out.path_ = path;
  auto lock = fs.lock(path + "/LOCK");
  if (!lock) {
    if (lock.error().code != base::ErrorCode::kAlreadyExists) return std::move(lock).error();
    return base::Error{lock.error().code,
                       lock.error().message +
                           "; one data directory serves one process: stop the other, or give "
                           "--data another directory"};
  }
  out.lock_ = std::move(lock).value();
  if (fresh && allow_purge) HG_RETURN_IF_ERROR(fs.write_file_atomic(marker_path(path), ""));
  out.may_purge_ = fs.exists(marker_path(path));
  if (!fs.exists(token_path(path))) {
    HG_RETURN_IF_ERROR(fs.write_file_atomic(token_path(path), server::make_token() + "\n"));
  }
  HG_ASSIGN_OR_RETURN(out.operator_token_, read_operator_token(fs, path));
  return out;
}

base::Result<std::string> read_operator_token(base::FileSystem& fs, const std::string& path) {
  auto text = fs.read_file(token_path(path));
  if (!text) return base::with_context(text.error(), "the operator token");
  std::string token(base::trim(*text));
  if (token.empty()) {
    return base::Error{base::ErrorCode::kDataLoss,
                       token_path(path) + " is empty; remove it and start again for a new token"};
  }
  return token;
}

}  // namespace honeyguide::cli
