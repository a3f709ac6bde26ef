import { type Theme, useTheme } from "./theme";

/** Reads a design token's current value, e.g. `token("--a1")` → "#0073ba". */
export type TokenReader = (name: string) => string;

// One reader a theme for the whole page: asking the browser for a computed value costs a style pass.
const readers = new Map<Theme, TokenReader>();

function makeReader(): TokenReader {
  const cache = new Map<string, string>();
  return (name) => {
    const hit = cache.get(name);
    if (hit !== undefined) return hit;
    const value = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    cache.set(name, value);
    return value;
  };
}

/** Tokens for canvas code; another reader after each change of theme, so effects redraw. */
export function useTokens(): TokenReader {
  const theme = useTheme();
  let reader = readers.get(theme);
  if (!reader) {
    reader = makeReader();
    readers.set(theme, reader);
  }
  return reader;
}
