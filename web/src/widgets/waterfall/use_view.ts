import { useCallback, useMemo, useState } from "react";
import type { View } from "./draw";

const ZOOM_STEP = 1.4;
const SPAN_NS_MIN = 1000;

export interface ViewControl {
  view: View;
  set(view: View): void;
  reset(): void;
  zoom(factor: number, centre?: number): void;
  pan(share: number): void;
  isWhole: boolean;
}

/** The stretch of time that the waterfall shows; never wider than the trace. */
export function useView(totalNs: number): ViewControl {
  const [view, setView] = useState<View | null>(null);
  const set = useCallback(
    (next: View) => {
      const length = Math.max(SPAN_NS_MIN, Math.min(totalNs, next.to - next.from));
      const from = Math.max(0, Math.min(next.from, totalNs - length));
      setView(length >= totalNs ? null : { from, to: from + length });
    },
    [totalNs],
  );
  return useMemo(() => {
    const current = view ?? { from: 0, to: totalNs };
    return {
      view: current,
      set,
      reset: () => setView(null),
      zoom(factor: number, centre = (current.from + current.to) / 2) {
        const scale = factor > 0 ? 1 / ZOOM_STEP ** factor : ZOOM_STEP ** -factor;
        set({ from: centre - (centre - current.from) * scale, to: centre + (current.to - centre) * scale });
      },
      pan(share: number) {
        const by = (current.to - current.from) * share;
        set({ from: current.from + by, to: current.to + by });
      },
      isWhole: view === null,
    };
  }, [view, totalNs, set]);
}
