import { useEffect, useRef } from "react";
import { getPrefs } from "./prefs";

// One listener for the whole page. Bindings added later win, so the innermost view answers first.

export interface Hotkey {
  /** A key ("j", "Escape", "Shift+ArrowRight", "ctrl+k") or a sequence of two ("g a"). */
  keys: string;
  title: string;
  /** Where it is listed in the keyboard map. */
  group: string;
  run: (event: KeyboardEvent) => void;
  /** Works while typing too; only for keys with a modifier and Escape. */
  inInputs?: boolean;
}

const SEQUENCE_MS = 900;
const active: Hotkey[][] = [];
let pending: { key: string; at: number } | null = null;

export function describeEvent(event: KeyboardEvent): string {
  const parts: string[] = [];
  if (event.ctrlKey || event.metaKey) parts.push("ctrl");
  if (event.altKey) parts.push("alt");
  const named = event.key.length > 1;
  if (event.shiftKey && named) parts.push("Shift");
  parts.push(event.key === " " ? "Space" : parts.length > 0 && !named ? event.key.toLowerCase() : event.key);
  return parts.join("+");
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

function usesSpace(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && /^(BUTTON|A|SUMMARY)$/.test(target.tagName);
}

function find(keys: string): Hotkey | undefined {
  for (let i = active.length - 1; i >= 0; i -= 1) {
    const hit = active[i]?.find((h) => h.keys === keys);
    if (hit) return hit;
  }
  return undefined;
}

function onKeyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  const key = describeEvent(event);
  const typing = isTyping(event.target);
  const sequence = pending && performance.now() - pending.at < SEQUENCE_MS ? `${pending.key} ${key}` : null;
  pending = null;
  const single = !key.includes("+") && key.length === 1;
  if (single && !typing && !getPrefs().singleKeys) return;
  if (key === "Space" && usesSpace(event.target)) return;
  const hit = (sequence ? find(sequence) : undefined) ?? find(key);
  if (hit && (!typing || hit.inInputs)) {
    event.preventDefault();
    hit.run(event);
    return;
  }
  if (single && !typing && active.some((list) => list.some((h) => h.keys.startsWith(`${key} `)))) {
    pending = { key, at: performance.now() };
  }
}

/** Binds keys while the caller is mounted. */
export function useHotkeys(hotkeys: Hotkey[], enabled = true): void {
  const latest = useRef(hotkeys);
  latest.current = hotkeys;
  useEffect(() => {
    if (!enabled) return;
    const proxied = latest.current.map((h, i) => ({
      ...h,
      run: (event: KeyboardEvent) => latest.current[i]?.run(event),
    }));
    if (active.length === 0) window.addEventListener("keydown", onKeyDown);
    active.push(proxied);
    return () => {
      active.splice(active.indexOf(proxied), 1);
      if (active.length === 0) window.removeEventListener("keydown", onKeyDown);
    };
  }, [enabled, hotkeys.length]);
}

/** Everything bound now, for the keyboard map; a key bound twice counts once, the inner one. */
export function boundHotkeys(): Hotkey[] {
  const seen = new Map<string, Hotkey>();
  for (const list of active) for (const hotkey of list) seen.set(hotkey.keys, hotkey);
  return [...seen.values()];
}
