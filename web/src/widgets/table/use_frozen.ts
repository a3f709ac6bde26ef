import { useEffect, useMemo, useRef, useState } from "react";
import { type Frozen, freezeOrder } from "./frozen_order";

const AFTER_MS = 2000;

/** Freezes a list's order while the pointer or the focus is in it and for 2 s after. */
export function useFrozenOrder<T>(incoming: T[], keyOf: (row: T) => string) {
  const [held, setHeld] = useState(false);
  const [release, setRelease] = useState(0);
  const shown = useRef<Frozen<T>["rows"]>([]);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const frozen = useMemo(() => freezeOrder(shown.current, incoming, keyOf, held), [incoming, keyOf, held, release]);
  useEffect(() => {
    shown.current = frozen.rows;
  }, [frozen]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const enter = () => {
    clearTimeout(timer.current);
    setHeld(true);
  };
  const leave = () => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setHeld(false), AFTER_MS);
  };
  return {
    ...frozen,
    /** Shows the newcomers now, at their place. */
    showAll: () => {
      shown.current = [];
      setRelease((n) => n + 1);
    },
    handlers: { onPointerEnter: enter, onPointerLeave: leave, onFocus: enter, onBlur: leave },
  };
}
