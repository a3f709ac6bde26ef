import { useLocation, useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { type Range, rangeFromSearch, rangeParams } from "@/base/range";
import type { Search } from "./link";

// The URL is the state: path = entity, query = how it is looked at. Defaults are left out.

export function useSearch(): Search {
  return useLocation({ select: (l) => l.search as Search });
}

/** Changes the query of the address. Typing replaces; what a person commits is pushed. */
export function useSetSearch(): (change: Search, mode?: "push" | "replace") => void {
  const navigate = useNavigate();
  return useCallback(
    (change, mode = "push") => {
      void navigate({
        to: ".",
        search: ((old: Search) => {
          const next: Search = { ...old, ...change };
          for (const key of Object.keys(next)) if (next[key] === undefined || next[key] === "") delete next[key];
          return next;
        }) as never,
        replace: mode === "replace",
      });
    },
    [navigate],
  );
}

/** Goes to another page; the time range goes along unless `search` says otherwise. */
export function useGo(): (to: string, search?: Search, replace?: boolean) => void {
  const navigate = useNavigate();
  return useCallback(
    (to, search = {}, replace = false) => {
      void navigate({
        to,
        search: ((old: Search) => {
          const kept: Search = {};
          for (const key of ["range", "from", "to", "live"]) if (old[key]) kept[key] = old[key];
          return { ...kept, ...search };
        }) as never,
        replace,
      });
    },
    [navigate],
  );
}

export interface RangeState {
  range: Range;
  /** Part of query keys: the same for the same choice, whatever the time is now. */
  key: string;
  params: () => { start: string; end: string };
  zoom: (from: number, to: number) => void;
}

export function useRange(): RangeState {
  const search = useSearch();
  const set = useSetSearch();
  const { range: length, from, to } = search;
  return useMemo(() => {
    const range = rangeFromSearch({ ...(length ? { range: length } : {}), ...(from ? { from } : {}), ...(to ? { to } : {}) });
    return {
      range,
      key: range.kind === "relative" ? `${range.ms}` : `${range.from}-${range.to}`,
      params: () => rangeParams(range),
      zoom: (a, b) => set({ range: undefined, from: String(Math.round(a)), to: String(Math.round(b)) }),
    };
  }, [length, from, to, set]);
}
