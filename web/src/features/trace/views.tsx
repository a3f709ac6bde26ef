import { Search as SearchIcon } from "lucide-react";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useHotkeys } from "@/base/hotkeys";
import { nsToMs } from "@/base/clock";
import { apiUrl } from "@/api/client";
import type { Skeleton } from "@/api/trace_documents";
import { Button, Kbd, Segments, Switch, buttonClass } from "@/widgets/controls";
import { Split } from "@/widgets/peek";
import { Sequence } from "@/widgets/sequence/sequence";
import { announce } from "@/widgets/toast";
import type { Folds } from "@/widgets/waterfall/folds";
import type { TraceData } from "@/widgets/waterfall/trace_data";
import { Waterfall, type WaterfallHandle } from "@/widgets/waterfall/waterfall";
import { useSearch, useSetSearch } from "@/widgets/url_state";
import { AgentsView } from "./agents_view";
import { ComparePicker } from "./compare_picker";
import { Conversation } from "./conversation";
import { Details } from "./details";
import { SpanTable } from "./span_table";

const VIEWS = ["waterfall", "sequence", "conversation", "agents", "table"] as const;
type View = (typeof VIEWS)[number];
const TITLES: Record<View, string> = { waterfall: "Waterfall", sequence: "Sequence", conversation: "Conversation", agents: "Agents", table: "Table" };

interface Props {
  document: Skeleton;
  data: TraceData;
  folds: Folds;
}

/** The five views of a run; keys 1 to 5 switch and the selection stays. */
export function Views({ document: doc, data, folds }: Props) {
  const search = useSearch();
  const set = useSetSearch();
  const view = VIEWS.find((v) => v === search.view) ?? "waterfall";
  const [critical, setCritical] = useState(true);
  const [onlyCritical, setOnlyCritical] = useState(false);
  const [fold, setFold] = useState(true);
  const [find, setFind] = useState("");
  const [picking, setPicking] = useState(false);
  const handle = useRef<WaterfallHandle>(null);
  const indexOf = useMemo(() => new Map(data.spanId.map((id, i) => [id, i])), [data]);
  const asked = search.sel === undefined ? undefined : indexOf.get(search.sel);
  const selected = asked ?? doc.culprit?.span ?? doc.first_error ?? (data.count > 0 ? 0 : null);
  const select = useCallback((span: number) => set({ sel: data.spanId[span] }, "replace"), [set, data]);
  const hits = useMemo(() => findSpans(data, find), [data, find]);
  const show = (next: View) => set({ view: next === "waterfall" ? undefined : next });
  useHotkeys(VIEWS.map((v, i) => ({ keys: String(i + 1), title: TITLES[v], group: "Trace", run: () => show(v) })));
  useEffect(() => {
    handle.current?.focus();
  }, [view]);
  const main = (
    <>
      {view === "waterfall" && (
        <Waterfall
          ref={handle}
          data={data}
          folds={folds}
          foldRepeats={fold}
          critical={critical}
          onlyCritical={onlyCritical && critical}
          selected={selected}
          onSelect={select}
          hits={find.trim() === "" ? null : hits}
          onToggleCritical={() => setCritical((on) => !on)}
        />
      )}
      {view === "sequence" && <Sequence data={data} interactions={doc.interactions} startMs={nsToMs(doc.start_unix_ns)} fold={fold} selected={selected} onSelect={select} />}
      {view === "conversation" && <Conversation traceId={doc.trace_id} selectedId={selected === null ? null : (data.spanId[selected] ?? null)} onSelect={(id) => set({ sel: id }, "replace")} find={find} />}
      {view === "agents" && <AgentsView document={doc} data={data} onSelect={select} />}
      {view === "table" && <SpanTable data={data} startMs={nsToMs(doc.start_unix_ns)} selected={selected} onSelect={select} hits={find.trim() === "" ? null : hits} />}
    </>
  );
  return (
    <>
      <div className="trace-bar">
        <Segments<View> label="View" value={view} choices={VIEWS.map((v, i) => ({ value: v, label: TITLES[v], note: <Kbd>{i + 1}</Kbd> }))} onChange={show} />
        <FindBox find={find} setFind={setFind} hits={find.trim() === "" || view === "conversation" ? null : hits} selected={selected} onSelect={select} />
        {view === "waterfall" && <Switch label="Critical path" checked={critical} onChange={setCritical} />}
        {view === "waterfall" && critical && <Switch label="Only" checked={onlyCritical} onChange={setOnlyCritical} />}
        {(view === "waterfall" || view === "sequence") && <Switch label="Fold" checked={fold} onChange={setFold} />}
        <span className="grow" />
        <Button onClick={() => setPicking(true)}>Compare…</Button>
        <a className={buttonClass()} href={apiUrl(`traces/${encodeURIComponent(doc.trace_id)}`)} target="_blank" rel="noopener">JSON</a>
        <Button onClick={() => void navigator.clipboard?.writeText(location.href).then(() => announce("Link copied."))}>Link</Button>
      </div>
      <div className="trace-body">
        <Split
          main={main}
          label="Details of the selected span"
          panel={selected === null ? null : <Details document={doc} data={data} folds={folds} span={selected} onSelect={select} />}
        />
      </div>
      <ComparePicker open={picking} onClose={() => setPicking(false)} document={doc} onPick={(id) => set({ cmp: id, sel: undefined, view: undefined })} />
    </>
  );
}

/** Spans whose name, agent or id holds the words; in order. */
export function findSpans(data: TraceData, text: string): number[] {
  const q = text.trim().toLowerCase();
  if (q === "") return [];
  const named = new Set(data.names.flatMap((n, i) => (n.toLowerCase().includes(q) ? [i] : [])));
  const agents = new Set(data.agents.flatMap((a, i) => (a.name.toLowerCase().includes(q) ? [i] : [])));
  const found: number[] = [];
  for (let i = 0; i < data.count; i += 1) if (named.has(data.name[i] ?? -1) || agents.has(data.agent[i] ?? -1) || data.spanId[i] === q) found.push(i);
  return found;
}

function FindBox({ find, setFind, hits, selected, onSelect }: { find: string; setFind: (s: string) => void; hits: number[] | null; selected: number | null; onSelect: (span: number) => void }) {
  const at = hits && selected !== null ? hits.indexOf(selected) : -1;
  const step = (by: number) => {
    if (!hits || hits.length === 0) return;
    const next = hits[(at + by + hits.length) % hits.length];
    if (next !== undefined) onSelect(next);
  };
  return (
    <div className="trace-find">
      <SearchIcon size={14} />
      <input
        data-page-filter=""
        aria-label="Find in run"
        placeholder="Find in run"
        value={find}
        onChange={(e) => setFind(e.target.value)}
        onKeyDown={(e) => {
          if (e.key === "Enter") step(e.shiftKey ? -1 : 1);
          else if (e.key === "Escape") {
            if (find) setFind("");
            else e.currentTarget.blur();
          }
        }}
      />
      {hits === null ? <kbd>/</kbd> : <span className="t3 num">{hits.length === 0 ? "none" : `${at < 0 ? "–" : at + 1} of ${hits.length}`}</span>}
    </div>
  );
}

