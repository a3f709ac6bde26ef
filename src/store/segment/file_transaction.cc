#include "store/segment/file_transaction.h"

#include <set>

#include "base/bytes.h"
#include "base/hash.h"

namespace honeyguide::store::segment {
namespace {

constexpr std::string_view kNotePrefix = "commit-";

}  // namespace

void FileTransaction::rename(const std::string& from, const std::string& to) {
  steps_.push_back({from, to});
}

void FileTransaction::remove(const std::string& path) {
  steps_.push_back({path, ""});
}

base::Result<void> FileTransaction::commit(base::FileSystem& fs, const std::string& directory,
                                           std::uint64_t number) {
  std::string steps;
  for (const Step& step : steps_) {
    base::put_bytes(steps, step.from);
    base::put_bytes(steps, step.to);
  }
  std::string note;
  base::put_fixed(note, base::hash64(steps));
  note += steps;
  note_ = directory + "/" + std::string(kNotePrefix) + std::to_string(number);
  const auto written = fs.write_file_atomic(note_, note);
  // A note that is there counts, also if only its durability failed: the next open() reads it.
  if (!written && !fs.exists(note_)) return written;
  kept_ = true;
  return finish(fs, directory);
}

base::Result<void> FileTransaction::finish(base::FileSystem& fs, const std::string& directory) {
  if (!applied_) {
    HG_RETURN_IF_ERROR(fs.sync_directory(directory));
    HG_RETURN_IF_ERROR(apply(fs, steps_));
    applied_ = true;
  }
  if (fs.exists(note_)) HG_RETURN_IF_ERROR(fs.remove_file(note_));
  return fs.sync_directory(directory);
}

base::Result<void> FileTransaction::apply(base::FileSystem& fs, const std::vector<Step>& steps) {
  std::set<std::string> touched;
  for (const Step& step : steps) {
    if (!fs.exists(step.from)) continue;  // done before a crash
    touched.insert(base::directory_of(step.from));
    if (step.to.empty()) {
      HG_RETURN_IF_ERROR(fs.remove_file(step.from));
      continue;
    }
    HG_RETURN_IF_ERROR(fs.create_directories(base::directory_of(step.to)));
    HG_RETURN_IF_ERROR(fs.rename(step.from, step.to));
    touched.insert(base::directory_of(step.to));
  }
  for (const std::string& directory : touched) {
    HG_RETURN_IF_ERROR(fs.sync_directory(directory));
  }
  return {};
}

base::Result<int> FileTransaction::recover(base::FileSystem& fs, const std::string& directory) {
  HG_ASSIGN_OR_RETURN(const auto names, fs.list(directory));
  int count = 0;
  for (const std::string& name : names) {
    if (name.rfind(kNotePrefix, 0) != 0) continue;
    const std::string path = directory + "/" + name;
    if (name.ends_with(".tmp")) {
      HG_RETURN_IF_ERROR(fs.remove_file(path));
      continue;
    }
    HG_ASSIGN_OR_RETURN(const std::string note, fs.read_file(path));
    base::ByteReader in(note);
    const auto checksum = in.fixed<std::uint64_t>();
    if (!in.ok() || base::hash64(std::string_view(note).substr(8)) != checksum) {
      return base::Error{base::ErrorCode::kDataLoss, path + " is damaged"};
    }
    std::vector<Step> steps;
    while (in.ok() && !in.at_end()) {
      Step step;
      step.from = in.bytes();
      step.to = in.bytes();
      steps.push_back(std::move(step));
    }
    HG_RETURN_IF_ERROR(apply(fs, steps));
    HG_RETURN_IF_ERROR(fs.remove_file(path));
    ++count;
  }
  HG_RETURN_IF_ERROR(fs.sync_directory(directory));
  return count;
}

}  // namespace honeyguide::store::segment
