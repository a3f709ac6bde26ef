import { duration, inUnit, money, percent } from "@/base/format";
import { clock } from "@/base/moment";
import { nsToMs } from "@/base/clock";
import type { Sentence, SentencePart } from "@/base/model";
import { middleEllipsis, visibleLine } from "@/base/text";
import { AgentLabel, AgentLink } from "./agent";
import { To, paths } from "./link";

const TEXT_MAX = 400;

function Part({ part, links }: { part: SentencePart; links: boolean }) {
  switch (part.kind) {
    case "text":
      return <span className="tel">{visibleLine(part.text.slice(0, TEXT_MAX))}</span>;
    case "strong":
      return <strong className="medium tel">{visibleLine(part.text.slice(0, TEXT_MAX))}</strong>;
    case "code":
      return <span className="mono tel">{middleEllipsis(part.text)}</span>;
    case "agent":
      return links ? <AgentLink agent={part.agent} max={32} /> : <AgentLabel agent={part.agent} max={32} />;
    case "workflow":
      return links ? (
        <To to={paths.workflow(part.name)} className="medium tel">
          {middleEllipsis(part.name)}
        </To>
      ) : (
        <span className="medium tel">{middleEllipsis(part.name)}</span>
      );
    case "duration":
      return <span className="nowrap">{duration(part.ms)}</span>;
    case "money":
      return <span className="nowrap">{money(part.usd)}</span>;
    case "ratio":
      return <span className="nowrap">{percent(part.value)}</span>;
    case "number":
      return <span className="nowrap">{inUnit(part.value, part.unit)}</span>;
    case "time":
      return <time>{clock(nsToMs(part.unix_ns))}</time>;
  }
}

/** A sentence from the server: words, agents and figures; never markup. */
export function SentenceText({ sentence, links = true }: { sentence: Sentence; links?: boolean }) {
  if (sentence.parts.length === 0) return <span className="tel">{visibleLine(sentence.text.slice(0, TEXT_MAX))}</span>;
  return (
    <>
      {sentence.parts.map((part, i) => (
        <Part key={i} part={part} links={links} />
      ))}
    </>
  );
}
