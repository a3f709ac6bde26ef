import { Menu } from "@base-ui/react/menu";
import { useLocation } from "@tanstack/react-router";
import { Ellipsis } from "lucide-react";
import { count, percent } from "@/base/format";
import { statusTone } from "@/base/model";
import { PHONE, useMedia } from "@/base/use_media";
import type { StatusDocument } from "@/api/documents";
import { To } from "@/widgets/link";
import { StatusIcon } from "@/widgets/status";
import { useGo } from "@/widgets/url_state";
import { PAGES, type PageEntry } from "./pages";

function Brand() {
  return (
    <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
      <path d="M10 1 17.8 5.5v9L10 19l-7.8-4.5v-9Z" className="brand-cell" />
      <path d="M10 6.2l3.3 1.9v3.8L10 13.8l-3.3-1.9V8.1Z" className="brand-core" />
    </svg>
  );
}

/** The count beside an entry: red only where something critical is open. */
function badge(entry: PageEntry, status: StatusDocument | undefined): { text: string; hot: boolean } | null {
  const counts = status?.counts;
  if (!counts) return null;
  const n = { "/alerts": counts.alerts + counts.approvals, "/agents": counts.agents, "/workflows": counts.workflows, "/conflicts": counts.conflicts }[entry.path];
  return n ? { text: count(n), hot: entry.path === "/alerts" && counts.alerts_critical > 0 } : null;
}

export function Nav({ status }: { status: StatusDocument | undefined }) {
  const path = useLocation({ select: (l) => l.pathname });
  const phone = useMedia(PHONE);
  const isCurrent = (p: string) => (p === "/" ? path === "/" : path === p || path.startsWith(`${p}/`));
  const shown = phone ? PAGES.filter((p) => ["/", "/alerts", "/agents"].includes(p.path)) : PAGES;
  let group = "";
  return (
    <nav className="nav" aria-label="Main">
      {!phone && (
        <To to="/" className="brand">
          <Brand />
          <span className="nav-label">honeyguide</span>
        </To>
      )}
      {shown.map((entry) => {
        const heading = !phone && entry.group !== group ? entry.group : null;
        group = entry.group;
        const mark = badge(entry, status);
        const Icon = entry.icon;
        return [
          heading !== null && (
            <div key={`h ${heading}`} className="nav-group">
              {heading}
            </div>
          ),
          <To key={entry.path} to={entry.path} className="nav-item" aria-current={isCurrent(entry.path) ? "page" : undefined} title={entry.title}>
            <Icon size={16} strokeWidth={1.75} />
            <span className="nav-label">{entry.title}</span>
            {mark && <span className={`nav-badge ${mark.hot ? "hot" : ""}`}>{mark.text}</span>}
          </To>,
        ];
      })}
      {phone ? <More /> : <Foot status={status} />}
    </nav>
  );
}

function Foot({ status }: { status: StatusDocument | undefined }) {
  if (!status) return null;
  const rate = status.receiving_spans_per_s;
  return (
    <To to="/health" className="nav-foot" title={`Health ${percent(status.health.score)}, version ${status.version}`}>
      <StatusIcon tone={statusTone(status.health.status)} size={14} />
      <span className="nav-label">{rate === null ? "Receiving: unknown" : rate === 0 ? "Nothing arriving now" : `Receiving ${count(rate)} spans/s`}</span>
    </To>
  );
}

function More() {
  const go = useGo();
  return (
    <Menu.Root>
      <Menu.Trigger className="nav-item">
        <Ellipsis size={16} strokeWidth={1.75} />
        <span className="nav-label">More</span>
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner className="floating" sideOffset={8} align="end">
          <Menu.Popup className="menu">
            {PAGES.filter((p) => !["/", "/alerts", "/agents"].includes(p.path)).map((p) => (
              <Menu.Item key={p.path} className="menu-item" onClick={() => go(p.path)}>
                <p.icon size={16} strokeWidth={1.75} />
                {p.title}
              </Menu.Item>
            ))}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
