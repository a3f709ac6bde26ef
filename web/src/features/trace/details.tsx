import { Pause } from "lucide-react";
import { useState } from "react";
import { UNKNOWN, bytes, count, duration, money, wholePercent } from "@/base/format";
import { nsToMs } from "@/base/clock";
import { clockMillis, fullMoment } from "@/base/moment";
import { middleEllipsis, visibleLine } from "@/base/text";
import type { Skeleton, SpanDocument } from "@/api/trace_documents";
import { useSpan } from "@/api/trace_source";
import { AgentGlyph, AgentLink } from "@/widgets/agent";
import { Button, Chip, Kbd } from "@/widgets/controls";
import { CopyButton } from "@/widgets/copy";
import { DataBlock } from "@/widgets/json_view";
import { LoopView } from "@/widgets/loop_view";
import { PanelSection } from "@/widgets/peek";
import type { Folds } from "@/widgets/waterfall/folds";
import { errors } from "@/widgets/waterfall/use_keys";
import { kindWord } from "@/widgets/waterfall/row_view";
import { KIND, STATUS, type TraceData, spanAgent, spanName } from "@/widgets/waterfall/trace_data";
import { DirectiveDialog } from "../common/directive_dialog";
import { Loaded } from "../common/loaded";
import { Attributes } from "./attributes";

interface Props {
  document: Skeleton;
  data: TraceData;
  folds: Folds;
  span: number;
  onSelect: (span: number) => void;
}

/** All about one span; payloads are loaded when it is selected, cut at 2 KB until asked for. */
export function Details({ document: doc, data, span, onSelect }: Props) {
  const [full, setFull] = useState<string | null>(null);
  const id = data.spanId[span] ?? "";
  const trace = doc.trace_ids[doc.columns.trace[span] ?? 0] ?? doc.trace_id;
  const query = useSpan(trace, id, full === id);
  const current = query.data?.span.spanId === id ? query : { ...query, data: undefined, isPending: !query.isError };
  return (
    <div className="details">
      <Summary document={doc} data={data} span={span} detail={current.data} onSelect={onSelect} />
      <LoopPart document={doc} data={data} span={span} onSelect={onSelect} />
      <Loaded query={current as typeof query}>{(detail) => <Payload detail={detail} onFull={() => setFull(id)} />}</Loaded>
      <CriticalOwners document={doc} />
    </div>
  );
}

function Summary({ document: doc, data, span, detail, onSelect }: Omit<Props, "folds"> & { detail: SpanDocument | undefined }) {
  const [acting, setActing] = useState(false);
  const agent = spanAgent(data, span);
  const start = nsToMs(doc.start_unix_ns) + (data.start[span] ?? 0) / 1e6;
  const took = ((data.end[span] ?? 0) - (data.start[span] ?? 0)) / 1e6;
  const failed = data.status[span] === STATUS.error;
  const share = detail?.derived.critical_ratio ?? null;
  const before = errors(data).findLast((s) => s < span);
  const same = detail?.derived.same_as_before ?? 0;
  const message = detail?.span.status.message ?? "";
  return (
    <PanelSection>
      <h2 className="details-title">
        {agent && <AgentGlyph slot={agent.slot} />}
        <span className="mono tel">{middleEllipsis(spanName(data, span))}</span>
        {same > 0 && <Chip tone="crit">same as {same} before</Chip>}
      </h2>
      <dl className="kv details-kv">
        <dt>Agent</dt>
        <dd>
          {agent ? <AgentLink agent={agent} max={26} /> : <span className="t3">none recognised</span>}, {kindWord(data.kind[span] ?? 0)}
        </dd>
        <dt>Started</dt>
        <dd title={fullMoment(start)}>
          {clockMillis(start)}, {data.open[span] ? "running for" : "took"} {duration(took)}
          {(data.subtreeEnd[span] ?? 0) > span + 1 && <span className="t3">, itself {duration((data.self[span] ?? 0) / 1e6)}</span>}
        </dd>
        <dt>{failed ? "Failed" : "Status"}</dt>
        <dd className={failed ? "crit tel" : "tel"}>{visibleLine(message.slice(0, 400)) || (failed ? "error without a message" : data.status[span] === STATUS.ok ? "ok" : "not set")}</dd>
        {share !== null && share > 0 && (
          <>
            <dt>On critical path</dt>
            <dd>{wholePercent(share)} of its time</dd>
          </>
        )}
        {data.kind[span] === KIND.llm && detail && <LlmFacts detail={detail} />}
      </dl>
      <div className="row details-acts">
        {agent && doc.running && (
          <Button kind="ink" onClick={() => setActing(true)}>
            <Pause size={14} />
            Pause {middleEllipsis(agent.name, 18)}
          </Button>
        )}
        {before !== undefined && (
          <Button onClick={() => onSelect(before)}>
            Previous error <Kbd>E</Kbd>
          </Button>
        )}
      </div>
      {agent && <DirectiveDialog agent={agent} directive={acting ? "pause" : null} reason={`seen in run ${doc.trace_id.slice(0, 8)}`} onClose={() => setActing(false)} />}
    </PanelSection>
  );
}

function LlmFacts({ detail }: { detail: SpanDocument }) {
  const d = detail.derived;
  return (
    <>
      <dt>Model</dt>
      <dd className="mono tel">{d.model ? middleEllipsis(d.model) : UNKNOWN}</dd>
      <dt>Tokens</dt>
      <dd>{count(d.tokens_input)} in, {count(d.tokens_output)} out</dd>
      <dt>Cost</dt>
      <dd>{money(d.cost_usd)}{d.cost_usd === null && <span className="t3"> no price for this model</span>}</dd>
      {d.first_chunk_ms !== null && (
        <>
          <dt>First chunk</dt>
          <dd>after {duration(d.first_chunk_ms)}</dd>
        </>
      )}
    </>
  );
}

/** The loop that the span belongs to, where one was recognised. */
function LoopPart({ document: doc, data, span, onSelect }: Omit<Props, "folds">) {
  const loop = doc.loops.find((l) => l.turns.some((t) => t.spans.includes(span)) || l.span === span || (data.agent[span] === l.agent && doc.culprit?.span === span));
  if (!loop) return null;
  return (
    <PanelSection title="Loop" aside="filled = changed">
      <LoopView loop={{ ...loop, agent: doc.agents[loop.agent] ?? null }} onSelect={onSelect} />
    </PanelSection>
  );
}

function Payload({ detail, onFull }: { detail: SpanDocument; onFull: () => void }) {
  return (
    <>
      {detail.content_missing && (
        <PanelSection>
          <p className="t3 tel">{visibleLine(detail.content_missing)}</p>
        </PanelSection>
      )}
      {detail.arguments && (
        <PanelSection title="Arguments" aside={<PayloadAside text={detail.arguments.text} hash={detail.arguments.hash} size={detail.arguments.bytes} />}>
          <DataBlock text={detail.arguments.text} size={detail.arguments.bytes} onLoadAll={onFull} />
        </PanelSection>
      )}
      {detail.result && (
        <PanelSection title="Result" aside={<PayloadAside text={detail.result.text} hash={detail.result.hash} size={detail.result.bytes} />}>
          <DataBlock text={detail.result.text} size={detail.result.bytes} onLoadAll={onFull} />
        </PanelSection>
      )}
      {detail.messages.map((m, i) => (
        <PanelSection key={i} title={visibleLine(m.role).slice(0, 24)} aside={bytes(m.bytes)}>
          <DataBlock text={m.text} size={m.bytes} onLoadAll={onFull} />
        </PanelSection>
      ))}
      {detail.evaluations.length > 0 && (
        <PanelSection title="Evaluations">
          <dl className="kv">
            {detail.evaluations.map((e) => [
              <dt key={`t ${e.name}`} className="tel">{visibleLine(e.name)}</dt>,
              <dd key={`d ${e.name}`} className="tel">{e.score === null ? visibleLine(e.label ?? UNKNOWN) : e.score.toFixed(2)}{e.explanation ? ` ${visibleLine(e.explanation.slice(0, 200))}` : ""}</dd>,
            ])}
          </dl>
        </PanelSection>
      )}
      <Attributes detail={detail} />
    </>
  );
}

function PayloadAside({ text, hash, size }: { text: string; hash: string | null; size: number }) {
  return (
    <span className="details-aside">
      {hash && <span className="mono">hash {hash.slice(0, 8)}</span>} {bytes(size)}
      <CopyButton value={text} label="Copy" />
    </span>
  );
}

function CriticalOwners({ document: doc }: { document: Skeleton }) {
  if (doc.critical_owners.length === 0) return null;
  return (
    <PanelSection title="Critical path" aside="who owns the time">
      <ul className="details-owners">
        {doc.critical_owners.slice(0, 8).map((o, i) => (
          <li key={i}>
            <span className="ell">
              {o.agent && <AgentLink agent={o.agent} max={16} />} <span className="mono t2 tel">{middleEllipsis(o.operation, 24)}</span>
            </span>
            <span className="num">{duration(o.ms)}</span>
            <span className="num t3">{wholePercent(o.share_ratio)}</span>
          </li>
        ))}
      </ul>
    </PanelSection>
  );
}
