// A shared bound on bytes in flight: requests reserve before they read and give back when done.
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

namespace honeyguide::net {

class ByteBudget;

// A share of a ByteBudget, given back on destruction. The budget must outlive it. One owner at a
// time; moving is free.
class ByteReservation {
 public:
  ByteReservation() = default;
  ByteReservation(ByteReservation&& other) noexcept
      : budget_(std::exchange(other.budget_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  ByteReservation& operator=(ByteReservation&& other) noexcept {
    if (this != &other) {
      release();
      budget_ = std::exchange(other.budget_, nullptr);
      size_ = std::exchange(other.size_, 0);
    }
    return *this;
  }
  ~ByteReservation() { release(); }

  // Takes `more` bytes on top. False, and nothing changed, if the budget has not that many left.
  // Without a budget (default-constructed) always true.
  [[nodiscard]] bool grow(std::size_t more);

  // Gives bytes back now.
  void release();

  // True if it draws on a budget.
  bool bound() const { return budget_ != nullptr; }
  std::size_t size_bytes() const { return size_; }

 private:
  friend class ByteBudget;
  ByteReservation(ByteBudget* budget, std::size_t size) : budget_(budget), size_(size) {}

  ByteBudget* budget_ = nullptr;
  std::size_t size_ = 0;
};

// Thread-safe, lock-free.
class ByteBudget {
 public:
  explicit ByteBudget(std::size_t limit_bytes) : limit_(limit_bytes) {}
  ByteBudget(const ByteBudget&) = delete;
  ByteBudget& operator=(const ByteBudget&) = delete;

  // Moves `bytes` from free to used and returns true, or returns false if fewer are free.
  [[nodiscard]] bool reserve(std::size_t bytes, ByteReservation* out);

  std::size_t used_bytes() const { return used_.load(std::memory_order_relaxed); }
  std::size_t limit_bytes() const { return limit_; }

 private:
  friend class ByteReservation;
  bool take(std::size_t bytes);
  void give(std::size_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }

  const std::size_t limit_;
  std::atomic<std::size_t> used_{0};
};

}  // namespace honeyguide::net
