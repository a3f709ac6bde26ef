// Proves that the model keeps the SeriesStore contract.
#include "store/model/model_series.h"

#include "store/model/series_contract.h"

namespace honeyguide::store {
namespace {

struct ModelSeriesHarness {
  static constexpr bool kKeeps = false;
  static constexpr std::uint32_t kSeriesMax = 20;
  SeriesStore& store() { return store_; }
  void reopen() {}
  ModelSeriesStore store_{kSeriesMax};
};

INSTANTIATE_TYPED_TEST_SUITE_P(Model, SeriesContract, ModelSeriesHarness);

}  // namespace
}  // namespace honeyguide::store
