#include "store/trace_store.h"

#include <future>

namespace honeyguide::store {

std::string_view partial_reason(Partial partial) {
  switch (partial) {
    case Partial::kNo:
      return "";
    case Partial::kDeadline:
      return "deadline";
    case Partial::kBytes:
      return "bytes";
    case Partial::kRows:
      return "rows";
    case Partial::kCancelled:
      return "cancelled";
    case Partial::kDamaged:
      return "damaged";
  }
  return "";
}

base::Result<Ack> append_and_wait(TraceStore& store, AppendRequest request) {
  auto promise = std::make_shared<std::promise<base::Result<Ack>>>();
  auto acknowledged = promise->get_future();
  store.append(std::move(request),
               [promise](base::Result<Ack> ack) { promise->set_value(std::move(ack)); });
  return acknowledged.get();
}

}  // namespace honeyguide::store
