// Alerts, silences and notifications as bytes for the StateStore (docs/formats/alerts.md). Version
// first; unknown versions are refused.
#pragma once

#include <string>
#include <string_view>

#include "alerts/alert.h"
#include "alerts/notification.h"
#include "alerts/routing.h"
#include "base/result.h"

namespace honeyguide::alerts {

inline constexpr std::uint8_t kAlertVersion = 1;

std::string encode_alert(const Alert& alert);
// kDataLoss on anything that encode_alert did not write.
base::Result<Alert> decode_alert(std::string_view bytes);

std::string encode_silence(const Silence& silence);
base::Result<Silence> decode_silence(std::string_view bytes);

std::string encode_notification(const Notification& notification);
base::Result<Notification> decode_notification(std::string_view bytes);

}  // namespace honeyguide::alerts
