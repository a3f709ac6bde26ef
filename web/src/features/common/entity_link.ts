import type { EntityLink } from "@/api/shapes";
import { paths } from "@/widgets/link";

/** The page of what an event, a cause or an action is about. */
export function linkPath(link: NonNullable<EntityLink>): { to: string; search?: Record<string, string> } {
  switch (link.kind) {
    case "agent":
      return { to: paths.agent(link.id) };
    case "trace":
      return { to: paths.trace(link.id) };
    case "workflow":
      return { to: paths.workflow(link.id) };
    case "alert":
      return { to: "/alerts", search: { sel: link.id } };
    case "action":
      return { to: "/alerts", search: { view: "mitigations", sel: link.id } };
    default:
      return { to: "/conflicts", search: { sel: link.id } };
  }
}
