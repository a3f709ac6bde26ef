// One seeded life of a node: random ingest, settle, retention, deletions, series, state, faults of
// the disk, full disks, kills and power cuts, with every answer checked against a ledger and the
// stores in memory. Single-threaded, so a seed repeats it exactly.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>

#include "store/contract_data.h"
#include "tests/sim/ledger.h"
#include "tests/sim/node.h"

namespace honeyguide::sim {

struct SimulationStats {
  std::uint64_t steps = 0;
  std::uint64_t kills = 0;
  std::uint64_t power_cuts = 0;
  std::uint64_t refused_batches = 0;
  std::uint64_t spans_promised = 0;
};

class Simulation {
 public:
  Simulation(std::uint64_t seed, int steps);
  // The first contradiction, or "".
  std::string run();
  const SimulationStats& stats() const { return stats_; }

 private:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }

  std::string step();
  void ingest();
  void send(std::size_t number, bool backfill);
  void poll();
  void note_durable();
  void pass_time();
  void erase();
  void write_series();
  void write_state();
  void change_weather();
  void calm();
  std::string restart(bool power_cut);
  std::string start();
  std::string quiesce();
  std::string check_all(bool settled_fate);
  std::string check_queries();
  std::string check_series_and_state(bool settled_fate);
  std::string check_figures();

  const std::uint64_t seed_;
  const int steps_;
  // Deletions and retention take spans away from figures that keep them: not in every seed.
  const bool forgets_;
  std::mt19937_64 random_;
  base::SimClock clock_;
  base::FaultyFs fs_;
  NodeOptions options_;
  store::ContractData data_;
  std::vector<telemetry::SpanBatchPtr> agent_batches_;
  std::size_t next_agent_batch_ = 0;
  std::unique_ptr<Node> node_;
  Ledger ledger_;
  SimulationStats stats_;
  std::int64_t syncs_fail_until_ = 0;  // steady
  bool storm_ = false;

  struct Written {
    double value = 0;
    double maybe = 0;  // written last, without an answer that it was
    bool has_maybe = false;
    bool certain = false;  // `value` survives what comes
    bool durable = false;
  };
  std::map<base::UnixNanos, Written> points_;
  std::map<std::string, std::pair<std::string, std::string>> entries_;  // id -> stored, attempted
  std::uint64_t epoch_ = 0;
};

}  // namespace honeyguide::sim
