import { useEffect, useMemo, useRef, useState } from "react";
import { plural } from "@/base/format";
import { msToNs } from "@/base/clock";
import { rangeBounds } from "@/base/range";
import { visibleLine } from "@/base/text";
import { useNow } from "@/base/use_now";
import { type Topology, topology } from "@/api/documents";
import { sendDocument } from "@/api/client";
import { useDocument } from "@/api/use_document";
import * as v from "valibot";
import { Button, Segments } from "@/widgets/controls";
import { Split } from "@/widgets/peek";
import { paths } from "@/widgets/link";
import { Empty, PartialChip, Skeleton } from "@/widgets/states";
import { type Selection, TopologyGraph } from "@/widgets/topology/graph";
import { type Point, layoutGraph, stablePositions } from "@/widgets/topology/layout";
import { useGo, useRange, useSearch, useSetSearch } from "@/widgets/url_state";
import { Loaded } from "../common/loaded";
import { EdgeTable } from "./edge_table";
import { SidePanel } from "./side_panel";
import { TimeSlider } from "./time_slider";
import "./topology_page.css";

const FILTERS = ["all", "waiting", "errors", "handoffs"] as const;
type Filter = (typeof FILTERS)[number];
const stored = v.object({ stored: v.number() });

/** Who talks to whom, where waiting and failure travel. */
export function Page() {
  const search = useSearch();
  const { key, params, range } = useRange();
  const [window, setWindow] = useState<{ from: number; to: number } | null>(null);
  const query = useDocument(
    "topology", topology, "topology",
    () => {
      const whole = params();
      return window ? { start: msToNs(window.from), end: msToNs(window.to), range_start: whole.start, range_end: whole.end } : { ...whole, range_start: whole.start, range_end: whole.end };
    },
    { key: [key, window], refetchMs: 10_000 },
  );
  useEffect(() => {
    document.title = "Topology · honeyguide";
  }, []);
  return (
    <Loaded query={query} skeleton={<Skeleton height={600} />}>
      {(data) => (data.nodes.length === 0 ? <NoNodes /> : <Body data={data} search={search} bounds={rangeBounds(range)} window={window} setWindow={setWindow} />)}
    </Loaded>
  );
}

function NoNodes() {
  return (
    <div className="page">
      <Empty>No agent exchanged anything in this range.</Empty>
    </div>
  );
}

interface BodyProps {
  data: Topology;
  search: Record<string, string | undefined>;
  bounds: { from: number; to: number };
  window: { from: number; to: number } | null;
  setWindow: (window: { from: number; to: number } | null) => void;
}

function Body({ data, search, bounds, window, setWindow }: BodyProps) {
  const set = useSetSearch();
  const go = useGo();
  const now = useNow(1000);
  const filter = FILTERS.find((f) => f === search.view) ?? "all";
  const team = search.team ?? "";
  const shown = useMemo(() => applyFilter(data, filter, team), [data, filter, team]);
  const { at, move, tidy } = usePositions(data);
  const selection = parseSelection(search.sel);
  const waiting = data.edges.filter((e) => e.wait).length;
  const failing = data.edges.filter((e) => (e.error_ratio ?? 0) >= 0.01).length;
  const asTable = search.cols === "table";
  const teams = [...new Set(data.nodes.map((n) => n.team).filter((t): t is string => t !== null))].sort();
  const main = (
    <div className="topo-page">
      <div className="topo-bar">
        <select className="input" aria-label="Team" value={team} onChange={(e) => set({ team: e.target.value })}>
          <option value="">All teams</option>
          {teams.map((t) => (
            <option key={t} value={t}>{visibleLine(t.slice(0, 40))}</option>
          ))}
        </select>
        <Segments<Filter>
          label="Show"
          value={filter}
          choices={[
            { value: "all", label: "All" }, { value: "waiting", label: "Waiting", note: waiting }, { value: "errors", label: "Errors", note: failing }, { value: "handoffs", label: "Hand-offs" },
          ]}
          onChange={(f) => set({ view: f === "all" ? undefined : f })}
        />
        <span className="t3 topo-count">{plural(data.nodes.length, "agent")}, {plural(data.edges.length, "link")}</span>
        <PartialChip partial={data.partial} />
        <span className="grow" />
        <Segments label="As" value={asTable ? "table" : "graph"} choices={[{ value: "graph", label: "Graph" }, { value: "table", label: "Table" }]} onChange={(as) => set({ cols: as === "table" ? "table" : undefined })} />
        <Button onClick={tidy}>Tidy</Button>
      </div>
      <div className="topo-main">
        {asTable ? (
          <EdgeTable data={shown} onSelect={(s, t) => set({ sel: `${s}>${t}` }, "replace")} />
        ) : (
          <TopologyGraph
            nodes={shown.nodes}
            edges={shown.edges}
            cycles={data.cycles}
            at={at}
            selection={selection}
            onSelect={(s) => set({ sel: selectionText(s) }, "replace")}
            onOpen={(id) => go(paths.agent(id))}
            onMove={move}
            now={now}
          />
        )}
      </div>
      {data.buckets && <TimeSlider buckets={data.buckets} bounds={bounds} window={window} onWindow={setWindow} />}
    </div>
  );
  return <Split main={main} panel={<SidePanel data={data} selection={selection} onSelect={(s) => set({ sel: selectionText(s) }, "replace")} />} label="Waits, errors and the selection" />;
}

function parseSelection(sel: string | undefined): Selection {
  if (!sel) return null;
  const [source, target] = sel.split(">");
  return source && target ? { kind: "link", source, target } : { kind: "node", id: sel };
}

function selectionText(selection: Selection): string | undefined {
  if (!selection) return undefined;
  return selection.kind === "node" ? selection.id : `${selection.source}>${selection.target}`;
}

function applyFilter(data: Topology, filter: Filter, team: string): Topology {
  const inTeam = new Set(data.nodes.filter((n) => team === "" || n.team === team).map((n) => n.id));
  const edges = data.edges.filter(
    (e) =>
      (inTeam.has(e.source) || inTeam.has(e.target)) &&
      (filter === "all" || (filter === "waiting" && e.wait) || (filter === "errors" && (e.error_ratio ?? 0) >= 0.01) || (filter === "handoffs" && (e.kind === "handoff" || e.kind === "delegation"))),
  );
  const touched = new Set(edges.flatMap((e) => [e.source, e.target]));
  const nodes = data.nodes.filter((n) => (filter === "all" ? inTeam.has(n.id) || touched.has(n.id) : touched.has(n.id)));
  return { ...data, nodes, edges };
}

/** Where nodes stand: the server's positions, newcomers beside their neighbours, drags on top. Live data moves nothing. */
function usePositions(data: Topology) {
  const kept = useRef(new Map<string, Point>());
  const [moved, setMoved] = useState(0);
  const at = useMemo(() => {
    const known = new Map(kept.current);
    for (const n of data.nodes) if (n.x !== null && n.y !== null && !known.has(n.id)) known.set(n.id, { x: n.x, y: n.y });
    const edges = data.edges.map((e) => ({ source: e.source, target: e.target, weight: e.count }));
    const placed = stablePositions(data.nodes, edges, known);
    kept.current = placed;
    return placed;
  }, [data, moved]);
  const save = (positions: { id: string; x: number; y: number; pinned: boolean }[]) => {
    // A layout that cannot be stored still holds on this page; nothing to tell the person.
    void sendDocument(stored, "PUT", "topology/positions", { positions }).catch(() => undefined);
  };
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  return {
    at,
    move: (id: string, to: Point) => {
      kept.current = new Map(kept.current).set(id, to);
      setMoved((n) => n + 1);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => save([{ id, ...to, pinned: true }]), 500);
    },
    tidy: () => {
      kept.current = layoutGraph(data.nodes, data.edges.map((e) => ({ source: e.source, target: e.target, weight: e.count })));
      setMoved((n) => n + 1);
      save([...kept.current].map(([id, p]) => ({ id, ...p, pinned: false })));
    },
  };
}
