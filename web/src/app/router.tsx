import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { Frame } from "./frame/frame";
import { Home } from "./home";
import { NotFound, PageError } from "./fallbacks";

// Addresses stay plain: strings as they are, empty values left out.
function parseSearch(text: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(text));
}

function stringifySearch(search: Record<string, unknown>): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(search)) if (typeof value === "string" && value !== "") params.set(key, value);
  const text = params.toString();
  return text === "" ? "" : `?${text}`;
}

const root = createRootRoute({ component: Frame, notFoundComponent: NotFound, errorComponent: PageError });

const page = (path: string, load: () => Promise<Record<string, unknown>>) =>
  createRoute({ getParentRoute: () => root, path, component: lazyRouteComponent(load as never, "Page") });

const routes = [
  createRoute({ getParentRoute: () => root, path: "/", component: Home }),
  page("/agents", () => import("@/features/agents/page")),
  page("/agents/$id", () => import("@/features/agent/page")),
  page("/topology", () => import("@/features/topology/page")),
  page("/workflows", () => import("@/features/workflows/page")),
  page("/workflows/$name", () => import("@/features/workflow/page")),
  page("/traces", () => import("@/features/traces/page")),
  page("/traces/$id", () => import("@/features/trace/page")),
  page("/conflicts", () => import("@/features/conflicts/page")),
  page("/alerts", () => import("@/features/alerts/page")),
  page("/health", () => import("@/features/health/page")),
  page("/settings", () => import("@/features/settings/page")),
  page("/welcome", () => import("@/features/first_run/page")),
];

/** The path prefix under which the server offers the page, from <base href>. */
function basePath(): string {
  return new URL(document.baseURI).pathname.replace(/\/$/, "") || "/";
}

export function makeRouter() {
  return createRouter({
    routeTree: root.addChildren(routes),
    basepath: basePath(),
    parseSearch,
    stringifySearch,
    defaultPreload: "intent",
    scrollRestoration: false,
  });
}
