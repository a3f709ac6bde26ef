import type { UseQueryResult } from "@tanstack/react-query";
import { useMemo } from "react";
import { useHotkeys } from "@/base/hotkeys";
import { PHONE, useMedia } from "@/base/use_media";
import type { Alerts } from "@/api/alert_documents";
import type { Alert } from "@/api/shapes";
import { Empty } from "@/widgets/states";
import { useFrozenOrder } from "@/widgets/table/use_frozen";
import { useSearch, useSetSearch } from "@/widgets/url_state";
import { Loaded } from "../common/loaded";
import { AlertDetail } from "./detail";
import { AlertItem } from "./item";

interface Props {
  query: UseQueryResult<Alerts, Error>;
  view: "active" | "predicted" | "history";
}

const EMPTY = {
  active: "No alert is open. Predictions and anomalies have tabs of their own.",
  predicted: "No breach is predicted for the next hours.",
  history: "No alert ended in this range.",
};

const keyOf = (a: Alert) => a.id;

/** The list at the left, one alert at the right; the order stands still while it is in use. */
export function ActiveView({ query, view }: Props) {
  return <Loaded query={query}>{(data) => (data.items.length === 0 ? <Empty>{EMPTY[view]}</Empty> : <Body items={data.items} view={view} />)}</Loaded>;
}

interface Section {
  title: string;
  note: string;
  items: { row: Alert; gone: boolean }[];
}

function sectionsOf(rows: { row: Alert; gone: boolean }[], view: Props["view"]): Section[] {
  if (view === "history") return [{ title: "Ended", note: "newest first", items: rows }];
  const predicted = rows.filter((r) => r.row.kind === "prediction" && r.row.state !== "silenced");
  const quiet = rows.filter((r) => r.row.state === "silenced" || r.row.kind === "inert_rule");
  const firing = rows.filter((r) => !predicted.includes(r) && !quiet.includes(r));
  return [
    { title: "Firing", note: "by severity, then age", items: firing }, { title: "Predicted", note: "by time to breach", items: predicted }, { title: "Quiet", note: "", items: quiet },
  ].filter((s) => s.items.length > 0);
}

function Body({ items, view }: { items: Alert[]; view: Props["view"] }) {
  const search = useSearch();
  const set = useSetSearch();
  const phone = useMedia(PHONE);
  const { rows, newcomers, showAll, handlers } = useFrozenOrder(items, keyOf);
  const sections = useMemo(() => sectionsOf(rows, view), [rows, view]);
  const flat = sections.flatMap((s) => s.items.map((i) => i.row));
  const chosen = search.sel ?? (phone ? undefined : flat[0]?.id);
  const pick = (id: string | undefined) => set({ sel: id }, phone ? "push" : "replace");
  const move = (by: number) => {
    const i = flat.findIndex((a) => a.id === chosen);
    const next = flat[Math.max(0, Math.min(flat.length - 1, i + by))];
    if (next) pick(next.id);
  };
  useHotkeys([
    { keys: "j", title: "Next alert", group: "Alerts", run: () => move(1) },
    { keys: "k", title: "Previous alert", group: "Alerts", run: () => move(-1) },
    { keys: "ArrowDown", title: "Next alert", group: "Alerts", run: () => move(1) },
    { keys: "ArrowUp", title: "Previous alert", group: "Alerts", run: () => move(-1) },
  ]);
  if (phone && chosen) return <AlertDetail id={chosen} onBack={() => pick(undefined)} />;
  return (
    <div className="alerts-split">
      <div className="alerts-list" {...handlers}>
        {newcomers > 0 && (
          <button type="button" className="alerts-new link" onClick={showAll}>
            {newcomers} new · show
          </button>
        )}
        {sections.map((s) => (
          <section key={s.title} aria-label={s.title}>
            <h2>
              {s.title}
              <span>{s.note}</span>
            </h2>
            {s.items.map(({ row, gone }) => (
              <AlertItem key={row.id} alert={row} gone={gone} selected={row.id === chosen} onSelect={() => pick(row.id)} />
            ))}
          </section>
        ))}
      </div>
      {!phone && chosen && <AlertDetail id={chosen} />}
    </div>
  );
}
