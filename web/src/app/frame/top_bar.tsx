import { useLocation } from "@tanstack/react-router";
import { Moon, Search as SearchIcon, Sun } from "lucide-react";
import { useQueryClient } from "@tanstack/react-query";
import { clockSeconds } from "@/base/moment";
import { plural, shortId } from "@/base/format";
import { useStore } from "@/base/store";
import { toggleTheme, useTheme } from "@/base/theme";
import { middleEllipsis } from "@/base/text";
import { liveState, pauseLive, resumeLive } from "@/api/live";
import { Button, Kbd } from "@/widgets/controls";
import { To } from "@/widgets/link";
import { PAGES } from "./pages";
import { RangePicker } from "./range_picker";

export function TopBar({ onSearch }: { onSearch: () => void }) {
  const theme = useTheme();
  return (
    <header className="top">
      <Crumbs />
      <button type="button" className="search-box" onClick={onSearch}>
        <SearchIcon size={14} />
        <span className="search-text">Search or jump to</span>
        <Kbd>Ctrl K</Kbd>
      </button>
      <RangePicker />
      <LiveButton />
      <Button kind="ghost" size="icon" className="top-wide" aria-label={theme === "dark" ? "Light theme" : "Dark theme"} onClick={toggleTheme}>
        {theme === "dark" ? <Sun size={15} /> : <Moon size={15} />}
      </Button>
    </header>
  );
}

function Crumbs() {
  const path = useLocation({ select: (l) => l.pathname });
  const [first = "", second] = path.split("/").filter(Boolean);
  const page = PAGES.find((p) => p.path === `/${first}`) ?? (path === "/" ? PAGES[0] : undefined);
  const title = page?.title ?? (first === "welcome" ? "First run" : "Not found");
  const entity = second === undefined ? null : safeDecode(second);
  return (
    <nav className="crumbs" aria-label="Where you are">
      {entity === null ? (
        <b>{title}</b>
      ) : (
        <>
          <To to={`/${first}`}>{title}</To>
          <span aria-hidden="true">›</span>
          <b className={`tel ${first === "traces" ? "mono" : ""}`}>{first === "traces" ? shortId(entity) : middleEllipsis(entity, 36)}</b>
        </>
      )}
    </nav>
  );
}

function safeDecode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function LiveButton() {
  const live = useStore(liveState);
  const client = useQueryClient();
  if (live.paused !== null) {
    const at = live.pausedAtMs === null ? "" : ` at ${clockSeconds(live.pausedAtMs)}`;
    return (
      <Button className="top-wide" title={live.paused} aria-label={`Paused${at}, ${plural(live.missed, "change")} since. Resume`} onClick={() => resumeLive(client)}>
        <i className="live-dot paused" />
        Paused{live.missed > 0 ? ` · ${live.missed} new` : ""}
      </Button>
    );
  }
  const on = live.connection === "open";
  return (
    <Button className="top-wide" title={on ? "Live: changes appear by themselves. Space pauses." : "No live stream; figures are renewed every few seconds."} onClick={() => pauseLive("paused by hand")}>
      <i className={`live-dot ${on ? "on" : ""}`} />
      {on ? "Live" : live.connection === "off" ? "Not live" : "Connecting"}
    </Button>
  );
}
