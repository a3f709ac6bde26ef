import { Outlet, useLocation } from "@tanstack/react-router";
import { useIsFetching, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { adoptServerTime } from "@/base/clock";
import { useHotkeys } from "@/base/hotkeys";
import { getPrefs, setPrefs, usePrefs } from "@/base/prefs";
import { toggleTheme } from "@/base/theme";
import { TIGHT, useMedia } from "@/base/use_media";
import { statusDocument } from "@/api/documents";
import { liveState, pauseLive, resumeLive, startLive } from "@/api/live";
import { useDocument } from "@/api/use_document";
import { ProgressLine } from "@/widgets/states";
import { ToastRegion } from "@/widgets/toast";
import { CarriedSearch, carried } from "@/widgets/link";
import { useGo, useSearch, useSetSearch } from "@/widgets/url_state";
import { GO_KEYS } from "./pages";
import { KeyboardMap } from "./keyboard_map";
import { Nav } from "./nav";
import { Palette } from "./palette";
import { Strips } from "./strips";
import { TopBar } from "./top_bar";
import "./frame.css";

/** What stays around every page: navigation, top bar, strips, palette, keyboard map. */
export function Frame() {
  const client = useQueryClient();
  const status = useDocument("status", statusDocument, "status", {}, { refetchMs: 10_000 });
  const path = useLocation({ select: (l) => l.pathname });
  const [palette, setPalette] = useState(false);
  const [keys, setKeys] = useState(false);
  const fetching = useIsFetching({ predicate: (q) => q.queryKey[0] !== "status" }) > 0;
  const collapsed = usePrefs().navCollapsed;
  const tight = useMedia(TIGHT);
  const wide = /^\/(traces\/|topology)/.test(path);
  useEffect(() => startLive(client), [client]);
  useEffect(() => {
    if (status.data) adoptServerTime(status.data.now_unix_ns);
  }, [status.data]);
  usePauses();
  useFrameKeys({ openPalette: () => setPalette(true), openKeys: () => setKeys(true) });
  const icons = collapsed || (tight && wide);
  const search = useSearch();
  const { range, from, to, live } = search;
  const along = useMemo(() => carried({ range, from, to, live }), [range, from, to, live]);
  return (
    <CarriedSearch value={along}>
      <div className={`app ${icons ? "icons" : ""}`}>
        <a className="skip" href="#main">
          Skip to the page
        </a>
        <Nav status={status.data} />
        <TopBar onSearch={() => setPalette(true)} />
        <div className="app-body">
          <ProgressLine active={fetching} />
          <Strips status={status.data} failed={status.isError} />
          <main id="main" tabIndex={-1}>
            <Outlet />
          </main>
        </div>
        <Palette open={palette} onClose={() => setPalette(false)} />
        <KeyboardMap open={keys} onClose={() => setKeys(false)} />
        <ToastRegion />
      </div>
    </CarriedSearch>
  );
}

/** Live pauses by itself when the page looks at the past or text is being selected, and says so. */
function usePauses(): void {
  const search = useSearch();
  const client = useQueryClient();
  const past = search.from !== undefined;
  useEffect(() => {
    if (past) pauseLive("looking at a fixed range");
    else if (liveState.get().paused === "looking at a fixed range") resumeLive(client);
  }, [past, client]);
  useEffect(() => {
    const onSelect = () => {
      const selection = document.getSelection();
      if (selection && !selection.isCollapsed && selection.toString().length > 2) pauseLive("text selected");
    };
    document.addEventListener("selectionchange", onSelect);
    return () => document.removeEventListener("selectionchange", onSelect);
  }, []);
}

function useFrameKeys({ openPalette, openKeys }: { openPalette: () => void; openKeys: () => void }): void {
  const go = useGo();
  const set = useSetSearch();
  const client = useQueryClient();
  const group = "General";
  const focusFilter = () => document.querySelector<HTMLElement>("[data-page-filter]")?.focus();
  const toggleLive = () => (liveState.get().paused === null ? pauseLive("paused by hand") : resumeLive(client));
  useHotkeys([
    { keys: "ctrl+k", title: "Search or jump", group, run: openPalette, inInputs: true },
    { keys: "?", title: "Keyboard map", group, run: openKeys },
    { keys: "/", title: "Filter of the page", group, run: focusFilter },
    { keys: "t", title: "Time range", group, run: () => document.querySelector<HTMLElement>("[data-range-button]")?.click() },
    { keys: "Space", title: "Pause or resume live", group, run: toggleLive },
    { keys: "d", title: "Row density", group, run: () => setPrefs({ density: getPrefs().density === "compact" ? "comfortable" : "compact" }) },
    { keys: "[", title: "Collapse the navigation", group, run: () => setPrefs({ navCollapsed: !getPrefs().navCollapsed }) },
    { keys: "T", title: "Light or dark", group, run: toggleTheme },
    { keys: "Backspace", title: "Step back from a zoom", group, run: () => set({ from: undefined, to: undefined }) },
    ...GO_KEYS.map(({ key, title, path }) => ({ keys: `g ${key}`, title, group: "Go to", run: () => go(path) })),
  ]);
}
