import type { ReactNode } from "react";
import type { Outcome, Tone } from "@/base/model";
import "./status.css";

const WORDS: Record<Tone, string> = {
  crit: "critical", warn: "warning", pred: "predicted", ask: "needs approval", ok: "ok", info: "info", unk: "unknown",
};

const SHAPES: Record<Tone, ReactNode> = {
  crit: (
    <>
      <path d="M6.2 1.5h5.6l4.7 4.7v5.6l-4.7 4.7H6.2l-4.7-4.7V6.2Z" className="fill-crit" />
      <path d="m6.6 6.6 4.8 4.8m0-4.8-4.8 4.8" className="cut" />
    </>
  ),
  warn: (
    <>
      <path d="M9 1.8 17 16H1Z" className="fill-warn" />
      <path d="M9 6.9v4.1M9 13.6v.1" className="cut" />
    </>
  ),
  pred: (
    <>
      <circle cx="9" cy="9" r="7.2" className="ring-pred" />
      <path d="M9 5v4.2l2.7 1.7" className="line-pred" />
    </>
  ),
  ask: (
    <>
      <rect x="1.5" y="1.5" width="15" height="15" rx="3.5" className="line-text" />
      <path d="M7 6v6M11 6v6" className="line-text" />
    </>
  ),
  ok: (
    <>
      <circle cx="9" cy="9" r="7.5" className="line-ok" />
      <path d="m5.8 9.2 2.2 2.2 4.2-4.6" className="line-ok" />
    </>
  ),
  info: (
    <>
      <circle cx="9" cy="9" r="7.5" className="line-info" />
      <path d="M9 8.2v4.2M9 5.6v.1" className="line-info" />
    </>
  ),
  unk: <circle cx="9" cy="9" r="7" className="line-unk" />,
};

/** A state's shape; readable without colour and at 10 px. Always stands beside a word. */
export function StatusIcon({ tone, size = 18, label }: { tone: Tone; size?: number; label?: string }) {
  return (
    <svg className="status" width={size} height={size} viewBox="0 0 18 18" role="img" aria-label={label ?? WORDS[tone]}>
      {SHAPES[tone]}
    </svg>
  );
}

const OUTCOMES: Record<Outcome, { tone: Tone | "limit" | "running"; word: string }> = {
  success: { tone: "ok", word: "done" },
  failed: { tone: "crit", word: "failed" },
  limit: { tone: "limit", word: "stopped at limit" },
  running: { tone: "running", word: "running" },
  unknown: { tone: "unk", word: "unknown" },
};

export function outcomeWord(outcome: Outcome): string {
  return OUTCOMES[outcome].word;
}

/** How a run ended: stopped by its limit is neither ok nor failed. */
export function OutcomeIcon({ outcome, size = 14 }: { outcome: Outcome; size?: number }) {
  const { tone, word } = OUTCOMES[outcome];
  if (tone !== "limit" && tone !== "running") return <StatusIcon tone={tone} size={size} label={word} />;
  return (
    <svg className="status" width={size} height={size} viewBox="0 0 18 18" role="img" aria-label={word}>
      {tone === "limit" ? (
        <>
          <circle cx="9" cy="9" r="7.3" className="line-warn" />
          <path d="m4 14 10-10" className="line-warn" />
        </>
      ) : (
        <>
          <circle cx="9" cy="9" r="7.3" className="ring-run" />
          <circle cx="9" cy="9" r="2.4" className="fill-text" />
        </>
      )}
    </svg>
  );
}

export function OutcomeLabel({ outcome }: { outcome: Outcome }) {
  const tone = { success: "", failed: "crit", limit: "warn", running: "", unknown: "t3" }[outcome];
  return (
    <span className={`outcome ${tone}`}>
      <OutcomeIcon outcome={outcome} />
      {outcomeWord(outcome)}
    </span>
  );
}
