import { duration, money } from "@/base/format";
import { nsToMs } from "@/base/clock";
import { moment } from "@/base/moment";
import { middleEllipsis } from "@/base/text";
import { runs } from "@/api/documents";
import type { Skeleton } from "@/api/trace_documents";
import { useDocument } from "@/api/use_document";
import { Modal } from "@/widgets/dialog";
import { Empty } from "@/widgets/states";
import { OutcomeLabel } from "@/widgets/status";
import { Loaded } from "../common/loaded";

interface Props {
  open: boolean;
  onClose: () => void;
  document: Skeleton;
  onPick: (traceId: string) => void;
}

const DAY_NS = 86400n * 1_000_000_000n;
const LOOK_BACK_DAYS = 7n;

/** Runs of the same workflow to compare with; the last success before this one comes first. */
export function ComparePicker({ open, onClose, document: doc, onPick }: Props) {
  const end = (BigInt(doc.start_unix_ns) + DAY_NS).toString();
  const start = (BigInt(doc.start_unix_ns) - LOOK_BACK_DAYS * DAY_NS).toString();
  const named = doc.workflow === null ? { q: "status:ok" } : { workflow: doc.workflow, outcome: "success" };
  const query = useDocument("traces", runs, doc.workflow === null ? "traces" : "runs", { ...named, start, end, limit: "20" }, { enabled: open });
  return (
    <Modal open={open} onClose={onClose} title="Compare with" wide>
      <div className="modal-body">
        <Loaded query={query}>
          {(data) => {
            const others = data.items.filter((t) => t.trace_id !== doc.trace_id);
            const before = others.find((t) => BigInt(t.start_unix_ns) < BigInt(doc.start_unix_ns));
            const list = before ? [before, ...others.filter((t) => t !== before)] : others;
            if (list.length === 0) return <Empty>No successful run of this workflow is kept from the days around it.</Empty>;
            return (
              <ul className="compare-list">
                {list.map((t, i) => (
                  <li key={t.trace_id}>
                    <button type="button" onClick={() => { onClose(); onPick(t.trace_id); }}>
                      <span className="t2 nowrap">{moment(nsToMs(t.start_unix_ns))}</span>
                      <span className="ell tel">{middleEllipsis(t.name, 60)}{i === 0 && before && <span className="t3"> · last success before</span>}</span>
                      <OutcomeLabel outcome={t.outcome} />
                      <span className="num">{duration(t.duration_ms)}</span>
                      <span className="num">{money(t.cost_usd)}</span>
                    </button>
                  </li>
                ))}
              </ul>
            );
          }}
        </Loaded>
      </div>
    </Modal>
  );
}
