import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

/** What a page keeps in its address. Defaults are left out. */
export type Search = Record<string, string | undefined>;

const CARRIED = ["range", "from", "to", "live"] as const;

/** The part of an address that goes along to the next page: the range and whether it is live. */
export function carried(search: Search): Search {
  const kept: Search = {};
  for (const key of CARRIED) if (search[key] !== undefined) kept[key] = search[key];
  return kept;
}

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

/** A link inside the page; the time range goes along. */
export function To({ to, search, children, ...rest }: Props) {
  return (
    <Link to={to} search={((old: Search) => ({ ...carried(old), ...search })) as never} {...rest}>
      {children}
    </Link>
  );
}

export const paths = {
  agent: (id: string) => `/agents/${encodeURIComponent(id)}`,
  trace: (id: string) => `/traces/${encodeURIComponent(id)}`,
  workflow: (name: string) => `/workflows/${encodeURIComponent(name)}`,
};
