// MemoryPool: a named share of the memory budget, counted in bytes. It does not allocate; owners
// reserve before they take and release after they give back. Thread-safe, wait-free but for a CAS.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>

namespace honeyguide::base {

class MemoryPool {
 public:
  MemoryPool(std::string name, std::int64_t limit_bytes)
      : name_(std::move(name)), limit_bytes_(limit_bytes) {}

  // False, and nothing reserved, if that would pass the limit. `bytes` >= 0.
  bool try_reserve(std::int64_t bytes) {
    std::int64_t used = used_bytes_.load(std::memory_order_relaxed);
    do {
      if (used + bytes > limit_bytes_) {
        refused_count_.fetch_add(1, std::memory_order_relaxed);
        return false;
      }
    } while (!used_bytes_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
    return true;
  }
  void release(std::int64_t bytes) { used_bytes_.fetch_sub(bytes, std::memory_order_relaxed); }

  const std::string& name() const { return name_; }
  std::int64_t limit_bytes() const { return limit_bytes_; }
  std::int64_t used_bytes() const { return used_bytes_.load(std::memory_order_relaxed); }
  std::uint64_t refused_count() const { return refused_count_.load(std::memory_order_relaxed); }

 private:
  const std::string name_;
  const std::int64_t limit_bytes_;
  std::atomic<std::int64_t> used_bytes_{0};
  std::atomic<std::uint64_t> refused_count_{0};
};

// Bytes reserved from a pool until destroyed. Movable.
class Reservation {
 public:
  Reservation() = default;
  Reservation(Reservation&& other) noexcept
      : pool_(std::exchange(other.pool_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  Reservation& operator=(Reservation&& other) noexcept {
    if (this != &other) {
      reset();
      pool_ = std::exchange(other.pool_, nullptr);
      bytes_ = std::exchange(other.bytes_, 0);
    }
    return *this;
  }
  ~Reservation() { reset(); }

  // Holds `bytes` more of `pool`, which must be the same at every call; false if the pool is full.
  bool grow(MemoryPool& pool, std::int64_t bytes) {
    if (!pool.try_reserve(bytes)) return false;
    pool_ = &pool;
    bytes_ += bytes;
    return true;
  }
  void reset() {
    if (pool_ != nullptr) pool_->release(bytes_);
    pool_ = nullptr;
    bytes_ = 0;
  }
  std::int64_t bytes() const { return bytes_; }

 private:
  MemoryPool* pool_ = nullptr;
  std::int64_t bytes_ = 0;
};

}  // namespace honeyguide::base
