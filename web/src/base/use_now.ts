import { useEffect, useState } from "react";
import { nowMs } from "./clock";

/** Now in ms, renewed every `periodMs` while the tab is visible. */
export function useNow(periodMs = 1000): number {
  const [now, setNow] = useState(nowMs);
  useEffect(() => {
    const tick = () => {
      if (!document.hidden) setNow(nowMs());
    };
    const timer = setInterval(tick, periodMs);
    document.addEventListener("visibilitychange", tick);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", tick);
    };
  }, [periodMs]);
  return now;
}
