import { nowMs } from "./clock";
import { getPrefs } from "./prefs";

// Instants in the person's chosen zone. The zone is shown once, in the range picker, never per cell.

const formats = new Map<string, Intl.DateTimeFormat>();

function zoneName(): string | undefined {
  const zone = getPrefs().zone;
  return zone === "browser" ? undefined : zone;
}

function format(kind: string, options: Intl.DateTimeFormatOptions, zone = zoneName()): Intl.DateTimeFormat {
  const key = `${kind} ${zone ?? ""}`;
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat("en-GB", { ...options, hourCycle: "h23", ...(zone ? { timeZone: zone } : {}) });
    formats.set(key, found);
  }
  return found;
}

const CLOCK: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit" };
const SECONDS: Intl.DateTimeFormatOptions = { ...CLOCK, second: "2-digit" };
const DATE: Intl.DateTimeFormatOptions = { weekday: "short", day: "numeric", month: "short" };

/** 02:47 */
export function clock(ms: number): string {
  return format("clock", CLOCK).format(ms);
}

/** 02:47:13 */
export function clockSeconds(ms: number): string {
  return format("seconds", SECONDS).format(ms);
}

/** 02:47:13.042 */
export function clockMillis(ms: number): string {
  return `${clockSeconds(ms)}.${String(Math.floor(((ms % 1000) + 1000) % 1000)).padStart(3, "0")}`;
}

/** Fri 20 Nov */
export function day(ms: number): string {
  return format("day", DATE).format(ms).replace(",", "");
}

function dayKey(ms: number): string {
  return format("key", { year: "numeric", month: "numeric", day: "numeric" }).format(ms);
}

/** Today a clock with seconds, else date and clock. */
export function moment(ms: number, now = nowMs()): string {
  return dayKey(ms) === dayKey(now) ? clockSeconds(ms) : `${day(ms)} ${clock(ms)}`;
}

/** Today a clock without seconds, else date and clock. */
export function shortMoment(ms: number, now = nowMs()): string {
  return dayKey(ms) === dayKey(now) ? clock(ms) : `${day(ms)} ${clock(ms)}`;
}

/** Both readings and UTC, for a tooltip. */
export function fullMoment(ms: number): string {
  const utc = new Date(ms).toISOString().replace("T", " ").replace("Z", " UTC");
  return `${day(ms)} ${clockMillis(ms)} · ${utc}`;
}

/** "02:12 – 03:12", with dates where the two lie on different days. */
export function span(startMs: number, endMs: number, now = nowMs()): string {
  if (dayKey(startMs) === dayKey(endMs)) {
    const prefix = dayKey(startMs) === dayKey(now) ? "" : `${day(startMs)} `;
    return `${prefix}${clock(startMs)} – ${clock(endMs)}`;
  }
  return `${day(startMs)} ${clock(startMs)} – ${day(endMs)} ${clock(endMs)}`;
}

/** The name of the zone in use, for the picker. */
export function zoneLabel(): string {
  const zone = getPrefs().zone;
  if (zone !== "browser") return zone;
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** Times for an axis: clocks within a day, dates beyond. */
export function axisTime(ms: number, rangeMs: number): string {
  return rangeMs > 36 * 3600e3 ? day(ms) : rangeMs < 5 * 60e3 ? clockSeconds(ms) : clock(ms);
}
