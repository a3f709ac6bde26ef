#include "net/byte_budget.h"

namespace honeyguide::net {

bool ByteReservation::grow(std::size_t more) {
  if (budget_ == nullptr) return true;
  if (!budget_->take(more)) return false;
  size_ += more;
  return true;
}

void ByteReservation::release() {
  if (budget_ != nullptr) budget_->give(size_);
  budget_ = nullptr;
  size_ = 0;
}

bool ByteBudget::reserve(std::size_t bytes, ByteReservation* out) {
  if (!take(bytes)) return false;
  *out = ByteReservation(this, bytes);
  return true;
}

bool ByteBudget::take(std::size_t bytes) {
  std::size_t used = used_.load(std::memory_order_relaxed);
  do {
    if (bytes > limit_ || used > limit_ - bytes) return false;
  } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  return true;
}

}  // namespace honeyguide::net
