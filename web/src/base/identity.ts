// Who an agent is to the eye: one of 8 muted hues and 4 glyphs, always beside its name.

export const GLYPHS = ["circle", "square", "diamond", "triangle"] as const;
export type Glyph = (typeof GLYPHS)[number];

const HUES = 8;

/** The token that holds the hue of a slot, e.g. `--a3`. */
export function hueToken(slot: number): string {
  return `--a${(Math.abs(Math.trunc(slot)) % HUES) + 1}`;
}

/** CSS value of the hue of a slot. */
export function hueVar(slot: number): string {
  return `var(${hueToken(slot)})`;
}

export function glyphOf(slot: number): Glyph {
  return GLYPHS[Math.trunc(Math.abs(slot) / HUES) % GLYPHS.length] ?? "circle";
}

/** SVG path of a glyph in a 10 x 10 box; also drawn on canvas through Path2D. */
export function glyphPath(glyph: Glyph): string {
  switch (glyph) {
    case "circle":
      return "M5 .8a4.2 4.2 0 1 0 0 8.4 4.2 4.2 0 0 0 0-8.4Z";
    case "square":
      return "M2.4 1h5.2A1.4 1.4 0 0 1 9 2.4v5.2A1.4 1.4 0 0 1 7.6 9H2.4A1.4 1.4 0 0 1 1 7.6V2.4A1.4 1.4 0 0 1 2.4 1Z";
    case "diamond":
      return "M5 .3 9.7 5 5 9.7.3 5Z";
    case "triangle":
      return "M5 .8 9.6 9.2H.4Z";
  }
}
