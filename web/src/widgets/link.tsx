import { useRouter } from "@tanstack/react-router";
import { type ReactNode, createContext, use } from "react";

/** What a page keeps in its address. Defaults are left out. */
export type Search = Record<string, string | undefined>;

const CARRIED = ["range", "from", "to", "live"] as const;

/** The part of an address that goes along to the next page: the range and whether it is live. */
export function carried(search: Search): Search {
  const kept: Search = {};
  for (const key of CARRIED) if (search[key] !== undefined) kept[key] = search[key];
  return kept;
}

/** What links carry along now; given once by the frame, because lists hold hundreds of links. */
export const CarriedSearch = createContext<Search>({});

interface Props {
  to: string;
  search?: Search;
  children: ReactNode;
  className?: string | undefined;
  title?: string | undefined;
  "aria-label"?: string;
  "aria-current"?: "page" | undefined;
  onClick?: (event: React.MouseEvent) => void;
}

/** A link inside the page; the time range goes along. A plain click navigates, any other is the browser's. */
export function To({ to, search, children, onClick, ...rest }: Props) {
  const router = useRouter();
  const all = { ...use(CarriedSearch), ...search };
  const prefix = router.basepath === "/" ? "" : router.basepath;
  const click = (event: React.MouseEvent) => {
    onClick?.(event);
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    void router.navigate({ to, search: all as never });
  };
  return (
    <a href={`${prefix}${to}${router.options.stringifySearch(all)}`} onClick={click} onPointerEnter={() => void router.preloadRoute({ to })} {...rest}>
      {children}
    </a>
  );
}

export const paths = {
  agent: (id: string) => `/agents/${encodeURIComponent(id)}`,
  trace: (id: string) => `/traces/${encodeURIComponent(id)}`,
  workflow: (name: string) => `/workflows/${encodeURIComponent(name)}`,
};
