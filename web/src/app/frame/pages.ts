import { Activity, Bell, Bot, House, ListTree, Network, SlidersHorizontal, Workflow, Shapes } from "lucide-react";

export interface PageEntry {
  path: string;
  title: string;
  key: string;
  icon: typeof House;
  group: "" | "Hive" | "System";
}

export const PAGES: PageEntry[] = [
  { path: "/", title: "Overview", key: "o", icon: House, group: "" },
  { path: "/alerts", title: "Alerts", key: "a", icon: Bell, group: "" },
  { path: "/agents", title: "Agents", key: "g", icon: Bot, group: "Hive" },
  { path: "/topology", title: "Topology", key: "t", icon: Network, group: "Hive" },
  { path: "/workflows", title: "Workflows", key: "w", icon: Workflow, group: "Hive" },
  { path: "/traces", title: "Traces", key: "r", icon: ListTree, group: "Hive" },
  { path: "/conflicts", title: "Conflicts", key: "c", icon: Shapes, group: "Hive" },
  { path: "/health", title: "Health", key: "h", icon: Activity, group: "System" },
  { path: "/settings", title: "Settings", key: "s", icon: SlidersHorizontal, group: "System" },
];

export const GO_KEYS = PAGES.map(({ key, title, path }) => ({ key, title, path }));
