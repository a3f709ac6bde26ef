// Proves that the model keeps the StateStore contract.
#include "store/model/model_state.h"

#include "store/model/state_contract.h"

namespace honeyguide::store {
namespace {

struct ModelStateHarness {
  static constexpr bool kKeeps = false;
  StateStore& store() { return store_; }
  void reopen() {}
  ModelStateStore store_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Model, StateContract, ModelStateHarness);

}  // namespace
}  // namespace honeyguide::store
