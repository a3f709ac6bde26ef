import { useState } from "react";
import { duration } from "@/base/format";
import { severityTone } from "@/base/model";
import { type Dependencies, dependencies } from "@/api/documents";
import { useDocument } from "@/api/use_document";
import { AgentLink } from "@/widgets/agent";
import { WaitBar } from "@/widgets/bars";
import { Button } from "@/widgets/controls";
import { To, paths } from "@/widgets/link";
import { PanelSection } from "@/widgets/peek";
import { StatusIcon } from "@/widgets/status";
import { useRange } from "@/widgets/url_state";
import { DirectiveDialog } from "../common/directive_dialog";
import { Loaded } from "../common/loaded";

const SHOWN = 10;

/** Chains of waiting first, as a list; then the pairs that wait most. */
export function WaitingChains() {
  const { key, params } = useRange();
  const query = useDocument("conflicts", dependencies, "dependencies", params, { key, refetchMs: 10_000 });
  return (
    <aside className="waiting" aria-label="Who waits on whom">
      <Loaded query={query}>
        {(data) => (
          <>
            <PanelSection title="Who waits on whom" aside={<To to="/topology" search={{ view: "waiting" }} className="link">As a graph</To>}>
              {data.chains.length === 0 ? <p className="t3">Nobody waits for anybody now.</p> : data.chains.slice(0, SHOWN).map((c, i) => <Chain key={i} chain={c} />)}
            </PanelSection>
            <Pairs data={data} />
          </>
        )}
      </Loaded>
    </aside>
  );
}

function Chain({ chain }: { chain: Dependencies["chains"][number] }) {
  const [asking, setAsking] = useState(false);
  const last = chain.chain[chain.chain.length - (chain.deadlock ? 2 : 1)];
  const long = chain.usual_ms !== null && chain.oldest_ms > 2 * chain.usual_ms;
  return (
    <div className="chain">
      <StatusIcon tone={chain.deadlock ? "crit" : chain.severity ? severityTone(chain.severity) : long ? "warn" : "unk"} size={16} />
      <div>
        <div className="chain-agents">
          {chain.chain.map((a, i) => (
            <span key={`${a.id} ${i}`}>
              {i > 0 && <span className="t3"> ← </span>}
              <AgentLink agent={a} max={18} />
            </span>
          ))}
        </div>
        <div className="chain-note t2">
          {chain.deadlock && <span className="crit medium">deadlock · </span>}
          <span className={long ? "medium" : ""}>{duration(chain.oldest_ms)}</span>
          {chain.usual_ms !== null && <span className="t3">, usual {duration(chain.usual_ms)}</span>}
          {chain.trace_id && <> · <To to={paths.trace(chain.trace_id)} className="link">trace</To></>}
        </div>
      </div>
      {chain.deadlock && last && (
        <>
          <Button onClick={() => setAsking(true)}>Break…</Button>
          <DirectiveDialog agent={last} directive={asking ? "break_wait" : null} params={{ cycle_id: chain.cycle_id }} reason="deadlock" onClose={() => setAsking(false)} />
        </>
      )}
    </div>
  );
}

function Pairs({ data }: { data: Dependencies }) {
  const rows = [...data.edges].sort((a, b) => (b.wait_p95_ms ?? 0) - (a.wait_p95_ms ?? 0)).slice(0, SHOWN);
  const longest = Math.max(1, ...rows.map((e) => e.wait_p95_ms ?? 0));
  if (rows.length === 0) return null;
  return (
    <PanelSection title="Dependencies in this range" aside="wait p95">
      <ul className="pairs">
        {rows.map((e) => {
          const long = e.wait_usual_ms !== null && e.wait_p95_ms !== null && e.wait_p95_ms > 2 * e.wait_usual_ms;
          return (
            <li key={`${e.consumer.id} ${e.producer.id}`}>
              <span className="pairs-names"><AgentLink agent={e.consumer} max={16} /> <span className="t3">←</span> <AgentLink agent={e.producer} max={16} /></span>
              {e.wait_p95_ms === null ? <span /> : <WaitBar value={e.wait_p95_ms} max={longest} long={long} label="wait against the longest" />}
              <span className={`num ${long ? "warn" : ""}`}>{duration(e.wait_p95_ms)}</span>
            </li>
          );
        })}
      </ul>
    </PanelSection>
  );
}
