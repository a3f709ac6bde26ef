import { useState } from "react";
import { nsToMs } from "@/base/clock";
import { clockMillis } from "@/base/moment";
import { visibleBlock, visibleLine } from "@/base/text";
import type { SpanDocument } from "@/api/trace_documents";
import { CopyButton } from "@/widgets/copy";
import { To, paths } from "@/widgets/link";
import { PanelSection } from "@/widgets/peek";

type Attribute = SpanDocument["span"]["attributes"][number];

const VALUE_SHOWN = 2000;

/** An OTLP value as text and its type. */
export function attributeValue(value: Record<string, unknown>): { text: string; type: string } {
  const [key, inner] = Object.entries(value)[0] ?? ["", null];
  const type = key.replace("Value", "");
  if (type === "string" || type === "int" || type === "double" || type === "bool" || type === "bytes") return { text: String(inner), type };
  return { text: JSON.stringify(inner ?? null), type: type || "empty" };
}

/** Attributes, events, links and resource: filterable, typed, each one copied raw. */
export function Attributes({ detail }: { detail: SpanDocument }) {
  const [filter, setFilter] = useState("");
  const { span } = detail;
  const total = span.attributes.length;
  return (
    <>
      <PanelSection title="Attributes" aside={total > 8 ? <input className="input details-filter" placeholder="Filter" aria-label="Filter attributes" value={filter} onChange={(e) => setFilter(e.target.value)} /> : String(total)}>
        <List attributes={span.attributes} filter={filter} />
      </PanelSection>
      {span.events.length > 0 && (
        <PanelSection title="Events" aside={String(span.events.length)}>
          {span.events.slice(0, 100).map((e, i) => (
            <div key={i} className="details-event">
              <div>
                <time className="t3">{clockMillis(nsToMs(String(e.timeUnixNano)))}</time> <span className="medium tel">{visibleLine(e.name.slice(0, 200))}</span>
              </div>
              <List attributes={e.attributes} filter={filter} />
            </div>
          ))}
        </PanelSection>
      )}
      {span.links.length > 0 && (
        <PanelSection title="Links" aside={String(span.links.length)}>
          {span.links.slice(0, 50).map((l, i) => (
            <div key={i}>
              <To to={paths.trace(l.traceId)} search={{ sel: l.spanId }} className="link mono">{l.traceId.slice(0, 16)}…</To>
            </div>
          ))}
        </PanelSection>
      )}
      <PanelSection title="Resource" aside={visibleLine(`${detail.scope.name} ${detail.scope.version}`).slice(0, 60)}>
        <List attributes={detail.resource.attributes} filter={filter} />
        {detail.derived.recognised_by && <p className="t3 details-by tel">Recognised by {visibleLine(detail.derived.recognised_by)}</p>}
      </PanelSection>
    </>
  );
}

function List({ attributes, filter }: { attributes: Attribute[]; filter: string }) {
  const q = filter.toLowerCase();
  const shown = attributes.filter((a) => q === "" || a.key.toLowerCase().includes(q) || attributeValue(a.value).text.toLowerCase().includes(q));
  if (shown.length === 0) return <p className="t3">{attributes.length === 0 ? "none" : "none fits the filter"}</p>;
  return (
    <ul className="attributes">
      {shown.slice(0, 300).map((a, i) => (
        <Row key={`${a.key} ${i}`} attribute={a} />
      ))}
    </ul>
  );
}

function Row({ attribute }: { attribute: Attribute }) {
  const [open, setOpen] = useState(false);
  const { text, type } = attributeValue(attribute.value);
  const long = text.length > 160;
  const shown = visibleBlock(open ? text.slice(0, VALUE_SHOWN * 10) : text.slice(0, 160));
  const search = `${attribute.key}:${/^[\w.@/-]{1,120}$/.test(text) ? text : JSON.stringify(text.slice(0, 120))}`;
  return (
    <li>
      <span className="mono attribute-key tel">{visibleLine(attribute.key.slice(0, 200))}</span>
      <span className="attribute-value">
        <span className="tel">{shown}</span>
        {long && (
          <button type="button" className="link" onClick={() => setOpen(!open)}>
            {open ? " less" : " …all"}
          </button>
        )}
        <span className="attribute-type t3"> {type}</span>
      </span>
      <span className="attribute-acts">
        <CopyButton value={text} label={`Copy the value of ${attribute.key.slice(0, 60)}`} />
        {!long && (
          <To to="/traces" search={{ q: search }} className="btn ghost icon" title="Find runs with this" aria-label={`Find runs with this ${attribute.key.slice(0, 60)}`}>
            ⌕
          </To>
        )}
      </span>
    </li>
  );
}
