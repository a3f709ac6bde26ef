import { createStore, useStore } from "./store";

/** What a person chose for this browser; everything else is in the URL. */
export interface Prefs {
  theme: "system" | "light" | "dark";
  density: "comfortable" | "compact";
  zone: "browser" | "UTC" | string;
  navCollapsed: boolean;
  singleKeys: boolean;
  detailWidth: number;
  recent: string[];
}

const KEY = "hg-prefs";
const DEFAULTS: Prefs = {
  theme: "system",
  density: "comfortable",
  zone: "browser",
  navCollapsed: false,
  singleKeys: true,
  detailWidth: 364,
  recent: [],
};

function load(): Prefs {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    if (typeof stored === "object" && stored !== null) return { ...DEFAULTS, ...stored };
  } catch {
    // A broken or closed storage means the defaults, not a broken page.
  }
  return DEFAULTS;
}

const prefs = createStore<Prefs>(load());

export function getPrefs(): Prefs {
  return prefs.get();
}

export function setPrefs(change: Partial<Prefs>): void {
  const next = { ...prefs.get(), ...change };
  prefs.set(next);
  try {
    localStorage.setItem(KEY, JSON.stringify(next));
  } catch {
    // Not stored: the choice holds until the tab closes.
  }
}

export function usePrefs(): Prefs {
  return useStore(prefs);
}

export const subscribePrefs = prefs.subscribe;
