import { useEffect } from "react";
import { createStore, useStore } from "@/base/store";
import { Button } from "./controls";
import "./toast.css";

interface Notice {
  id: number;
  text: string;
  undo: (() => void) | null;
}

const SHOWN_MS = 10_000;
const notice = createStore<Notice | null>(null);
let next = 1;

/** Says what was done, for 10 s; with a way back where there is one. */
export function announce(text: string, undo: (() => void) | null = null): void {
  notice.set({ id: next, text, undo });
  next += 1;
}

export function ToastRegion() {
  const shown = useStore(notice);
  useEffect(() => {
    if (!shown) return;
    const timer = setTimeout(() => notice.get()?.id === shown.id && notice.set(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [shown]);
  return (
    <div className="toasts" role="status" aria-live="polite">
      {shown && (
        <div className="toast">
          <span>{shown.text}</span>
          {shown.undo && (
            <Button
              kind="ghost"
              onClick={() => {
                shown.undo?.();
                notice.set(null);
              }}
            >
              Undo
            </Button>
          )}
          <Button kind="ghost" aria-label="Dismiss" onClick={() => notice.set(null)}>
            Close
          </Button>
        </div>
      )}
    </div>
  );
}
