import { useEffect, useMemo, useRef, useState } from "react";
import { bytes, count, duration, money } from "@/base/format";
import { nsToMs } from "@/base/clock";
import { hueVar } from "@/base/identity";
import { useHotkeys } from "@/base/hotkeys";
import { clockSeconds } from "@/base/moment";
import { middleEllipsis, visibleBlock, visibleLine } from "@/base/text";
import { type Turn, conversation } from "@/api/trace_documents";
import { encode, failureOf, usePages } from "@/api/use_document";
import { AgentLabel, AgentLink } from "@/widgets/agent";
import { Button, Chip } from "@/widgets/controls";
import { DataBlock } from "@/widgets/json_view";
import { Empty, ErrorNote, Skeleton } from "@/widgets/states";
import { TotalText } from "@/widgets/total";
import "./conversation.css";

const TEXT_SHOWN = 4000;

interface Props {
  traceId: string;
  selectedId: string | null;
  onSelect: (spanId: string) => void;
  find: string;
}

/** One column, as a reader sees it. Text is plain text. */
export function Conversation({ traceId, selectedId, onSelect, find }: Props) {
  const query = usePages("traces", conversation, `traces/${encode(traceId)}/conversation`, () => ({ limit: "200" }), traceId);
  const turns = useMemo(() => query.data?.pages.flatMap((p) => p.items) ?? [], [query.data]);
  const box = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState(-1);
  const jump = (by: number) => {
    const next = Math.max(0, Math.min(turns.length - 1, at + by));
    setAt(next);
    box.current?.querySelector(`[data-turn="${next}"]`)?.scrollIntoView({ block: "center" });
  };
  useHotkeys([
    { keys: "n", title: "Next turn", group: "Trace", run: () => jump(1) },
    { keys: "p", title: "Previous turn", group: "Trace", run: () => jump(-1) },
  ]);
  useEffect(() => {
    const i = turns.findIndex((t) => t.span_id !== null && t.span_id === selectedId);
    if (i >= 0) box.current?.querySelector(`[data-turn="${i}"]`)?.scrollIntoView({ block: "nearest" });
  }, [turns, selectedId]);
  if (query.isError && !query.data) return <ErrorNote error={failureOf(query.error)} onRetry={() => void query.refetch()} />;
  if (query.isPending) return <Skeleton lines={10} />;
  if (turns.length === 0) return <Empty>Nothing was said in this run, or its content was not recorded (metadata only).</Empty>;
  const q = find.trim().toLowerCase();
  const total = query.data?.pages[0]?.total;
  return (
    <div className="talk" ref={box} tabIndex={0} role="feed" aria-label="Conversation">
      {turns.map((turn, i) => (
        <TurnView
          key={`${turn.turn} ${i}`}
          turn={turn}
          index={i}
          newSpeaker={turns[i - 1]?.agent?.id !== turn.agent?.id || turns[i - 1]?.kind === "handoff"}
          selected={(turn.span_id !== null && turn.span_id === selectedId) || i === at}
          hit={q !== "" && textOf(turn).toLowerCase().includes(q)}
          onSelect={onSelect}
        />
      ))}
      <div className="talk-end">
        {total && <TotalText total={total} shown={turns.length} noun="turn" />}
        {query.hasNextPage && <Button onClick={() => void query.fetchNextPage()}>Load more</Button>}
      </div>
    </div>
  );
}

function textOf(turn: Turn): string {
  return `${turn.text ?? ""} ${turn.tool?.name ?? ""} ${turn.tool?.arguments ?? ""} ${turn.tool?.result ?? ""}`;
}

interface TurnProps {
  turn: Turn;
  index: number;
  newSpeaker: boolean;
  selected: boolean;
  hit: boolean;
  onSelect: (spanId: string) => void;
}

function TurnView({ turn, index, newSpeaker, selected, hit, onSelect }: TurnProps) {
  const classes = `talk-turn ${turn.kind} ${selected ? "selected" : ""} ${hit ? "hit" : ""}`;
  const pick = () => turn.span_id && onSelect(turn.span_id);
  if (turn.kind === "handoff") {
    return (
      <div className={classes} data-turn={index} role="article" onClick={pick}>
        <div className="talk-rule">
          {turn.agent && <AgentLink agent={turn.agent} max={24} />} <span className="t3">→</span> {turn.handoff_to && <AgentLink agent={turn.handoff_to} max={24} />}
          <span className="t2">hand-off{turn.text ? `: ${visibleLine(turn.text.slice(0, 120))}` : ""}</span>
        </div>
      </div>
    );
  }
  return (
    <article className={classes} data-turn={index} onClick={pick}>
      <div className="talk-who">
        {newSpeaker && turn.agent ? <AgentLabel agent={turn.agent} max={18} /> : newSpeaker ? <span>{turn.role ?? ""}</span> : null}
        <time>{clockSeconds(nsToMs(turn.at_unix_ns))}</time>
      </div>
      <div className="talk-body" style={{ borderColor: turn.agent ? hueVar(turn.agent.slot) : "var(--line-2)" }}>
        {turn.kind === "fold" ? <Fold turn={turn} /> : turn.kind === "tool" ? <Tool turn={turn} /> : <Message turn={turn} />}
      </div>
    </article>
  );
}

function Message({ turn }: { turn: Turn }) {
  const system = turn.role === "system";
  const [open, setOpen] = useState(!system);
  const text = turn.text ?? "";
  const [all, setAll] = useState(false);
  return (
    <>
      {turn.reasoning && (
        <details className="talk-reasoning">
          <summary>Reasoning, {count(turn.reasoning.length)} characters</summary>
          <p className="tel talk-text">{visibleBlock(turn.reasoning.slice(0, TEXT_SHOWN))}</p>
        </details>
      )}
      {system && (
        <button type="button" className="link" onClick={() => setOpen(!open)}>
          System prompt, {bytes(turn.bytes)} {open ? "(fold)" : "(show)"}
        </button>
      )}
      {open && text !== "" && (
        <p className="tel talk-text">
          {visibleBlock(all ? text : text.slice(0, TEXT_SHOWN))}
          {!all && text.length > TEXT_SHOWN && (
            <button type="button" className="link" onClick={() => setAll(true)}>
              {" "}
              …all {bytes(turn.bytes)}
            </button>
          )}
        </p>
      )}
      {turn.content_missing && <p className="t3 tel">{visibleLine(turn.content_missing)}</p>}
      {turn.media.map((m, i) => (
        <Chip key={i}>{visibleLine(m.type).slice(0, 40)}, {bytes(m.bytes)}</Chip>
      ))}
      <Meta turn={turn} />
    </>
  );
}

function Tool({ turn }: { turn: Turn }) {
  const tool = turn.tool;
  if (!tool) return null;
  return (
    <div className="talk-tool">
      <header>
        <span className="mono medium tel">{middleEllipsis(tool.name, 48)}</span>
        {tool.error && <Chip tone="crit">{visibleLine(tool.error).slice(0, 60)}</Chip>}
        {(tool.same_as_before ?? 0) > 0 && <Chip tone="crit">same as {tool.same_as_before} before</Chip>}
        <span className="t3 talk-took">{duration(turn.duration_ms)}</span>
      </header>
      {tool.arguments !== null && <DataBlock text={tool.arguments} />}
      {tool.result !== null && <DataBlock text={tool.result} />}
      {turn.content_missing && <p className="t3 tel">{visibleLine(turn.content_missing)}</p>}
    </div>
  );
}

function Fold({ turn }: { turn: Turn }) {
  return (
    <div className="talk-fold">
      <span className="crit medium tel">{visibleLine(turn.text ?? `${turn.fold?.count ?? 0} identical turns`)}</span>
      <span className="grow" />
      <span className="t2">{duration(turn.duration_ms)}{turn.fold?.cost_usd != null && `, ${money(turn.fold.cost_usd)}`}</span>
    </div>
  );
}

function Meta({ turn }: { turn: Turn }) {
  const parts = [turn.model ? middleEllipsis(turn.model, 30) : null, turn.tokens === null ? null : `${count(turn.tokens)} tok`, turn.cost_usd === null ? null : money(turn.cost_usd), turn.duration_ms === null ? null : duration(turn.duration_ms)].filter(Boolean);
  return parts.length === 0 ? null : <div className="talk-meta">{parts.join(" · ")}</div>;
}
