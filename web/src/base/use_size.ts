import { type RefObject, useLayoutEffect, useRef, useState } from "react";

export interface Size {
  width: number;
  height: number;
}

type Listener = (size: Size) => void;

// One observer for the page. It reports after layout, so hundreds of cells that ask for their size do not
// force a layout each.
const listeners = new WeakMap<Element, Listener>();
let observer: ResizeObserver | null = null;

function observe(element: Element, listener: Listener): () => void {
  if (typeof ResizeObserver === "undefined") return () => undefined;
  observer ??= new ResizeObserver((entries) => {
    for (const { target, contentRect } of entries) listeners.get(target)?.({ width: Math.floor(contentRect.width), height: Math.floor(contentRect.height) });
  });
  const shared = observer;
  listeners.set(element, listener);
  shared.observe(element);
  return () => {
    shared.unobserve(element);
    listeners.delete(element);
  };
}

/** The content size of an element, kept current. 0 x 0 until it is laid out. */
export function useSize<T extends HTMLElement>(): [RefObject<T | null>, Size] {
  const ref = useRef<T | null>(null);
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    return observe(element, (now) => setSize((old) => (old.width === now.width && old.height === now.height ? old : now)));
  }, []);
  return [ref, size];
}
