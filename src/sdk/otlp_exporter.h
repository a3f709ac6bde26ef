// OtlpExporter: batches to POST <server>/v1/traces as protobuf, with the retries that OTLP asks
// for. Owns its I/O thread, which is made at the first batch, so that a forked child makes its own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "net/http_client.h"
#include "net/io_pool.h"
#include "sdk/exporter.h"

namespace honeyguide::sdk {

class OtlpExporter final : public SpanExporter {
 public:
  // `clock` must outlive it.
  OtlpExporter(std::string server, std::string token, const base::Clock& clock);
  ~OtlpExporter() override;

  std::string_view name() const override { return "otlp"; }
  base::Result<void> export_batch(const telemetry::SpanBatchPtr& batch,
                                  std::chrono::milliseconds deadline) override;

 private:
  base::Result<void> connect();

  const std::string url_;
  const std::string token_;
  const base::Clock& clock_;
  std::uint32_t generation_ = 0;
  std::unique_ptr<net::IoPool> pool_;
  std::unique_ptr<net::HttpClient> client_;
};

}  // namespace honeyguide::sdk
