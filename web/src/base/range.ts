import { msToNs, nowMs } from "./clock";
import { span } from "./moment";

/** A range of time: relative to now, or two instants in ms (half-open). */
export type Range = { kind: "relative"; ms: number } | { kind: "absolute"; from: number; to: number };

export const PRESETS = ["15m", "1h", "6h", "24h", "7d"] as const;
export const DEFAULT_RANGE = "1h";

const UNITS: Record<string, number> = { s: 1e3, m: 60e3, h: 3600e3, d: 86400e3, w: 7 * 86400e3 };
const NAMES: Record<string, string> = {
  s: "s", sec: "s", second: "s", seconds: "s", m: "m", min: "m", minute: "m", minutes: "m",
  h: "h", hour: "h", hours: "h", d: "d", day: "d", days: "d", w: "w", week: "w", weeks: "w",
};
const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/** "90m", "2h ago", "7 days" in ms, or null. */
export function parseDuration(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]+)(?:\s+ago)?$/.exec(text.trim().toLowerCase());
  const unit = match ? NAMES[match[2] ?? ""] : undefined;
  if (!match || !unit) return null;
  const ms = Number(match[1]) * (UNITS[unit] ?? 0);
  return ms > 0 && ms <= 400 * 86400e3 ? ms : null;
}

/** An instant: epoch seconds, ms or ns; ISO; "9:00"; "mon 9:00"; "yesterday 14:30"; "2h ago"; "now". */
export function parseInstant(raw: string, now = nowMs()): number | null {
  const text = raw.trim().toLowerCase();
  if (text === "now") return now;
  if (/^\d{9,20}$/.test(text)) {
    const n = Number(text);
    return text.length >= 18 ? n / 1e6 : text.length >= 12 ? n : n * 1e3;
  }
  const ago = text.endsWith("ago") ? parseDuration(text) : null;
  if (ago !== null) return now - ago;
  const match = /^(?:(today|yesterday|sun|mon|tue|wed|thu|fri|sat)[a-z]*)?\s*(?:(\d{1,2}):(\d{2})(?::(\d{2}))?)?$/.exec(text);
  if (match && (match[1] || match[2])) {
    const date = new Date(now);
    date.setHours(Number(match[2] ?? 0), Number(match[3] ?? 0), Number(match[4] ?? 0), 0);
    const name = match[1];
    if (name === "yesterday") date.setDate(date.getDate() - 1);
    else if (name && name !== "today") date.setDate(date.getDate() - ((date.getDay() - DAYS.indexOf(name) + 7) % 7));
    return Number(match[2] ?? 0) > 23 || Number(match[3] ?? 0) > 59 ? null : date.getTime();
  }
  const iso = Date.parse(raw.trim());
  return Number.isNaN(iso) ? null : iso;
}

/** What a person types into the picker: a length, or two instants with "to", "-" or "–" between. */
export function parseTyped(text: string, now = nowMs()): Range | null {
  const length = parseDuration(text.replace(/^last\s+/i, ""));
  if (length !== null) return { kind: "relative", ms: length };
  const halves = text.split(/\s+(?:to|until|-|–)\s+/i);
  if (halves.length === 1) {
    const from = parseInstant(text, now);
    return from !== null && from < now ? { kind: "absolute", from, to: now } : null;
  }
  const from = parseInstant(halves[0] ?? "", now);
  const day = /^[a-z]+/i.exec((halves[0] ?? "").trim())?.[0] ?? "";
  const second = halves[1] ?? "";
  const to = parseInstant(/^\d{1,2}:\d{2}/.test(second) && day ? `${day} ${second}` : second, now);
  return from !== null && to !== null && from < to ? { kind: "absolute", from, to } : null;
}

/** The range that a page's address names. */
export function rangeFromSearch(search: { range?: string; from?: string; to?: string }): Range {
  const from = search.from ? parseInstant(search.from) : null;
  const to = search.to ? parseInstant(search.to) : null;
  if (from !== null && to !== null && from < to) return { kind: "absolute", from, to };
  const ms = parseDuration(search.range ?? DEFAULT_RANGE);
  return { kind: "relative", ms: ms ?? 3600e3 };
}

/** The length as it stands in an address: 15m, 1h, 7d. */
export function rangeText(ms: number): string {
  for (const unit of ["d", "h", "m"]) {
    const size = UNITS[unit] ?? 1;
    if (ms >= size && ms % size === 0 && !(unit === "d" && ms === size)) return `${ms / size}${unit}`;
  }
  return `${Math.round(ms / 1e3)}s`;
}

export function rangeLabel(range: Range): string {
  if (range.kind === "absolute") return span(range.from, range.to);
  return `Last ${rangeText(range.ms).replace(/(\d)([a-z])/, "$1 $2")}`;
}

/** Bounds in ms at this moment. */
export function rangeBounds(range: Range, now = nowMs()): { from: number; to: number } {
  return range.kind === "absolute" ? { from: range.from, to: range.to } : { from: now - range.ms, to: now };
}

/** The API's `start` and `end`. */
export function rangeParams(range: Range, now = nowMs()): { start: string; end: string } {
  const { from, to } = rangeBounds(range, now);
  return { start: msToNs(from), end: msToNs(to) };
}
