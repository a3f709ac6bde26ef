// Proves who counts as sick for the blast radius: alerts of weight, not forecasts and mild ones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/mem_fs.h"
#include "control/mitigation_engine.h"
#include "store/model/model_state.h"

namespace honeyguide::control {
namespace {

using testing::HasSubstr;

class NoEffects final : public ActionExecutor {
 public:
  void start(const ActionSpec&, const std::string&, const std::string&,
             std::function<void(EffectResult)>) override {}
};

TEST(MitigationGuardsTest, ForecastsAndMildAlertsOfPeersAreNoIllness) {
  base::SimClock clock;
  base::MemFs fs;
  store::ModelStateStore state;
  NoEffects effects;
  FleetView fleet;
  for (int i = 0; i < 10; ++i) {
    fleet.agents["coder-" + std::to_string(i)] = {"code", true, 1, 40.0};
  }
  const auto audit = AuditLog::open(fs, "audit", clock).value();
  const auto book = DirectiveBook::open(state, clock).value();
  const auto engine = MitigationEngine::open(
                          {}, {state, *book, *audit, effects, [&](auto) { return fleet; }, clock})
                          .value();
  const auto alert = [&](const std::string& severity, bool prediction) {
    for (int i = 3; i < 10; ++i) {
      Trigger peer;
      peer.agent = "coder-" + std::to_string(i);
      peer.alert_id = "slow/" + peer.agent;
      peer.rule = peer.category = "performance";
      peer.severity = severity;
      peer.prediction = prediction;
      engine->observe(peer);
    }
  };
  const auto pause = [&] {
    return engine->order({0, "coder-1"}, {DirectiveKind::kPause, "{}", "", "kim", 0}, false);
  };
  alert("high", true);
  EXPECT_TRUE(pause());
  alert("medium", false);
  EXPECT_TRUE(pause());
  alert("high", false);
  const auto held = pause();
  ASSERT_FALSE(held);
  EXPECT_THAT(held.error().message, HasSubstr("blast_radius"));
  alert("low", false);
  EXPECT_TRUE(pause());
}

}  // namespace
}  // namespace honeyguide::control
