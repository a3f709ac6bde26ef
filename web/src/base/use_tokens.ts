import { useMemo } from "react";
import { useTheme } from "./theme";

/** Reads a design token's current value, e.g. `token("--a1")` → "#0073ba". */
export type TokenReader = (name: string) => string;

/** Tokens for canvas code; a new reader after each change of theme, so effects redraw. */
export function useTokens(): TokenReader {
  const theme = useTheme();
  return useMemo(() => {
    const cache = new Map<string, string>();
    const style = getComputedStyle(document.documentElement);
    void theme;
    return (name: string) => {
      const hit = cache.get(name);
      if (hit !== undefined) return hit;
      const value = style.getPropertyValue(name).trim();
      cache.set(name, value);
      return value;
    };
  }, [theme]);
}
