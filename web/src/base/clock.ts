// The page's only clock. Times from the server are nanoseconds as decimal strings: they exceed what a
// double holds exactly, so they stay strings until they are shown, and become milliseconds then.

let skewMs = 0;

/** Tells the clock the server's time; later `nowMs` answers in it. */
export function adoptServerTime(unixNs: string): void {
  skewMs = nsToMs(unixNs) - Date.now();
}

/** How far this machine's clock lies behind the server's, in ms. */
export function clockSkewMs(): number {
  return skewMs;
}

/** Now, in the server's time, ms since 1970. */
export function nowMs(): number {
  return Date.now() + skewMs;
}

/** Decimal nanoseconds to milliseconds; the fraction below a microsecond is lost. */
export function nsToMs(unixNs: string): number {
  return Number(BigInt(unixNs) / 1000n) / 1000;
}

/** Milliseconds to decimal nanoseconds. */
export function msToNs(ms: number): string {
  return (BigInt(Math.round(ms * 1000)) * 1000n).toString();
}
