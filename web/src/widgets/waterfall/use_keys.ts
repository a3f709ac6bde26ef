import { type Hotkey, useHotkeys } from "@/base/hotkeys";
import type { Folds } from "./folds";
import type { Row } from "./rows";
import { STATUS, type TraceData } from "./trace_data";
import type { ViewControl } from "./use_view";

interface Input {
  data: TraceData;
  rows: Row[];
  folds: Folds;
  at: number;
  selected: number | null;
  hits: number[] | null;
  control: ViewControl;
  select: (row: number) => void;
  toggle: (row: number, deep?: boolean) => void;
  show: (row: number) => void;
  onSelect: (span: number) => void;
  setCursor: (row: number | null) => void;
  onToggleCritical: () => void;
}

const GROUP = "Trace";

/** The keys of the waterfall; listed in the keyboard map by `?`. */
export function useWaterfallKeys(input: Input): void {
  const { data, rows, at, control } = input;
  const move = (by: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, at + by));
    input.select(next);
    input.show(next);
  };
  const jump = (spans: Iterable<number>, forward: boolean) => {
    const list = [...spans];
    const from = input.selected ?? (forward ? -1 : data.count);
    const target = forward ? list.find((s) => s > from) ?? list[0] : list.findLast((s) => s < from) ?? list[list.length - 1];
    if (target === undefined) return;
    input.setCursor(null);
    input.onSelect(target);
  };
  const expand = (deep: boolean) => {
    const row = rows[at];
    if (row?.expandable && !row.expanded) input.toggle(at, deep);
    else if (row?.expanded) move(1);
  };
  const collapse = () => {
    const row = rows[at];
    if (!row) return;
    if (row.expanded) return input.toggle(at);
    for (let i = at - 1; i >= 0; i -= 1) if ((rows[i]?.depth ?? 0) < row.depth) return input.select(i);
  };
  const fit = () => {
    const row = rows[at];
    if (!row) return;
    const first = row.type === "span" ? row.span : (row.fold.members[0] ?? 0);
    const last = row.type === "span" ? row.span : (row.fold.members[row.fold.members.length - 1] ?? first);
    const from = data.start[first] ?? 0;
    const to = data.end[last] ?? 0;
    control.set({ from: from - (to - from) * 0.1, to: to + (to - from) * 0.15 });
  };
  const key = (keys: string, title: string, run: () => void): Hotkey => ({ keys, title, group: GROUP, run });
  useHotkeys([
    key("ArrowDown", "Next row", () => move(1)),
    key("ArrowUp", "Previous row", () => move(-1)),
    key("j", "Next row", () => move(1)),
    key("k", "Previous row", () => move(-1)),
    key("ArrowRight", "Open", () => expand(false)),
    key("Shift+ArrowRight", "Open the subtree", () => expand(true)),
    key("ArrowLeft", "Close, or to the parent", collapse),
    key("Enter", "Open or close", () => input.toggle(at)),
    key("e", "Next error", () => jump(errors(data), true)),
    key("E", "Previous error", () => jump(errors(data), false)),
    key("l", "Next loop", () => jump(input.folds.list.map((f) => f.members[0] ?? 0).sort((a, b) => a - b), true)),
    key("n", "Next hit", () => jump(input.hits ?? [], true)),
    key("N", "Previous hit", () => jump(input.hits ?? [], false)),
    key("c", "Critical path", input.onToggleCritical),
    key("w", "Zoom in", () => control.zoom(1)),
    key("s", "Zoom out", () => control.zoom(-1)),
    key("a", "Earlier", () => control.pan(-0.25)),
    key("d", "Later", () => control.pan(0.25)),
    key("f", "Fit the selection", fit),
    key("0", "Show all of the time", control.reset),
  ]);
}

/** Failed spans, leaves of the failure first in order: an error whose child also failed is its consequence. */
export function errors(data: TraceData): number[] {
  const found: number[] = [];
  for (let i = 0; i < data.count; i += 1) if (data.status[i] === STATUS.error) found.push(i);
  return found;
}
