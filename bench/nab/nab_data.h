// Reads the NAB folder: data/<group>/<file>.csv and labels/combined_windows.json.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "nab/nab_score.h"

namespace honeyguide::bench {

// All labelled files in the order of the label file. A window's edge is the first row with its
// time stamp. `folder` holds data/ and labels/, as the archive unpacks.
base::Result<std::vector<NabFile>> read_nab(const std::string& folder);

}  // namespace honeyguide::bench
