// Values files (.hgv): large values of one settled file, each compressed alone, equal ones once.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/file_system.h"
#include "base/result.h"
#include "store/segment/attribute_writer.h"

namespace honeyguide::store::segment {

class ValuesFileWriter final : public LargeValueSink {
 public:
  // Known values kept to find equal ones; beyond, values may be stored again.
  static constexpr std::size_t kKnownMax = 200'000;

  ValuesFileWriter(base::FileSystem& fs, std::string path, std::uint64_t number)
      : fs_(fs), path_(std::move(path)), number_(number) {}

  // Creates the file at the first value. Errors are kept for finish().
  LargeRef store(std::string_view raw) override;
  // Durable from here on. Gives the bytes written, 0 if there is no file.
  base::Result<std::uint64_t> finish();

 private:
  base::Result<void> flush();

  base::FileSystem& fs_;
  const std::string path_;
  const std::uint64_t number_;
  std::unique_ptr<base::WritableFile> file_;
  std::string buffer_;
  std::uint64_t size_ = 0;
  std::unordered_map<std::uint64_t, LargeRef> known_;
  base::Result<void> status_;
};

}  // namespace honeyguide::store::segment
