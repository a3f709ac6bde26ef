// Derives from a stored block what the encoder told of it when it was written, so that every index
// can be rebuilt: the result equals the encoder's own.
#pragma once

#include "store/segment/block_reader.h"
#include "store/segment/block_writer.h"
#include "store/segment/record.h"

namespace honeyguide::store::segment {

// `body` stays empty. Texts borrow from `block`. Filter hashes only if `hashes`. Check
// block.damaged() afterwards.
EncodedBlock describe(BlockReader& block, RecordKind kind, bool hashes);

}  // namespace honeyguide::store::segment
