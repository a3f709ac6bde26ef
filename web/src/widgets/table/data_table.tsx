import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp } from "lucide-react";
import { type ReactNode, memo, useMemo, useRef, useState } from "react";
import { plural } from "@/base/format";
import { useHotkeys } from "@/base/hotkeys";
import { usePrefs } from "@/base/prefs";
import { NARROW, PHONE, useMedia } from "@/base/use_media";
import { useFrozenOrder } from "./use_frozen";
import "./table.css";

export interface Column<T> {
  id: string;
  title: ReactNode;
  /** A CSS grid track: "minmax(160px, 2fr)", "72px". */
  width: string;
  align?: "right";
  /** The server's sort field; absent: not sortable. */
  sort?: string;
  /** Hidden below these widths. */
  hide?: "phone" | "narrow";
  render: (row: T) => ReactNode;
}

interface Props<T> {
  label: string;
  columns: Column<T>[];
  rows: T[];
  keyOf: (row: T) => string;
  sort?: string | undefined;
  onSort?: (sort: string) => void;
  selected?: string | null;
  /** Row click and `o`. */
  onPeek?: (row: T) => void;
  /** Enter and double click. */
  onOpen?: (row: T) => void;
  checked?: ReadonlySet<string>;
  onCheck?: (row: T) => void;
  groupOf?: (row: T) => string | null;
  renderGroup?: (name: string) => ReactNode;
  onEnd?: () => void;
  empty?: ReactNode;
  /** Bind j, k, Enter, o, x while mounted; one list a page. */
  keys?: boolean;
  fill?: boolean;
}

type Item<T> = { kind: "group"; name: string } | { kind: "row"; row: T; gone: boolean };

const VIRTUAL_FROM = 100;

/** The list of every page: sticky head, sorted by the server, virtual from 100 rows, never jumping under the pointer. */
export function DataTable<T>(props: Props<T>) {
  const { keyOf, selected = null } = props;
  const columns = useShownColumns(props.columns);
  const density = usePrefs().density;
  const rowPx = density === "compact" ? 24 : 32;
  const { rows, newcomers, showAll, handlers } = useFrozenOrder(props.rows, keyOf);
  const items = useMemo(() => withGroups(rows, props.groupOf), [rows, props.groupOf]);
  const scroller = useRef<HTMLDivElement>(null);
  const [cursor, setCursor] = useState(-1);
  const virtual = items.length >= VIRTUAL_FROM;
  const virtualizer = useVirtualizer({ count: virtual ? items.length : 0, getScrollElement: () => scroller.current, estimateSize: () => rowPx, overscan: 12 });
  const template = useMemo(() => ({ gridTemplateColumns: columns.map((c) => c.width).join(" "), minWidth: widthMin(columns) }), [columns]);
  const act = useActions(props, setCursor);
  useTableKeys({ props, items, cursor, setCursor, onShow: (i) => (virtual ? virtualizer.scrollToIndex(i) : scroller.current?.querySelector(`[data-index="${i}"]`)?.scrollIntoView({ block: "nearest" })) });
  const renderItem = (item: Item<T>, index: number, top?: number) =>
    item.kind === "group" ? (
      <div key={`g ${item.name}`} className="dt-group" role="row" style={placed(top)}>
        <div role="gridcell">{props.renderGroup?.(item.name) ?? item.name}</div>
      </div>
    ) : (
      <Row
        key={keyOf(item.row)}
        row={item.row}
        rowKey={keyOf(item.row)}
        gone={item.gone}
        index={index}
        top={top}
        columns={columns as Column<unknown>[]}
        template={template}
        act={act as Actions<unknown>}
        opens={Boolean(props.onPeek ?? props.onOpen)}
        selected={selected === keyOf(item.row)}
        cursor={cursor === index}
      />
    );
  const onScroll = (event: React.UIEvent<HTMLDivElement>) => {
    const e = event.currentTarget;
    if (e.scrollHeight - e.scrollTop - e.clientHeight < 400) props.onEnd?.();
  };
  return (
    <div className={`dt ${density} ${props.fill ? "dt-fill" : ""}`} {...handlers}>
      {newcomers > 0 && (
        <button type="button" className="dt-new" onClick={showAll}>
          {plural(newcomers, "new row")} · show
        </button>
      )}
      <div className="dt-scroll" ref={scroller} onScroll={onScroll} role="grid" aria-label={props.label} aria-rowcount={items.length + 1} tabIndex={0}>
        <div className="dt-head" role="row" style={template}>
          {columns.map((c) => (
            <HeadCell key={c.id} column={c} sort={props.sort} onSort={props.onSort} />
          ))}
        </div>
        {items.length === 0 && props.empty && (
          <div role="row">
            <div role="gridcell">{props.empty}</div>
          </div>
        )}
        {virtual ? (
          <div style={{ height: virtualizer.getTotalSize(), position: "relative" }} role="rowgroup">
            {virtualizer.getVirtualItems().map((v) => {
              const item = items[v.index];
              return item ? renderItem(item, v.index, v.start) : null;
            })}
          </div>
        ) : (
          <div role="rowgroup">{items.map((item, i) => renderItem(item, i))}</div>
        )}
      </div>
    </div>
  );
}

function useShownColumns<T>(columns: Column<T>[]): Column<T>[] {
  const phone = useMedia(PHONE);
  const narrow = useMedia(NARROW);
  return useMemo(() => columns.filter((c) => !(c.hide === "phone" && phone) && !(c.hide === "narrow" && narrow)), [columns, phone, narrow]);
}

const GAP_PX = 12;

/** The least width of a row: below it the table scrolls, and head and rows still agree. */
function widthMin<T>(columns: Column<T>[]): number {
  const tracks = columns.map((c) => Number(/(\d+(?:\.\d+)?)px/.exec(c.width)?.[1] ?? 0));
  return tracks.reduce((a, b) => a + b, 0) + GAP_PX * (columns.length - 1) + 32;
}

function withGroups<T>(rows: { row: T; gone: boolean }[], groupOf: ((row: T) => string | null) | undefined): Item<T>[] {
  if (!groupOf) return rows.map((r) => ({ kind: "row", ...r }));
  const items: Item<T>[] = [];
  const groups = new Map<string, { row: T; gone: boolean }[]>();
  for (const r of rows) {
    const name = groupOf(r.row) ?? "none";
    const list = groups.get(name) ?? [];
    list.push(r);
    groups.set(name, list);
  }
  for (const [name, list] of groups) {
    items.push({ kind: "group", name });
    for (const r of list) items.push({ kind: "row", ...r });
  }
  return items;
}

function HeadCell<T>({ column, sort, onSort }: { column: Column<T>; sort: string | undefined; onSort: ((sort: string) => void) | undefined }) {
  const field = column.sort;
  const descending = field !== undefined && sort === `-${field}`;
  const ascending = field !== undefined && sort === field;
  const state = descending ? "descending" : ascending ? "ascending" : undefined;
  const classes = `dt-cell ${column.align === "right" ? "num" : ""}`;
  return (
    <div role="columnheader" className={classes} aria-sort={state}>
      {field && onSort ? (
        <button type="button" onClick={() => onSort(descending ? field : `-${field}`)}>
          {column.title}
          {descending && <ArrowDown size={11} />}
          {ascending && <ArrowUp size={11} />}
        </button>
      ) : (
        column.title
      )}
    </div>
  );
}

interface Actions<T> {
  click(row: T, index: number, shift: boolean): void;
  open(row: T): void;
}

/** What a row does when used; one object for the table's life, so that rows need not render again. */
function useActions<T>(props: Props<T>, setCursor: (index: number) => void): Actions<T> {
  const latest = useRef(props);
  latest.current = props;
  return useMemo(
    () => ({
      click(row, index, shift) {
        const p = latest.current;
        setCursor(index);
        if (shift && p.onCheck) p.onCheck(row);
        else if (p.onPeek) p.onPeek(row);
        else p.onOpen?.(row);
      },
      open: (row) => latest.current.onOpen?.(row),
    }),
    [setCursor],
  );
}

function placed(top: number | undefined): React.CSSProperties | undefined {
  return top === undefined ? undefined : { position: "absolute", top: 0, left: 0, right: 0, transform: `translateY(${top}px)` };
}

interface RowProps {
  row: unknown;
  rowKey: string;
  gone: boolean;
  index: number;
  top: number | undefined;
  columns: Column<unknown>[];
  template: React.CSSProperties;
  act: Actions<unknown>;
  opens: boolean;
  selected: boolean;
  cursor: boolean;
}

/** Renders only when its data, its place or its marks change; scrolling leaves it alone. */
const Row = memo(function Row({ row, rowKey, gone, index, top, columns, template, act, opens, selected, cursor }: RowProps) {
  const classes = ["dt-row", selected && "selected", cursor && "cursor", gone && "gone", opens && "opens"].filter(Boolean).join(" ");
  return (
    <div
      role="row"
      data-index={index}
      data-key={rowKey}
      className={classes}
      aria-selected={selected}
      aria-rowindex={index + 2}
      style={{ ...template, ...placed(top) }}
      onClick={(event) => {
        if (!(event.target as HTMLElement).closest("a, button, input")) act.click(row, index, event.shiftKey);
      }}
      onDoubleClick={() => act.open(row)}
    >
      {columns.map((c) => (
        <div key={c.id} role="gridcell" className={`dt-cell ${c.align === "right" ? "num" : ""}`}>
          {c.render(row)}
        </div>
      ))}
    </div>
  );
});

function useTableKeys<T>({ props, items, cursor, setCursor, onShow }: { props: Props<T>; items: Item<T>[]; cursor: number; setCursor: (i: number) => void; onShow: (i: number) => void }): void {
  const move = (by: number) => {
    let next = cursor + by;
    while (items[next]?.kind === "group") next += by;
    if (next < 0 || next >= items.length) return;
    setCursor(next);
    onShow(next);
  };
  const withRow = (run: ((row: T) => void) | undefined) => () => {
    const item = items[cursor];
    if (item?.kind === "row") run?.(item.row);
  };
  const group = "List";
  useHotkeys(
    [
      { keys: "j", title: "Next row", group, run: () => move(1) },
      { keys: "k", title: "Previous row", group, run: () => move(-1) },
      { keys: "ArrowDown", title: "Next row", group, run: () => move(1) },
      { keys: "ArrowUp", title: "Previous row", group, run: () => move(-1) },
      { keys: "Enter", title: "Open", group, run: withRow(props.onOpen ?? props.onPeek) },
      { keys: "o", title: "Peek", group, run: withRow(props.onPeek ?? props.onOpen) },
      { keys: "x", title: "Select", group, run: withRow(props.onCheck) },
    ],
    props.keys ?? false,
  );
}
