#include "nab/nab_data.h"

#include "base/file_system.h"
#include "detect/series_csv.h"

namespace honeyguide::bench {
namespace {

base::Error bad(const std::string& message) {
  return {base::ErrorCode::kInvalidArgument, message};
}

base::Result<void> read_rows(const std::string& path, NabFile& file) {
  HG_ASSIGN_OR_RETURN(const std::string text, base::posix_fs().read_file(path));
  detect::SeriesCsvReader reader([&](const detect::SeriesRow& row) {
    file.time_s.push_back(row.time_s);
    file.value.push_back(row.number);
  });
  HG_RETURN_IF_ERROR(reader.feed(text));
  return reader.finish();
}

base::Result<std::size_t> first_row_at(const NabFile& file, double time_s) {
  for (std::size_t i = 0; i < file.time_s.size(); ++i) {
    if (file.time_s[i] == time_s) return i;
  }
  return bad(file.name + " has no row at " + detect::format_time_s(time_s));
}

}  // namespace

// The label file is {"group/file.csv": [["from", "to"], ...], ...}: its strings in order say all.
base::Result<std::vector<NabFile>> read_nab(const std::string& folder) {
  HG_ASSIGN_OR_RETURN(const std::string labels,
                      base::posix_fs().read_file(folder + "/labels/combined_windows.json"));
  std::vector<NabFile> files;
  bool edge_open = false;
  std::size_t at = 0;
  while ((at = labels.find('"', at)) != std::string::npos) {
    const std::size_t end = labels.find('"', at + 1);
    if (end == std::string::npos) return bad("the label file ends within a string");
    const std::string text = labels.substr(at + 1, end - at - 1);
    at = end + 1;
    if (text.ends_with(".csv")) {
      files.emplace_back();
      files.back().name = text;
      HG_RETURN_IF_ERROR(read_rows(folder + "/data/" + text, files.back()));
      continue;
    }
    const auto time_s = detect::parse_time_s(text);
    if (!time_s || files.empty()) return bad("the label file has an unknown string: " + text);
    HG_ASSIGN_OR_RETURN(const std::size_t row, first_row_at(files.back(), *time_s));
    if (edge_open) {
      files.back().windows.back().last = row;
    } else {
      files.back().windows.push_back({row, row});
    }
    edge_open = !edge_open;
  }
  return files;
}

}  // namespace honeyguide::bench
