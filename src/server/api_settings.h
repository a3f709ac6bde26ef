// REST: settings and where their values come from, thresholds that change while the server runs,
// budgets, and the layout of the topology.
#pragma once

#include "engine/budget_book.h"
#include "engine/threshold_book.h"
#include "server/api_agents.h"
#include "server/config.h"
#include "store/state_store.h"

namespace honeyguide::server {

// All must outlive the table.
struct SettingsRouteDeps {
  const ServeConfig& config;
  engine::ThresholdBook& thresholds;
  const base::Clock& clock;
};
// GET /api/v1/settings, PUT /api/v1/settings/{key}.
void add_settings_routes(RouteTable& routes, const SettingsRouteDeps& deps);

struct BudgetRouteDeps {
  engine::BudgetBook& budgets;
  const base::Clock& clock;
};
// GET and POST /api/v1/budgets, DELETE /api/v1/budgets/{name}.
void add_budget_routes(RouteTable& routes, const BudgetRouteDeps& deps);

// Positions of agents in the topology, kept with the tenant. Thread-safe.
class LayoutStore {
 public:
  struct Position {
    double x = 0;
    double y = 0;
    bool pinned = false;
  };
  using Positions = std::map<std::string, Position>;
  static constexpr std::size_t kPositionsMax = 10'000;  // a tenant; more are refused

  explicit LayoutStore(store::StateStore& state) : state_(state) {}

  // The tenant's, overlaid with what the principal stored for itself.
  base::Result<Positions> get(store::TenantId tenant, const std::string& principal) const;
  // `principal` empty: for the tenant. Adds to and replaces what is there.
  base::Result<void> put(store::TenantId tenant, const std::string& principal,
                         const Positions& positions);

 private:
  base::Result<Positions> read(const std::string& id) const;

  store::StateStore& state_;
  base::Mutex mutex_;  // read, merge, write
};

struct LayoutRouteDeps {
  LayoutStore& layout;
  engine::Engine& engine;
  const base::Clock& clock;
};
// PUT /api/v1/topology/positions, GET /api/v1/topology/pair.
void add_layout_routes(RouteTable& routes, const LayoutRouteDeps& deps);

}  // namespace honeyguide::server
