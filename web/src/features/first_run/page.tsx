import { useEffect, useState } from "react";
import { count } from "@/base/format";
import { middleEllipsis, visibleLine } from "@/base/text";
import { type Receivers, receivers } from "@/api/documents";
import { failureOf, useDocument, useSend } from "@/api/use_document";
import { AgentLabel } from "@/widgets/agent";
import { Button, Segments } from "@/widgets/controls";
import { CopyButton } from "@/widgets/copy";
import { To, paths } from "@/widgets/link";
import { ErrorNote } from "@/widgets/states";
import { StatusIcon } from "@/widgets/status";
import { announce } from "@/widgets/toast";
import * as v from "valibot";
import { useRoleBlock } from "../common/roles";
import { FRAMEWORKS, LANGUAGES, snippetOf } from "./snippets";
import "./first_run.css";

const started = v.object({ started: v.boolean() });
const FALLBACK_GRPC = "http://127.0.0.1:4317";
const FALLBACK_HTTP = "http://127.0.0.1:4318";

/** Nothing has arrived yet: where to send, how, and what the receivers see right now. */
export function Page() {
  const query = useDocument("status", receivers, "receivers", {}, { refetchMs: 2000 });
  const [choice, setChoice] = useState<string>("python");
  useEffect(() => {
    document.title = "First run · honeyguide";
  }, []);
  const listeners = query.data?.listeners ?? [];
  const http = listeners.find((l) => l.protocol.startsWith("http"))?.endpoint ?? FALLBACK_HTTP;
  const grpc = listeners.find((l) => l.protocol === "grpc")?.endpoint ?? FALLBACK_GRPC;
  const snippet = snippetOf(choice, { grpc, http });
  return (
    <div className="page first-run">
      <div className="first-steps">
        <h1>Point your agents here</h1>
        <p className="t2">Any OpenTelemetry SDK works. Nothing leaves this machine.</p>
        <Step n={1} title="Endpoint">
          {[["OTLP over gRPC", grpc], ["OTLP over HTTP", http]].map(([name, url]) => (
            <div key={name} className="endpoint">
              <span className="t3">{name}</span>
              <code className="mono">{url}</code>
              <CopyButton value={url ?? ""} label={`Copy ${name}`} />
            </div>
          ))}
          {query.data?.token_needed && <p className="t2">This server wants a token: <code className="mono">OTEL_EXPORTER_OTLP_HEADERS=Authorization=Bearer …</code> (honeyguide token makes one).</p>}
        </Step>
        <Step n={2} title="Send">
          <div className="first-choices">
            <Segments label="Language" value={choice} choices={LANGUAGES} onChange={setChoice} />
            <Segments label="Framework" value={choice} choices={FRAMEWORKS} onChange={setChoice} />
          </div>
          <div className="first-snippet">
            <CopyButton value={snippet} label="Copy the snippet" text="Copy" />
            <pre className="mono">{snippet}</pre>
          </div>
        </Step>
        <Step n={3} title="See it">
          <p className="t2">The panel at the right counts what arrives, and says why something was refused. The first trace appears there by itself.</p>
          <DemoButton available={query.data?.demo_available ?? false} />
        </Step>
      </div>
      <aside className="card first-panel" aria-label="Receivers, live">
        {query.data ? <Panel data={query.data} /> : query.isError ? <ErrorNote error={failureOf(query.error)} onRetry={() => void query.refetch()} /> : <p className="t3 card-body">Asking the receivers…</p>}
      </aside>
    </div>
  );
}

function Step({ n, title, children }: { n: number; title: string; children: React.ReactNode }) {
  return (
    <section className="first-step">
      <span className="first-number" aria-hidden="true">{n}</span>
      <div>
        <h2>{title}</h2>
        {children}
      </div>
    </section>
  );
}

const DEMO_HISTORY_MS = 14 * 86400e3;

function DemoButton({ available }: { available: boolean }) {
  const blocked = useRoleBlock("operate");
  const send = useSend(started, () => ({ method: "POST", path: "demo", body: { history_ms: DEMO_HISTORY_MS } }), ["status", "overview"]);
  if (!available) return null;
  return (
    <p className="row">
      <Button disabled={blocked !== null || send.isPending} title={blocked ?? undefined} onClick={() => send.mutate(undefined, { onSuccess: () => announce("The demo swarm is starting.") })}>
        Load the demo
      </Button>
      <span className="t3">a simulated hive with 14 days of history{blocked ? `; ${blocked}` : ""}</span>
      {send.error && <span className="crit">{send.error.message}</span>}
    </p>
  );
}

function Panel({ data }: { data: Receivers }) {
  const first = data.first_trace;
  return (
    <>
      <div className="first-cell">
        <svg width="64" height="64" viewBox="0 0 20 20" aria-hidden="true">
          <path d="M10 1 17.8 5.5v9L10 19l-7.8-4.5v-9Z" className={first ? "cell full" : "cell"} />
        </svg>
        {first ? (
          <p>
            <To to={paths.trace(first.trace_id)} className="link">
              First trace from {first.agent ? <AgentLabel agent={first.agent} max={28} /> : <span className="tel">{middleEllipsis(first.service ?? "a service", 28)}</span>}, {count(first.spans)} spans
            </To>
          </p>
        ) : (
          <p className="t2">Listening. No span has arrived yet.</p>
        )}
      </div>
      <table>
        <thead>
          <tr><th>Receiver</th><th className="num">Connections</th><th className="num">Requests</th><th className="num">Spans</th></tr>
        </thead>
        <tbody>
          {data.listeners.map((l) => (
            <tr key={l.name}>
              <td>
                <span className="row">
                  <StatusIcon tone={l.listening ? "ok" : "crit"} size={14} label={l.listening ? "listening" : "not listening"} />
                  <span className="tel">{visibleLine(l.name)}</span>
                  <span className="mono t3">{l.address.slice(l.address.lastIndexOf(":"))}</span>
                </span>
                {l.error && <p className="crit tel">{visibleLine(l.error)}</p>}
              </td>
              <td className="num">{count(l.connections)}</td>
              <td className="num">{count(l.requests)}</td>
              <td className="num">{count(l.spans)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {data.refused.length > 0 && (
        <div className="first-refused">
          <h3>Refused</h3>
          <ul>
            {data.refused.map((r) => (
              <li key={r.reason}>
                <StatusIcon tone="warn" size={14} />
                <span>
                  <b className="medium">{count(r.count)} ×</b> <span className="tel">{visibleLine(r.reason)}</span>
                  {r.fix && <span className="t2 tel"> → {visibleLine(r.fix)}</span>}
                </span>
              </li>
            ))}
          </ul>
        </div>
      )}
    </>
  );
}
