import { useEffect, useState } from "react";
import { duration, plural } from "@/base/format";
import { usePrefs, setPrefs } from "@/base/prefs";
import { visibleLine, middleEllipsis } from "@/base/text";
import { severityTone } from "@/base/model";
import { type Settings, type SettingsEntry, settings } from "@/api/documents";
import { useDocument } from "@/api/use_document";
import { Button, Chip, Segments, Switch } from "@/widgets/controls";
import { Empty, Skeleton } from "@/widgets/states";
import { StatusIcon } from "@/widgets/status";
import { useSearch, useSetSearch } from "@/widgets/url_state";
import { Loaded } from "../common/loaded";
import { EditDialog } from "./edit_dialog";
import { RulePreview } from "./rule_preview";
import { shownValue } from "./values";
import "./settings.css";

/** Every value, where it comes from, and whether it may change here. */
export function Page() {
  const query = useDocument("settings", settings, "settings");
  useEffect(() => {
    document.title = "Settings · honeyguide";
  }, []);
  return (
    <div className="settings">
      <Loaded query={query} skeleton={<Skeleton lines={12} />}>
        {(data) => <Body data={data} />}
      </Loaded>
      {!query.data && (
        <div className="settings-alone">
          <Appearance />
        </div>
      )}
    </div>
  );
}

function Body({ data }: { data: Settings }) {
  const search = useSearch();
  const set = useSetSearch();
  const sections = [...data.sections.filter((s) => s.id !== "rules" && s.id !== "appearance").map((s) => ({ id: s.id, title: s.title })), { id: "rules", title: "Rules" }, { id: "appearance", title: "Appearance" }];
  const current = sections.find((s) => s.id === search.view)?.id ?? sections[0]?.id ?? "appearance";
  const section = data.sections.find((s) => s.id === current);
  return (
    <>
      <nav className="settings-nav" aria-label="Sections">
        {sections.map((s) => (
          <button key={s.id} type="button" aria-current={s.id === current ? "page" : undefined} onClick={() => set({ view: s.id })}>
            {middleEllipsis(s.title, 24)}
          </button>
        ))}
      </nav>
      <div className="settings-body">
        {data.inert_rules.length > 0 && (
          <div className="settings-inert">
            <StatusIcon tone="unk" size={16} />
            <span>
              {plural(data.inert_rules.length, "rule")} can never fire: {visibleLine(data.inert_rules.slice(0, 3).map((r) => `${r.name} (${r.reason})`).join(", ").slice(0, 200))}
            </span>
          </div>
        )}
        {current === "appearance" ? (
          <Appearance />
        ) : current === "rules" ? (
          <Rules data={data} />
        ) : section ? (
          <>
            <h1>{middleEllipsis(section.title)}</h1>
            {section.help && <p className="t2 settings-help">{visibleLine(section.help.slice(0, 400))}</p>}
            {section.entries.length === 0 ? <Empty>Nothing is set in this section.</Empty> : <Entries entries={section.entries} />}
          </>
        ) : null}
      </div>
    </>
  );
}

const SOURCES: Record<SettingsEntry["source"], string> = { default: "default", file: "file", flag: "flag", environment: "environment", runtime: "changed here" };

function Entries({ entries }: { entries: SettingsEntry[] }) {
  const [editing, setEditing] = useState<SettingsEntry | null>(null);
  return (
    <>
      <table className="card settings-table">
        <thead>
          <tr><th>Setting</th><th className="num">Value</th><th>From</th><th aria-label="Edit" /></tr>
        </thead>
        <tbody>
          {entries.map((e) => (
            <tr key={e.key}>
              <td>
                <div className="medium tel">{middleEllipsis(e.title, 80)}</div>
                <div className="t3 settings-key"><span className="mono tel">{visibleLine(e.key.slice(0, 200))}</span>{e.help ? ` · ${visibleLine(e.help.slice(0, 400))}` : ""}</div>
              </td>
              <td className="num medium">{shownValue(e)}</td>
              <td>
                <Chip tone={e.source === "runtime" ? "info" : undefined}>{SOURCES[e.source]}</Chip>
                {e.source_detail && <span className="t3 settings-detail tel">{middleEllipsis(e.source_detail, 40)}</span>}
              </td>
              <td className="num">
                <Button disabled={!e.changeable} title={e.changeable ? undefined : (e.why_not ?? "not changeable while running")} onClick={() => setEditing(e)}>Edit…</Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {editing && <EditDialog entry={editing} onClose={() => setEditing(null)} />}
    </>
  );
}

function Rules({ data }: { data: Settings }) {
  const [previewing, setPreviewing] = useState<string | null>(null);
  return (
    <>
      <h1>Rules</h1>
      <p className="t2 settings-help">What raises an alert. The preview shows what a rule would have done over the last 7 days.</p>
      {data.rules.length === 0 ? <Empty>No rule is loaded.</Empty> : (
        <table className="card settings-table">
          <thead>
            <tr><th>Rule</th><th>When</th><th>State</th><th className="num">Fired</th><th aria-label="Preview" /></tr>
          </thead>
          <tbody>
            {data.rules.map((r) => (
              <tr key={r.name}>
                <td>
                  <div className="row"><StatusIcon tone={r.inert_reason ? "unk" : severityTone(r.severity)} size={14} label={r.severity} /><span className="medium tel">{middleEllipsis(r.name, 40)}</span></div>
                  <div className="t3 settings-key">{visibleLine(r.kind.slice(0, 40))}, {r.severity}, from {visibleLine(r.source.slice(0, 60))}</div>
                </td>
                <td className="settings-expression"><span className="mono tel">{middleEllipsis(r.expression, 80)}</span>{r.for_ms ? <span className="t3"> for {duration(r.for_ms)}</span> : null}</td>
                <td>{r.inert_reason ? <span className="t3 tel">inert: {visibleLine(r.inert_reason)}</span> : <span className={r.state === "firing" ? "crit" : "t2"}>{visibleLine(r.state.slice(0, 30))}</span>}</td>
                <td className="num">{r.fired ?? "–"}</td>
                <td className="num"><Button onClick={() => setPreviewing(r.name)}>Preview…</Button></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {previewing && <RulePreview rule={previewing} onClose={() => setPreviewing(null)} />}
    </>
  );
}

/** What this browser remembers; nothing of it goes to the server. */
function Appearance() {
  const prefs = usePrefs();
  return (
    <>
      <h1>Appearance</h1>
      <p className="t2 settings-help">Kept in this browser only.</p>
      <div className="card settings-form">
        <div><span>Theme</span><Segments label="Theme" value={prefs.theme} choices={[{ value: "system", label: "As the system" }, { value: "light", label: "Light" }, { value: "dark", label: "Dark" }]} onChange={(theme) => setPrefs({ theme })} /></div>
        <div><span>Rows</span><Segments label="Rows" value={prefs.density} choices={[{ value: "comfortable", label: "Comfortable" }, { value: "compact", label: "Compact" }]} onChange={(density) => setPrefs({ density })} /></div>
        <div><span>Times</span><Segments label="Times" value={prefs.zone === "UTC" ? "UTC" : "browser"} choices={[{ value: "browser", label: "This machine's zone" }, { value: "UTC", label: "UTC" }]} onChange={(zone) => setPrefs({ zone })} /></div>
        <div><span>Keyboard</span><Switch label="Single keys (j, k, g a …)" checked={prefs.singleKeys} onChange={(singleKeys) => setPrefs({ singleKeys })} /></div>
      </div>
    </>
  );
}
