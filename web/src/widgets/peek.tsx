import { X } from "lucide-react";
import type { ReactNode } from "react";
import { useHotkeys } from "@/base/hotkeys";
import { getPrefs, setPrefs, usePrefs } from "@/base/prefs";
import "./peek.css";

const WIDTH_MIN = 300;
const WIDTH_MAX = 760;

interface Props {
  main: ReactNode;
  /** Null: the panel is closed and the list has all the room. */
  panel: ReactNode | null;
  title?: ReactNode;
  onClose?: (() => void) | undefined;
  label: string;
}

/** A view with a side panel: beside it where there is room, never over what is wrong. */
export function Split({ main, panel, title, onClose, label }: Props) {
  const width = usePrefs().detailWidth;
  useHotkeys([{ keys: "Escape", title: "Close the panel", group: "General", run: () => onClose?.() }], panel !== null && onClose !== undefined);
  const drag = (event: React.PointerEvent<HTMLDivElement>) => {
    const target = event.currentTarget;
    const start = event.clientX;
    const before = getPrefs().detailWidth;
    target.setPointerCapture(event.pointerId);
    const move = (e: PointerEvent) => setPrefs({ detailWidth: Math.max(WIDTH_MIN, Math.min(WIDTH_MAX, before + start - e.clientX)) });
    target.addEventListener("pointermove", move);
    target.addEventListener("pointerup", () => target.removeEventListener("pointermove", move), { once: true });
  };
  const onKey = (event: React.KeyboardEvent) => {
    const step = event.key === "ArrowLeft" ? 24 : event.key === "ArrowRight" ? -24 : 0;
    if (step === 0) return;
    event.stopPropagation();
    setPrefs({ detailWidth: Math.max(WIDTH_MIN, Math.min(WIDTH_MAX, width + step)) });
  };
  return (
    <div className="split">
      <div className="split-main">{main}</div>
      {panel !== null && (
        <aside className="split-panel" aria-label={label} style={{ width }}>
          <div
            className="split-grip"
            role="separator"
            aria-orientation="vertical"
            aria-label="Width of the panel"
            aria-valuenow={width}
            aria-valuemin={WIDTH_MIN}
            aria-valuemax={WIDTH_MAX}
            tabIndex={0}
            onPointerDown={drag}
            onKeyDown={onKey}
          />
          {(title !== undefined || onClose) && (
            <div className="split-head">
              <div className="grow">{title}</div>
              {onClose && (
                <button type="button" className="btn ghost icon" aria-label="Close panel" onClick={onClose}>
                  <X size={14} />
                </button>
              )}
            </div>
          )}
          <div className="split-body">{panel}</div>
        </aside>
      )}
    </div>
  );
}

/** A titled part of a panel. */
export function PanelSection({ title, aside, children }: { title?: ReactNode; aside?: ReactNode; children: ReactNode }) {
  return (
    <section className="panel-section">
      {title !== undefined && (
        <h2>
          {title}
          {aside !== undefined && <span className="t3 panel-aside">{aside}</span>}
        </h2>
      )}
      {children}
    </section>
  );
}
