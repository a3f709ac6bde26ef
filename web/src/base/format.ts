// The page's words for numbers. One rule each; a missing number is an en dash, never 0.

export const UNKNOWN = "–";
const THIN = "\u2009";
const MINUS = "\u2212";

type Num = number | null | undefined;

function known(value: Num): value is number {
  return value !== null && value !== undefined && Number.isFinite(value);
}

/** Thousands apart by a thin space, minus as a real minus. */
function grouped(value: number, digits = 0): string {
  const [whole = "0", fraction] = Math.abs(value).toFixed(digits).split(".");
  const text = whole.replace(/\B(?=(\d{3})+(?!\d))/g, THIN);
  return `${value < 0 ? MINUS : ""}${text}${fraction ? `.${fraction}` : ""}`;
}

function threeDigits(value: number): string {
  const size = Math.abs(value);
  return grouped(value, size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

function withSuffix(value: number): string {
  const size = Math.abs(value);
  if (size >= 999.5e6) return `${threeDigits(value / 1e9)}G`;
  if (size >= 999.5e3) return `${threeDigits(value / 1e6)}M`;
  return `${threeDigits(value / 1e3)}k`;
}

/** Counts and tokens: exact below 10,000, else three significant digits with k, M, G. */
export function count(value: Num): string {
  if (!known(value)) return UNKNOWN;
  if (Math.abs(value) < 10_000) return Number.isInteger(value) ? grouped(value) : small(value);
  return withSuffix(value);
}

function small(value: number): string {
  const size = Math.abs(value);
  return grouped(value, size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 1 : 2);
}

/** Money in USD: two significant digits under a cent, cents under $100, then whole, then k. */
export function money(value: Num): string {
  if (!known(value)) return UNKNOWN;
  const sign = value < 0 ? MINUS : "";
  const size = Math.abs(value);
  if (size === 0) return "$0";
  if (size < 0.01) return `${sign}$${Number(size.toPrecision(2))}`;
  if (size < 100) return `${sign}$${size.toFixed(2)}`;
  if (size < 1000) return `${sign}$${Math.round(size)}`;
  if (size < 999_500) return `${sign}$${(size / 1e3).toFixed(size < 9950 ? 1 : 0)}k`;
  return `${sign}$${(size / 1e6).toFixed(1)}M`;
}

/** A rate of money per hour; cents are noise above $10. */
export function moneyPerHour(value: Num): string {
  if (!known(value)) return UNKNOWN;
  return `${Math.abs(value) >= 20 ? `$${grouped(value)}` : money(value).replace(/\.00$/, "")}/h`;
}

const SECOND = 1e3;
const MINUTE = 60e3;
const HOUR = 3600e3;
const DAY = 24 * HOUR;

const pad = (n: number) => String(n).padStart(2, "0");

/** A duration in ms with at most two units: 840 µs, 12.4 ms, 1.24 s, 26 m 08 s, 3 h 12 m, 4 d 6 h. */
export function duration(ms: Num): string {
  if (!known(ms)) return UNKNOWN;
  const sign = ms < 0 ? MINUS : "";
  const t = Math.abs(ms);
  if (t === 0) return "0 s";
  if (t < 1e-3) return `${sign}${Math.round(t * 1e6)} ns`;
  if (t < 1) return `${sign}${Math.round(t * 1e3)} µs`;
  if (t < SECOND) return `${sign}${t < 100 ? Number(t.toPrecision(3)) : Math.round(t)} ms`;
  if (t < 59.95 * SECOND) return `${sign}${Number((t / SECOND).toPrecision(3))} s`;
  if (t < HOUR) {
    const s = Math.round(t / SECOND);
    return s % 60 === 0 ? `${sign}${s / 60} m` : `${sign}${Math.floor(s / 60)} m ${pad(s % 60)} s`;
  }
  if (t < DAY) {
    const m = Math.round(t / MINUTE);
    return m % 60 === 0 ? `${sign}${m / 60} h` : `${sign}${Math.floor(m / 60)} h ${pad(m % 60)} m`;
  }
  const h = Math.round(t / HOUR);
  return h % 24 === 0 ? `${sign}${h / 24} d` : `${sign}${Math.floor(h / 24)} d ${h % 24} h`;
}

/** An age or a time left in one unit: 25 m, 3 h, 2 d. */
export function age(ms: Num): string {
  if (!known(ms)) return UNKNOWN;
  const t = Math.max(0, ms);
  if (t < MINUTE) return `${Math.floor(t / SECOND)} s`;
  if (t < 2 * HOUR) return `${Math.floor(t / MINUTE)} m`;
  if (t < 2 * DAY) return `${Math.floor(t / HOUR)} h`;
  return `${Math.floor(t / DAY)} d`;
}

/** Time left as a clock that runs: 11:20. */
export function countdown(ms: Num): string {
  if (!known(ms)) return UNKNOWN;
  const s = Math.max(0, Math.floor(ms / SECOND));
  const h = Math.floor(s / 3600);
  return h > 0 ? `${h}:${pad(Math.floor(s / 60) % 60)}:${pad(s % 60)}` : `${Math.floor(s / 60)}:${pad(s % 60)}`;
}

/** Median first, then the interval, the unit once: "38 min (24–61)". */
export function etaInterval(q50: number, q10: Num, q90: Num): { median: string; range: string } {
  const unit = q50 < 100 * MINUTE ? MINUTE : q50 < 2 * DAY ? HOUR : DAY;
  const name = unit === MINUTE ? "min" : unit === HOUR ? "h" : "d";
  const show = (v: number) => (unit === MINUTE ? String(Math.round(v / unit)) : String(Number((v / unit).toFixed(1))));
  const range = known(q10) ? `(${show(q10)}–${known(q90) ? show(q90) : "?"})` : "";
  return { median: `${show(q50)} ${name}`, range };
}

/** A share: one decimal below 99 %, two above, none where it is 0 or 100 exactly. */
export function percent(ratio: Num): string {
  if (!known(ratio)) return UNKNOWN;
  const p = ratio * 100;
  if (p === 0 || p === 100) return `${p}${THIN}%`;
  const digits = Math.abs(p) < 99 ? 1 : Math.abs(p) <= 100 ? 2 : 0;
  const text = Math.abs(p) > 999 ? grouped(p) : p.toFixed(digits).replace("-", MINUS);
  return `${text}${THIN}%`;
}

/** A share in whole percent, for prose and small labels. */
export function wholePercent(ratio: Num): string {
  if (!known(ratio)) return UNKNOWN;
  const p = ratio * 100;
  return `${p > 0 && p < 1 ? "<1" : Math.round(p)}${THIN}%`;
}

/** A change with its sign: +274 %. */
export function change(ratio: Num): string {
  if (!known(ratio)) return UNKNOWN;
  const p = Math.round(ratio * 100);
  return `${p > 0 ? "+" : p < 0 ? MINUS : "±"}${grouped(Math.abs(p))}${THIN}%`;
}

export function bytes(value: Num): string {
  if (!known(value)) return UNKNOWN;
  const units = ["B", "KB", "MB", "GB", "TB", "PB"];
  let size = Math.abs(value);
  let i = 0;
  while (size >= 999.5 && i < units.length - 1) {
    size /= 1000;
    i += 1;
  }
  return `${value < 0 ? MINUS : ""}${i === 0 ? Math.round(size) : Number(size.toPrecision(size < 10 ? 2 : 3))} ${units[i]}`;
}

export function rate(value: Num, unit: string): string {
  return known(value) ? `${count(value)}${unit}` : UNKNOWN;
}

/** First 8 digits of an id; the copy button gives all. */
export function shortId(id: string): string {
  return id.slice(0, 8);
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** A value in one of the units the API names. */
export function inUnit(value: Num, unit: string): string {
  if (!known(value)) return UNKNOWN;
  switch (unit) {
    case "usd":
      return money(value);
    case "usd_per_h":
      return moneyPerHour(value);
    case "ratio":
      return percent(value);
    case "ms":
      return duration(value);
    case "bytes":
      return bytes(value);
    case "per_h":
      return `${count(value)}/h`;
    case "tokens":
    case "tokens_per_h":
    case "count":
    case "score":
    case "":
      return count(value);
    default:
      return `${count(value)} ${unit}`;
  }
}
