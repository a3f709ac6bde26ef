import { getPrefs, setPrefs, subscribePrefs } from "./prefs";
import { createStore, useStore } from "./store";

export type Theme = "light" | "dark";

const media = typeof matchMedia === "function" ? matchMedia("(prefers-color-scheme: dark)") : null;

function resolve(): Theme {
  const choice = getPrefs().theme;
  if (choice === "system") return media?.matches ? "dark" : "light";
  return choice;
}

const theme = createStore<Theme>(resolve());

function apply(): void {
  const next = resolve();
  document.documentElement.dataset.theme = next;
  theme.set(next);
}

/** Follows the system and the choice in the preferences from now on. */
export function startTheme(): void {
  media?.addEventListener("change", apply);
  subscribePrefs(apply);
  apply();
}

export function useTheme(): Theme {
  return useStore(theme);
}

export function toggleTheme(): void {
  setPrefs({ theme: theme.get() === "dark" ? "light" : "dark" });
}
