import type { QueryClient } from "@tanstack/react-query";
import * as v from "valibot";
import { adoptServerTime } from "@/base/clock";
import { createStore } from "@/base/store";
import { apiUrl } from "./client";
import { statusDocument } from "./documents";
import { type TraceRow, traceRow } from "./shapes";

// One stream of server-sent events for the page. Events only name what changed; the query cache fetches
// it, at most once a second. Paused or hidden: events are counted, nothing is painted.

export type Connection = "connecting" | "open" | "lost" | "off";

export interface LiveState {
  connection: Connection;
  /** Why it is paused, in words; null while live. */
  paused: string | null;
  pausedAtMs: number | null;
  missed: number;
  lastEventMs: number | null;
}

export const liveState = createStore<LiveState>({ connection: "off", paused: null, pausedAtMs: null, missed: 0, lastEventMs: null });
export const liveTraces = createStore<TraceRow[]>([]);

const FLUSH_MS = 1000;
const TRACES_KEPT = 200;
const changed = v.object({ topics: v.array(v.string()), ids: v.optional(v.array(v.string()), []) });

function update(change: Partial<LiveState>): void {
  liveState.set({ ...liveState.get(), ...change });
}

export function pauseLive(reason: string): void {
  const state = liveState.get();
  if (state.paused === null) update({ paused: reason, pausedAtMs: Date.now(), missed: 0 });
}

/** Opens the stream and keeps it open; answers how to stop it. */
export function startLive(client: QueryClient): () => void {
  let source: EventSource | null = null;
  let dirty = new Set<string>();
  const flush = () => {
    const state = liveState.get();
    if (dirty.size === 0 || state.paused !== null || document.hidden) return;
    const topics = dirty;
    dirty = new Set();
    if (topics.has("*")) void client.invalidateQueries();
    else for (const topic of topics) void client.invalidateQueries({ queryKey: [topic] });
  };
  const mark = (topic: string) => {
    dirty.add(topic);
    const state = liveState.get();
    update({ lastEventMs: Date.now(), missed: state.paused === null ? 0 : state.missed + 1 });
  };
  const open = () => {
    if (source || document.hidden) return;
    update({ connection: "connecting" });
    source = new EventSource(apiUrl("live"));
    source.onopen = () => update({ connection: "open" });
    source.onerror = () => update({ connection: source?.readyState === EventSource.CLOSED ? "off" : "lost" });
    source.addEventListener("status", (event) => {
      const parsed = v.safeParse(statusDocument, json(event));
      if (!parsed.success) return;
      adoptServerTime(parsed.output.now_unix_ns);
      update({ lastEventMs: Date.now() });
      if (liveState.get().paused === null) client.setQueryData(["status", "status", {}], parsed.output);
    });
    source.addEventListener("changed", (event) => {
      const parsed = v.safeParse(changed, json(event));
      if (parsed.success) parsed.output.topics.forEach(mark);
    });
    source.addEventListener("trace", (event) => {
      const parsed = v.safeParse(traceRow, json(event));
      if (!parsed.success) return;
      liveTraces.set([parsed.output, ...liveTraces.get().filter((t) => t.trace_id !== parsed.output.trace_id)].slice(0, TRACES_KEPT));
    });
    source.addEventListener("reset", () => mark("*"));
  };
  const close = () => {
    source?.close();
    source = null;
  };
  const onVisibility = () => {
    if (document.hidden) close();
    else {
      open();
      dirty.add("*");
    }
  };
  const timer = setInterval(flush, FLUSH_MS);
  document.addEventListener("visibilitychange", onVisibility);
  open();
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", onVisibility);
    close();
  };
}

/** Live again: what was missed is fetched at once. */
export function resumeLive(client: QueryClient): void {
  update({ paused: null, pausedAtMs: null, missed: 0 });
  void client.invalidateQueries();
}

function json(event: Event): unknown {
  try {
    return JSON.parse((event as MessageEvent<string>).data) as unknown;
  } catch {
    return null;
  }
}
