import { type ReactNode, Suspense, lazy, useEffect } from "react";
import { alerts } from "@/api/alert_documents";
import { useDocument } from "@/api/use_document";
import { TabBar } from "@/widgets/controls";
import { Skeleton } from "@/widgets/states";
import { useRange, useSearch, useSetSearch } from "@/widgets/url_state";
import { ActiveView } from "./active";
import "./alerts.css";

const Anomalies = lazy(() => import("./anomalies").then((m) => ({ default: m.Anomalies })));
const Mitigations = lazy(() => import("./mitigations").then((m) => ({ default: m.Mitigations })));
const Silences = lazy(() => import("./silences").then((m) => ({ default: m.Silences })));
const Escalation = lazy(() => import("./escalation").then((m) => ({ default: m.Escalation })));
const Audit = lazy(() => import("./audit").then((m) => ({ default: m.Audit })));

const VIEWS = ["active", "predicted", "anomalies", "mitigations", "history", "silences", "escalation", "audit"] as const;
type View = (typeof VIEWS)[number];

/** What fires, what will, what is strange, what was done, who is told. */
export function Page() {
  const search = useSearch();
  const set = useSetSearch();
  const { key, params } = useRange();
  const view = VIEWS.find((v) => v === search.view) ?? "active";
  const listView = view === "predicted" || view === "history" ? view : "active";
  const query = useDocument("alerts", alerts, "alerts", () => (listView === "history" ? { ...params(), view: listView } : { view: listView }), { key: [listView, listView === "history" ? key : ""], refetchMs: 10_000 });
  const counts = query.data?.counts;
  useEffect(() => {
    document.title = counts?.active ? `(${counts.active}) Alerts · honeyguide` : "Alerts · honeyguide";
  }, [counts?.active]);
  const panes: Record<View, () => ReactNode> = {
    active: () => <ActiveView query={query} view="active" />,
    predicted: () => <ActiveView query={query} view="predicted" />,
    history: () => <ActiveView query={query} view="history" />,
    anomalies: () => <Anomalies />,
    mitigations: () => <Mitigations />,
    silences: () => <Silences />,
    escalation: () => <Escalation />,
    audit: () => <Audit />,
  };
  return (
    <div className="page-full alerts">
      <div className="alerts-tabs">
        <TabBar<View>
          label="Alerts"
          value={view}
          choices={[
            { value: "active", label: "Active", note: counts?.active }, { value: "predicted", label: "Predicted", note: counts?.predicted }, { value: "anomalies", label: "Anomalies", note: counts?.anomalies },
            { value: "mitigations", label: "Mitigations", note: counts?.mitigations }, { value: "history", label: "History" }, { value: "silences", label: "Silences", note: counts?.silences }, { value: "escalation", label: "Escalation" },
            { value: "audit", label: "Audit" },
          ]}
          onChange={(v) => set({ view: v === "active" ? undefined : v, sel: undefined, q: undefined })}
        />
      </div>
      <Suspense fallback={<Skeleton lines={8} />}>{panes[view]()}</Suspense>
    </div>
  );
}
