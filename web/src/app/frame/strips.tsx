import { useQueryClient } from "@tanstack/react-query";
import { clockSkewMs, nsToMs } from "@/base/clock";
import { age, duration } from "@/base/format";
import { clockSeconds } from "@/base/moment";
import { useStore } from "@/base/store";
import { useNow } from "@/base/use_now";
import type { StatusDocument } from "@/api/documents";
import { liveState, resumeLive } from "@/api/live";
import { StatusIcon } from "@/widgets/status";
import type { Tone } from "@/base/model";

const SKEW_MS = 5000;
const STALE_MS = 30_000;

/** The 24 px lines under the top bar; each only while it is true. */
export function Strips({ status, failed }: { status: StatusDocument | undefined; failed: boolean }) {
  const live = useStore(liveState);
  const client = useQueryClient();
  const now = useNow(5000);
  const lines: { tone: Tone; text: string; action?: { title: string; run: () => void } }[] = [];
  const asOf = status ? nsToMs(status.now_unix_ns) : null;
  if (failed) lines.push({ tone: "warn", text: asOf === null ? "The server cannot be reached." : `Connection lost. What you see is as of ${clockSeconds(asOf)}.`, action: { title: "Try again", run: () => void client.invalidateQueries() } });
  if (status?.modes.storm) lines.push({ tone: "crit", text: `Storm mode: ${status.modes.storm}` });
  if (status?.modes.read_only) lines.push({ tone: "info", text: `Read only: ${status.modes.read_only}` });
  if (Math.abs(clockSkewMs()) > SKEW_MS) lines.push({ tone: "warn", text: `This machine's clock differs from the server's by ${duration(Math.abs(clockSkewMs()))}. Times are the server's.` });
  if (live.paused !== null && live.paused !== "paused by hand") {
    const at = live.pausedAtMs === null ? "" : ` at ${clockSeconds(live.pausedAtMs)}`;
    lines.push({ tone: "info", text: `Paused${at}: ${live.paused}${live.missed > 0 ? ` · ${live.missed} new` : ""}.`, ...(live.paused === "text selected" ? { action: { title: "Resume", run: () => resumeLive(client) } } : {}) });
  }
  if (!failed && asOf !== null && now - asOf > STALE_MS && live.paused === null) lines.push({ tone: "warn", text: `Figures are ${age(now - asOf)} old.` });
  return (
    <>
      {lines.map((l) => (
        <div key={l.text} className={`app-strip strip-${l.tone}`} role="status">
          <StatusIcon tone={l.tone} size={14} />
          <span className="ell">{l.text}</span>
          {l.action && (
            <button type="button" className="link" onClick={l.action.run}>
              {l.action.title}
            </button>
          )}
        </div>
      ))}
    </>
  );
}
