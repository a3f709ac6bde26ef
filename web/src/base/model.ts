// Shapes that several layers share. `api/` validates what arrives into exactly these.

/** An agent as it appears anywhere: `slot` (0-31) decides hue and glyph for every viewer. */
export interface AgentRef {
  id: string;
  name: string;
  slot: number;
}

export type SentencePart =
  | { kind: "text" | "strong" | "code"; text: string }
  | { kind: "agent"; agent: AgentRef }
  | { kind: "workflow"; name: string }
  | { kind: "duration"; ms: number }
  | { kind: "money"; usd: number }
  | { kind: "ratio"; value: number }
  | { kind: "number"; value: number; unit: string }
  | { kind: "time"; unix_ns: string };

export interface Sentence {
  text: string;
  parts: SentencePart[];
}

export type Maybe = number | null;

export interface Series {
  start_unix_ms: number;
  step_ms: number;
  values: Maybe[];
  expected_low?: Maybe[] | null | undefined;
  expected_high?: Maybe[] | null | undefined;
}

export interface Forecast {
  start_unix_ms: number;
  step_ms: number;
  q10: number[];
  q50: number[];
  q90: number[];
}

export type Tone = "crit" | "warn" | "pred" | "info" | "ok" | "unk" | "ask";
export type Outcome = "success" | "failed" | "limit" | "running" | "unknown";
export type Severity = "low" | "medium" | "high" | "critical" | "emergency";
export type MetricStatus = "ok" | "warning" | "critical" | "unknown";

export interface StripData {
  start_unix_ms: number;
  cell_ms: number;
  cells: string;
}

export function severityTone(severity: Severity): Tone {
  if (severity === "critical" || severity === "emergency") return "crit";
  return severity === "low" ? "info" : "warn";
}

export function statusTone(status: MetricStatus): Tone {
  return ({ ok: "ok", warning: "warn", critical: "crit", unknown: "unk" } as const)[status];
}
