import { nsToMs } from "@/base/clock";
import { clock, fullMoment } from "@/base/moment";
import { visibleLine } from "@/base/text";
import type { AlertDocument } from "@/api/alert_documents";
import { Card } from "@/widgets/card";

const SHOWN = 9;

/** What happened to this alert, and, dashed, what will. */
export function Timeline({ items }: { items: AlertDocument["timeline"] }) {
  if (items.length === 0) return null;
  const shown = items.length > SHOWN ? [...items.slice(0, 2), ...items.slice(-(SHOWN - 2))] : items;
  return (
    <Card label="Timeline">
      <ol className="timeline">
        {shown.map((t, i) => {
          const at = nsToMs(t.at_unix_ns);
          const kind = t.kind === "onset" || t.kind === "fired" ? "on" : t.kind === "predicted" ? "predicted" : t.kind === "approval" ? "next" : "";
          return (
            <li key={i} className={`${kind} ${t.planned ? "planned" : ""}`}>
              <b title={fullMoment(at)}>{clock(at)}</b>
              <span className="tel">{visibleLine(t.text.slice(0, 120))}{t.by ? `, ${visibleLine(t.by).slice(0, 40)}` : ""}</span>
            </li>
          );
        })}
      </ol>
    </Card>
  );
}
