import { ChevronDown, ChevronRight } from "lucide-react";
import { useMemo, useState } from "react";
import { bytes, plural } from "@/base/format";
import { visibleBlock, visibleLine } from "@/base/text";
import "./json_view.css";

const CHILDREN_MAX = 200;
const OPEN_DEPTH = 2;

/** JSON as folded lines, other text as it is; both only ever as text. */
export function DataBlock({ text, size, onLoadAll }: { text: string; size?: number; onLoadAll?: () => void }) {
  const parsed = useMemo(() => parse(text), [text]);
  const cut = size !== undefined && size > text.length && onLoadAll;
  return (
    <div className="data-block">
      {parsed === undefined ? <pre className="tel">{visibleBlock(text)}</pre> : <div className="json"><Value value={parsed} depth={0} /></div>}
      {cut && (
        <button type="button" className="link data-more" onClick={onLoadAll}>
          Load all {bytes(size)}
        </button>
      )}
    </div>
  );
}

function parse(text: string): unknown {
  const first = text.trimStart()[0];
  if (first !== "{" && first !== "[") return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function Value({ value, depth, name }: { value: unknown; depth: number; name?: string }) {
  const [open, setOpen] = useState(depth < OPEN_DEPTH);
  const label = name === undefined ? null : <span className="json-key tel">{visibleLine(name)}: </span>;
  if (value === null || typeof value !== "object") {
    return (
      <div className="json-line">
        {label}
        <Scalar value={value} />
      </div>
    );
  }
  const entries = Array.isArray(value) ? value.map((v, i) => [String(i), v] as const) : Object.entries(value);
  const [before, after] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  if (entries.length === 0) return <div className="json-line">{label}{before}{after}</div>;
  return (
    <div>
      <button type="button" className="json-line json-fold" aria-expanded={open} onClick={() => setOpen(!open)}>
        {open ? <ChevronDown size={11} /> : <ChevronRight size={11} />}
        {label}
        {open ? before : <span className="t3">{before} {plural(entries.length, "entry", "entries")} {after}</span>}
      </button>
      {open && (
        <div className="json-children">
          {entries.slice(0, CHILDREN_MAX).map(([k, v]) => (
            <Value key={k} name={k} value={v} depth={depth + 1} />
          ))}
          {entries.length > CHILDREN_MAX && <div className="t3">first {CHILDREN_MAX} of {entries.length}</div>}
        </div>
      )}
      {open && <div className="json-line">{after}</div>}
    </div>
  );
}

function Scalar({ value }: { value: unknown }) {
  if (typeof value === "string") return <span className="tel">"{visibleBlock(value)}"</span>;
  return <span className="t3">{String(value)}</span>;
}
