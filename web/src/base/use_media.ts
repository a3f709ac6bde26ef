import { useSyncExternalStore } from "react";

export const PHONE = "(max-width: 639px)";
export const NARROW = "(max-width: 1279px)";
export const TIGHT = "(max-width: 1399px)";
export const REDUCED_MOTION = "(prefers-reduced-motion: reduce)";

/** True while the media query matches. */
export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const media = matchMedia(query);
      media.addEventListener("change", listener);
      return () => media.removeEventListener("change", listener);
    },
    () => matchMedia(query).matches,
    () => false,
  );
}
