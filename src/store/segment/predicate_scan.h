// A predicate over a whole block, column by column: dictionary values are compared once, rows by
// their packed index.
#pragma once

#include "store/query.h"
#include "store/segment/bitmap.h"
#include "store/segment/block_reader.h"

namespace honeyguide::store::segment {

// Rows that surely match, and rows that may: those between the two must be asked row by row.
struct ScanResult {
  Bitmap sure;
  Bitmap maybe;
};

// `predicate` is compiled. Columns are read on demand: those of a conjunction's later parts only if
// a row is left.
ScanResult scan(const Predicate& predicate, BlockReader& block);

}  // namespace honeyguide::store::segment
