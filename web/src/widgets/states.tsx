import type { ReactNode } from "react";
import { Button, Chip } from "./controls";
import { StatusIcon } from "./status";
import "./states.css";

/** One sentence why nothing is here, and one thing to do. */
export function Empty({ children, action }: { children: ReactNode; action?: ReactNode }) {
  return (
    <div className="empty">
      <p>{children}</p>
      {action}
    </div>
  );
}

export interface Failure {
  status: number;
  message: string;
  requestId: string | null;
}

const HINTS: Record<number, string> = {
  0: "The server cannot be reached.",
  401: "This needs a token.",
  403: "Your role does not allow this.",
  404: "The server does not know this.",
  410: "Retention has dropped this.",
  501: "This server does not offer this yet.",
};

/** What failed, in the card that failed; the rest of the page lives. */
export function ErrorNote({ error, onRetry }: { error: Failure; onRetry?: () => void }) {
  const quiet = error.status === 404 || error.status === 501 || error.status === 410;
  return (
    <div className="error-note" role={quiet ? undefined : "alert"}>
      <StatusIcon tone={quiet ? "unk" : "warn"} size={16} />
      <div className="grow">
        <p>{HINTS[error.status] ?? error.message}</p>
        <p className="t3 error-detail">
          {HINTS[error.status] && error.message ? `${error.message} · ` : ""}
          {error.status > 0 ? `status ${error.status}` : "no answer"}
          {error.requestId ? ` · request ${error.requestId}` : ""}
        </p>
      </div>
      {onRetry && error.status !== 410 && (
        <Button size="normal" onClick={onRetry}>
          Retry
        </Button>
      )}
    </div>
  );
}

/** Grey lines in the final shape; only on the first load. */
export function Skeleton({ lines = 3, height }: { lines?: number; height?: number }) {
  if (height !== undefined) return <div className="skeleton-block" style={{ height }} aria-hidden="true" />;
  return (
    <div className="skeleton" aria-hidden="true">
      {Array.from({ length: lines }, (_, i) => (
        <i key={i} style={{ width: `${92 - ((i * 37) % 40)}%` }} />
      ))}
    </div>
  );
}

export function PartialChip({ partial }: { partial: { reason: string } | null | undefined }) {
  if (!partial) return null;
  return (
    <Chip tone="warn" title={partial.reason}>
      partial: {partial.reason.slice(0, 80)}
    </Chip>
  );
}

/** A 2 px line on top of what is being renewed; old data stays below it. */
export function ProgressLine({ active }: { active: boolean }) {
  return active ? <div className="progress-line" role="progressbar" aria-label="Loading" /> : null;
}
