import { Dialog } from "@base-ui/react/dialog";
import { useEffect, useMemo, useRef, useState } from "react";
import { toggleTheme } from "@/base/theme";
import { rangeBounds } from "@/base/range";
import { getPrefs, setPrefs } from "@/base/prefs";
import { middleEllipsis } from "@/base/text";
import { searchResults, type SearchResult } from "@/api/documents";
import { useDocument } from "@/api/use_document";
import { paths } from "@/widgets/link";
import { announce } from "@/widgets/toast";
import { useGo, useRange } from "@/widgets/url_state";
import { type PaletteItem, bestItems, traceIdIn } from "./palette_match";
import { PAGES } from "./pages";

const DEBOUNCE_MS = 120;
const RECENT_MAX = 8;
const NONE: SearchResult[] = [];

/** One box: trace ids, agents, workflows, pages, alerts, actions. Actions open their dialog; none runs from here. */
export function Palette({ open, onClose }: { open: boolean; onClose: () => void }) {
  return (
    <Dialog.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="palette" aria-label="Search or jump">
          {open && <PaletteBody onClose={onClose} />}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function pathOf(result: SearchResult): { to: string; search?: Record<string, string> } {
  switch (result.kind) {
    case "agent":
      return { to: paths.agent(result.id) };
    case "workflow":
      return { to: paths.workflow(result.id) };
    case "trace":
      return { to: paths.trace(result.id) };
    case "alert":
      return { to: "/alerts", search: { sel: result.id } };
  }
}

function PaletteBody({ onClose }: { onClose: () => void }) {
  const [query, setQuery] = useState("");
  const [asked, setAsked] = useState("");
  const [at, setAt] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(query.trim()), DEBOUNCE_MS);
    return () => clearTimeout(timer);
  }, [query]);
  const wanted = query.replace(/^(pause|throttle|resume)\s+/i, "").trim();
  const results = useDocument("agents", searchResults, "search", { q: asked.replace(/^(pause|throttle|resume)\s+/i, "") }, { enabled: asked !== "" });
  const items = useItems(query, wanted, results.data?.items ?? NONE);
  useEffect(() => setAt(0), [query]);
  useEffect(() => {
    list.current?.children[at]?.scrollIntoView({ block: "nearest" });
  }, [at]);
  const run = (item: PaletteItem | undefined, newTab: boolean) => {
    if (!item) return;
    setPrefs({ recent: [item.title, ...getPrefs().recent.filter((r) => r !== item.title)].slice(0, RECENT_MAX) });
    onClose();
    item.run(newTab);
  };
  return (
    <>
      <input
        className="palette-input"
        autoFocus
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={`palette-${at}`}
        placeholder="Trace id, agent, workflow, page or action"
        value={query}
        onChange={(e) => setQuery(e.target.value)}
        onKeyDown={(e) => {
          if (e.key === "ArrowDown") setAt(Math.min(items.length - 1, at + 1));
          else if (e.key === "ArrowUp") setAt(Math.max(0, at - 1));
          else if (e.key === "Enter") run(items[at], e.ctrlKey || e.metaKey);
          else return;
          e.preventDefault();
        }}
      />
      <div className="palette-list" id="palette-list" role="listbox" ref={list}>
        {items.map((item, i) => (
          <div
            key={item.id}
            id={`palette-${i}`}
            role="option"
            aria-selected={i === at}
            className="palette-item"
            onPointerMove={() => setAt(i)}
            onClick={(e) => run(item, e.ctrlKey || e.metaKey)}
          >
            <span className="ell tel">{middleEllipsis(item.title, 60)}</span>
            <span className="t3 ell tel">{item.hint.slice(0, 80)}</span>
            <span className="t3 palette-kind">{item.kind}</span>
          </div>
        ))}
        {items.length === 0 && <div className="palette-none t3">{results.isError ? "Search is not available; pages and actions still are." : "Nothing found."}</div>}
      </div>
    </>
  );
}

function useItems(query: string, wanted: string, found: SearchResult[]): PaletteItem[] {
  const go = useGo();
  const { range } = useRange();
  return useMemo(() => {
    const open = (to: string, search?: Record<string, string>) => (newTab: boolean) => {
      if (newTab) window.open(new URL(`.${to}`, document.baseURI), "_blank", "noopener");
      else go(to, search);
    };
    const items: PaletteItem[] = [];
    const id = traceIdIn(query);
    if (id) return [{ id: "jump", title: id, hint: "open this trace", kind: "trace", run: open(paths.trace(id)) }];
    const verb = /^(pause|throttle|resume)\s/i.exec(query)?.[1]?.toLowerCase();
    for (const r of found) {
      if (verb && r.kind !== "agent") continue;
      const target = pathOf(r);
      items.push({
        id: `${r.kind} ${r.id}`, title: verb ? `${verb[0]?.toUpperCase()}${verb.slice(1)} ${r.title}…` : r.title, hint: r.subtitle ?? "",
        kind: verb ? "action" : r.kind, run: open(target.to, verb ? { view: verb } : target.search),
      });
    }
    const actions: PaletteItem[] = [
      { id: "theme", title: "Theme: light or dark", hint: "", kind: "action", run: () => toggleTheme() },
      {
        id: "link", title: "Copy link", hint: "with the times pinned", kind: "action",
        run: () => {
          const url = new URL(location.href);
          const { from, to } = rangeBounds(range);
          url.searchParams.delete("range");
          url.searchParams.set("from", String(Math.round(from)));
          url.searchParams.set("to", String(Math.round(to)));
          void navigator.clipboard?.writeText(url.href).then(() => announce("Link copied. It shows this very range."));
        },
      },
    ];
    const pages = PAGES.map((p) => ({ id: p.path, title: p.title, hint: `g ${p.key}`, kind: "page", run: open(p.path) }));
    const fixed = bestItems([...pages, ...actions], wanted);
    if (query.trim() === "") {
      const recent = getPrefs().recent;
      fixed.sort((a, b) => (recent.indexOf(a.title) + 1 || 99) - (recent.indexOf(b.title) + 1 || 99));
    }
    return [...items, ...fixed];
  }, [query, wanted, found, go, range]);
}
