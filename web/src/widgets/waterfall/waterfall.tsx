import { useCallback, useEffect, useImperativeHandle, useLayoutEffect, useMemo, useRef, useState } from "react";
import { duration } from "@/base/format";
import { useSize } from "@/base/use_size";
import { useTokens } from "@/base/use_tokens";
import { Coverage } from "./coverage";
import { ROW_PX, drawBars, rulerTicks, timeToX } from "./draw";
import { type Folds, FOLD_ABOVE, FOLD_TURNS, NO_FOLDS } from "./folds";
import { Minimap } from "./minimap";
import { criticalBySpan, colouredAgents, rowFacts, waitsBySpan } from "./row_facts";
import { RowView } from "./row_view";
import { type Row, type RowState, buildRows, reveal, rowKey } from "./rows";
import { type TraceData, subtreeTotals } from "./trace_data";
import { useView } from "./use_view";
import { useWaterfallKeys } from "./use_keys";
import "./waterfall.css";

export interface WaterfallHandle {
  focus(): void;
}

interface Props {
  data: TraceData;
  folds: Folds;
  foldRepeats: boolean;
  critical: boolean;
  onlyCritical: boolean;
  selected: number | null;
  onSelect: (span: number) => void;
  /** Spans that a search found, ascending; null when nothing is searched. */
  hits: number[] | null;
  onToggleCritical: () => void;
  ref?: React.Ref<WaterfallHandle>;
}

const OVERSCAN = 10;
const WINDOW_STEP = 5;
const EMPTY: ReadonlySet<number> = new Set();

/** Tree and bars of a trace. Only visible rows exist as elements; bars are one canvas over the same rows. */
export function Waterfall(props: Props) {
  const { data, selected, onSelect, hits } = props;
  const folds = props.foldRepeats ? props.folds : NO_FOLDS;
  const [state, setState] = useState<RowState>(() => initialState(data, props.folds));
  const only = useMemo(() => onlyRows(data, props.onlyCritical, hits), [data, props.onlyCritical, hits]);
  const rows = useMemo(() => buildRows(data, folds, { ...state, only }), [data, folds, state, only]);
  const rowOfSpan = useMemo(() => indexRows(rows), [rows]);
  const selectedRow = selected === null ? -1 : (rowOfSpan.get(selected) ?? -1);
  const [cursor, setCursor] = useState<number | null>(null);
  const at = cursor ?? selectedRow;
  const control = useView(data.totalNs);
  const coloured = useMemo(() => colouredAgents(data), [data]);
  const [scroller, size] = useSize<HTMLDivElement>();
  const [bars, barSize] = useSize<HTMLDivElement>();
  const { first, last } = useRowWindow(scroller, size.height, rows.length);
  const canvas = useCanvas({ props, rows, first, last, width: barSize.width, control, coloured });
  const facts = useMemo(() => ({ totals: subtreeTotals(data), cache: new Map<string, ReturnType<typeof rowFacts>>() }), [data]);

  const show = useCallback(
    (index: number) => {
      const element = scroller.current;
      if (!element) return;
      const top = index * ROW_PX;
      if (top < element.scrollTop + ROW_PX) element.scrollTop = top - ROW_PX * 3;
      else if (top > element.scrollTop + element.clientHeight - 2 * ROW_PX) element.scrollTop = top - element.clientHeight + ROW_PX * 4;
    },
    [scroller],
  );
  const select = useCallback(
    (index: number) => {
      const row = rows[index];
      if (!row) return;
      setCursor(row.type === "span" ? null : index);
      onSelect(row.type === "span" ? row.span : (row.fold.members[0] ?? 0));
    },
    [rows, onSelect],
  );
  const toggle = useCallback((index: number, deep = false) => setState((old) => toggled(data, rows[index], old, deep)), [data, rows]);

  // A selection that has no row (inside a fold or a closed subtree) opens what hides it.
  useEffect(() => {
    if (selected === null || cursor !== null) return;
    if (selectedRow >= 0) show(selectedRow);
    else if (only === null) setState((old) => ({ ...old, ...reveal(data, folds, selected, old) }));
    else setCursor(null);
  }, [selected, selectedRow, data, folds, show, cursor, only]);

  useImperativeHandle(props.ref, () => ({ focus: () => scroller.current?.focus() }), [scroller]);
  useWaterfallKeys({ data, rows, folds, at, select, toggle, show, control, hits, onSelect, setCursor, selected, onToggleCritical: props.onToggleCritical });

  const onWheel = (event: React.WheelEvent) => {
    if (!event.ctrlKey || !bars.current) return;
    const rect = bars.current.getBoundingClientRect();
    const centre = control.view.from + ((event.clientX - rect.left) / rect.width) * (control.view.to - control.view.from);
    control.zoom(event.deltaY < 0 ? 0.6 : -0.6, centre);
  };
  const hitSet = useMemo(() => new Set(hits ?? []), [hits]);
  return (
    <div className="wf" onWheel={onWheel}>
      <Minimap data={data} control={control} coloured={coloured} critical={props.critical} />
      <div className="wf-head">
        <div className="wf-head-tree">
          Span<span>tokens, cost</span>
        </div>
        <Ruler control={control} boxRef={bars} width={barSize.width} />
      </div>
      <div
        className="wf-scroll"
        ref={scroller}
        tabIndex={0}
        role="treegrid"
        aria-label="Spans of the trace"
        aria-rowcount={rows.length}
        {...(at >= first && at < last ? { "aria-activedescendant": `wf-row-${at}` } : {})}
      >
        <div className="wf-space" role="rowgroup" style={{ height: rows.length * ROW_PX }}>
          {rows.slice(first, last).map((row, i) => (
            <RowView
              key={rowKey(row)}
              row={row}
              facts={rowFacts(data, row, coloured, facts)}
              index={first + i}
              top={(first + i) * ROW_PX}
              selected={first + i === at}
              hit={row.type === "span" && hitSet.has(row.span)}
              onSelect={select}
              onToggle={toggle}
            />
          ))}
          <canvas className="wf-bars" ref={canvas} aria-hidden="true" style={{ transform: `translateY(${first * ROW_PX}px)` }} />
        </div>
      </div>
      {rows.length * ROW_PX > size.height && <ErrorTrack data={data} rows={rows} hits={hitSet} onJump={(i) => select(i)} />}
    </div>
  );
}

function initialState(data: TraceData, folds: Folds): RowState {
  const openFolds = data.count > FOLD_ABOVE ? EMPTY : new Set(folds.list.filter((f) => f.turns <= FOLD_TURNS).map((f) => f.id));
  return { collapsed: EMPTY, openFolds, fullFolds: EMPTY, only: null };
}

function onlyRows(data: TraceData, onlyCritical: boolean, hits: number[] | null): ReadonlySet<number> | null {
  if (!onlyCritical && hits === null) return null;
  const seeds = hits ?? data.criticalPath.map((p) => p.span);
  const shown = new Set<number>();
  for (const seed of seeds) for (let at = seed; at >= 0 && !shown.has(at); at = data.parent[at] ?? -1) shown.add(at);
  return shown;
}

function indexRows(rows: Row[]): Map<number, number> {
  const index = new Map<number, number>();
  rows.forEach((row, i) => {
    if (row.type === "span") index.set(row.span, i);
  });
  return index;
}

function toggled(data: TraceData, row: Row | undefined, old: RowState, deep: boolean): RowState {
  if (!row) return old;
  if (row.type === "more") return { ...old, fullFolds: new Set(old.fullFolds).add(row.fold.id) };
  if (row.type === "fold") {
    const openFolds = new Set(old.openFolds);
    const fullFolds = new Set(old.fullFolds);
    if (!openFolds.delete(row.fold.id)) openFolds.add(row.fold.id);
    else fullFolds.delete(row.fold.id);
    return { ...old, openFolds, fullFolds };
  }
  const collapsed = new Set(old.collapsed);
  const open = collapsed.has(row.span);
  const end = deep ? (data.subtreeEnd[row.span] ?? row.span + 1) : row.span + 1;
  for (let s = row.span; s < end; s += 1) {
    if (open) collapsed.delete(s);
    else if ((data.subtreeEnd[s] ?? 0) > s + 1) collapsed.add(s);
  }
  return { ...old, collapsed };
}

/** First and last row to render; moves in steps, so that most scroll frames change nothing. */
function useRowWindow(scroller: React.RefObject<HTMLDivElement | null>, height: number, count: number) {
  const [first, setFirst] = useState(0);
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const update = () => {
      const row = Math.floor(element.scrollTop / ROW_PX) - OVERSCAN;
      setFirst(Math.max(0, Math.floor(row / WINDOW_STEP) * WINDOW_STEP));
    };
    update();
    element.addEventListener("scroll", update, { passive: true });
    return () => element.removeEventListener("scroll", update);
  }, [scroller]);
  const shown = Math.ceil(height / ROW_PX) + 2 * OVERSCAN + WINDOW_STEP;
  const start = Math.min(first, Math.max(0, count - shown));
  return { first: Math.max(0, start), last: Math.min(count, Math.max(0, start) + shown) };
}

function useCanvas(input: {
  props: Props;
  rows: Row[];
  first: number;
  last: number;
  width: number;
  control: ReturnType<typeof useView>;
  coloured: ReadonlySet<number>;
}) {
  const { props, rows, first, last, width, control, coloured } = input;
  const ref = useRef<HTMLCanvasElement>(null);
  const token = useTokens();
  const { data } = props;
  const coverage = useMemo(() => new Coverage(data), [data]);
  const critical = useMemo(() => (props.critical ? criticalBySpan(data) : null), [data, props.critical]);
  const waits = useMemo(() => waitsBySpan(data), [data]);
  useLayoutEffect(() => {
    const context = ref.current?.getContext("2d");
    if (!context || width === 0) return;
    drawBars(context, {
      data, rows, first, last, offset: 0, width, height: (last - first) * ROW_PX, view: control.view, token, coverage,
      critical, waits, dimOthers: props.onlyCritical, coloured, ticks: rulerTicks(control.view, width),
    });
  }, [data, rows, first, last, width, control.view, token, coverage, critical, waits, props.onlyCritical, coloured]);
  return ref;
}

function Ruler({ control, boxRef, width }: { control: ReturnType<typeof useView>; boxRef: React.RefObject<HTMLDivElement | null>; width: number }) {
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null);
  const { view } = control;
  const start = (event: React.PointerEvent<HTMLDivElement>) => {
    const target = event.currentTarget;
    const rect = target.getBoundingClientRect();
    const x0 = event.clientX - rect.left;
    target.setPointerCapture(event.pointerId);
    let x1 = x0;
    const move = (e: PointerEvent) => {
      x1 = e.clientX - rect.left;
      setDrag({ from: Math.min(x0, x1), to: Math.max(x0, x1) });
    };
    const up = () => {
      target.removeEventListener("pointermove", move);
      setDrag(null);
      const ns = (x: number) => view.from + (x / rect.width) * (view.to - view.from);
      if (Math.abs(x1 - x0) > 4) control.set({ from: ns(Math.min(x0, x1)), to: ns(Math.max(x0, x1)) });
    };
    target.addEventListener("pointermove", move);
    target.addEventListener("pointerup", up, { once: true });
  };
  return (
    <div className="wf-ruler" ref={boxRef} onPointerDown={start} onDoubleClick={control.reset} title="Drag to zoom, double click for all">
      {rulerTicks(view, width).map((t) => {
        const x = timeToX(t, view, width);
        return x < width - 24 ? (
          <span key={t} style={{ transform: `translateX(${x}px)` }}>
            {t === 0 ? "0" : duration(t / 1e6)}
          </span>
        ) : null;
      })}
      {drag && <i className="wf-ruler-drag" style={{ left: drag.from, width: drag.to - drag.from }} />}
    </div>
  );
}

/** Red ticks where errors lie, violet where hits lie, beside the scrollbar. */
function ErrorTrack({ data, rows, hits, onJump }: { data: TraceData; rows: Row[]; hits: ReadonlySet<number>; onJump: (row: number) => void }) {
  const marks = useMemo(() => {
    const found: { row: number; hit: boolean }[] = [];
    let before = -1;
    rows.forEach((row, i) => {
      if (row.type !== "span") return;
      const hit = hits.has(row.span);
      if (!hit && data.status[row.span] !== 2) return;
      const place = Math.floor((i / rows.length) * 300);
      if (place === before && !hit) return;
      before = place;
      found.push({ row: i, hit });
    });
    return found.slice(0, 300);
  }, [data, rows, hits]);
  return (
    <div className="wf-track" aria-hidden="true">
      {marks.map((m) => (
        <i key={m.row} className={m.hit ? "hit" : ""} style={{ top: `${(m.row / rows.length) * 100}%` }} onClick={() => onJump(m.row)} />
      ))}
    </div>
  );
}
