import { count, duration, money, plural, wholePercent } from "@/base/format";
import { nsToMs } from "@/base/clock";
import { fullMoment, moment } from "@/base/moment";
import type { Tone } from "@/base/model";
import { middleEllipsis } from "@/base/text";
import type { Skeleton } from "@/api/trace_documents";
import { AgentGlyphs } from "@/widgets/agent";
import { Chip } from "@/widgets/controls";
import { To, paths } from "@/widgets/link";
import { SentenceText } from "@/widgets/sentence";
import { PartialChip } from "@/widgets/states";
import { OutcomeIcon, StatusIcon } from "@/widgets/status";
import { type TraceData, spanName } from "@/widgets/waterfall/trace_data";
import { useSetSearch } from "@/widgets/url_state";

/** What it is, how it ended, the likely cause, and its figures against usual. */
export function TraceHeader({ document: doc, data }: { document: Skeleton; data: TraceData }) {
  const start = nsToMs(doc.start_unix_ns);
  const dear = doc.cost_usd !== null && doc.cost_usual_usd !== null && doc.cost_usd > 3 * doc.cost_usual_usd;
  const tone: Tone | null = doc.outcome === "running" && doc.errors > 0 ? "crit" : null;
  return (
    <header className="trace-head">
      <div className="trace-title">
        <h1>
          {tone ? <StatusIcon tone={tone} /> : <OutcomeIcon outcome={doc.outcome} size={18} />}
          <span className="tel ell" title={doc.name.slice(0, 2000)}>{middleEllipsis(doc.name, 64)}</span>
          <Chip tone={doc.outcome === "failed" ? "crit" : doc.outcome === "limit" ? "warn" : undefined}>{doc.outcome_text.slice(0, 80)}</Chip>
          {doc.trace_ids.length > 1 && <Chip title={doc.joined_by ?? undefined}>{doc.trace_ids.length} traces joined{doc.joined_by ? ` by ${doc.joined_by.slice(0, 40)}` : ""}</Chip>}
          {doc.truncated && <Chip tone="warn">first {count(doc.truncated.shown)} of {count(doc.truncated.total)} spans</Chip>}
          <PartialChip partial={doc.partial} />
        </h1>
        <p className="trace-why">
          <Why document={doc} data={data} />
        </p>
      </div>
      <dl className="trace-facts">
        <Fact value={moment(start)} name="started" title={fullMoment(start)} />
        <Fact value={doc.running ? `${duration(doc.duration_ns / 1e6)}…` : duration(doc.duration_ns / 1e6)} name="duration" />
        <Fact value={count(doc.spans)} name="spans" />
        <Fact value={count(doc.errors)} name={doc.errors === 1 ? "error" : "errors"} bad={doc.errors > 0} />
        <Fact value={count(doc.tokens)} name="tokens" />
        <Fact value={money(doc.cost_usd)} name={doc.cost_usual_usd === null ? "cost" : `usual ${money(doc.cost_usual_usd)}`} bad={dear} />
        <div>
          <dd className="trace-agents"><AgentGlyphs agents={doc.agents} max={6} /></dd>
          <dt>{plural(doc.agents.length, "agent")}</dt>
        </div>
      </dl>
    </header>
  );
}

function Fact({ value, name, bad = false, title }: { value: string; name: string; bad?: boolean; title?: string }) {
  return (
    <div title={title}>
      <dd className={bad ? "crit" : ""}>{value}</dd>
      <dt>{name}</dt>
    </div>
  );
}

/** The culprit ranking's first, else the first error that is nobody's consequence. */
function Why({ document: doc, data }: { document: Skeleton; data: TraceData }) {
  const set = useSetSearch();
  const jump = (span: number) => set({ sel: data.spanId[span] }, "replace");
  if (doc.culprit) {
    const span = doc.culprit.span;
    return (
      <>
        Likely cause{doc.culprit.confidence_ratio === null ? "" : ` (${wholePercent(doc.culprit.confidence_ratio)})`}: <SentenceText sentence={doc.culprit.sentence} />
        {span !== null && (
          <button type="button" className="link trace-jump" onClick={() => jump(span)}>
            show
          </button>
        )}
      </>
    );
  }
  if (doc.first_error !== null) {
    const span = doc.first_error;
    return (
      <>
        First error that is not a consequence:{" "}
        <button type="button" className="link" onClick={() => jump(span)}>
          <span className="mono tel">{middleEllipsis(spanName(data, span), 60)}</span>
        </button>
      </>
    );
  }
  return (
    <>
      {doc.workflow ? (
        <>
          Workflow <To to={paths.workflow(doc.workflow)} className="link tel">{middleEllipsis(doc.workflow, 40)}</To>
        </>
      ) : (
        "No workflow was recognised"
      )}
      {doc.errors === 0 ? "; no error." : "."}
    </>
  );
}
