// Telemetry is hostile input: it is shown as text and nothing else. Characters that would reorder or
// hide text become visible symbols; what is copied stays the raw value.

const C0_PICTURES = 0x2400;
// Bidirectional overrides and isolates, zero-width characters, line separators, byte order mark.
const INVISIBLE = /[\u0000-\u001f\u007f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** One line of text that is safe to show: control and bidi characters replaced by symbols. */
export function visibleLine(raw: string): string {
  return raw.replace(INVISIBLE, symbolFor);
}

/** As `visibleLine`, but keeps line breaks and tabs: for blocks that wrap. */
export function visibleBlock(raw: string): string {
  return raw.replace(INVISIBLE, (c) => (c === "\n" || c === "\t" ? c : c === "\r" ? "" : symbolFor(c)));
}

function symbolFor(c: string): string {
  const code = c.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(C0_PICTURES + code);
  if (code === 0x7f) return "\u2421";
  return "\u25cc";
}

export const NAME_MAX = 48;

/** Shortens in the middle, so that both the beginning and the number at the end stay readable. */
export function middleEllipsis(raw: string, max = NAME_MAX): string {
  const text = visibleLine(raw.length > 4 * max ? raw.slice(0, 2 * max) + raw.slice(-2 * max) : raw);
  const characters = [...text];
  if (characters.length <= max) return text;
  const head = Math.ceil((max - 1) * 0.6);
  const tail = max - 1 - head;
  return `${characters.slice(0, head).join("")}…${characters.slice(-tail).join("")}`;
}
