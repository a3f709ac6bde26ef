import { Popover } from "@base-ui/react/popover";
import { ChevronDown } from "lucide-react";
import { useState } from "react";
import { PRESETS, parseTyped, rangeBounds, rangeLabel, rangeText } from "@/base/range";
import { zoneLabel } from "@/base/moment";
import { setPrefs, usePrefs } from "@/base/prefs";
import { Button } from "@/widgets/controls";
import { useRange, useSetSearch } from "@/widgets/url_state";

/** Presets, typed ranges, two dates and the zone. The zone stands here and in no cell. */
export function RangePicker() {
  const { range } = useRange();
  const [open, setOpen] = useState(false);
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger className="btn top-wide" data-range-button="">
        {rangeLabel(range)}
        <ChevronDown size={14} />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner className="floating" sideOffset={6} align="end">
          <Popover.Popup className="range-popup">
            <RangeForm onDone={() => setOpen(false)} />
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}

function local(ms: number): string {
  const d = new Date(ms - new Date(ms).getTimezoneOffset() * 60e3);
  return d.toISOString().slice(0, 16);
}

function RangeForm({ onDone }: { onDone: () => void }) {
  const { range } = useRange();
  const set = useSetSearch();
  const prefs = usePrefs();
  const [typed, setTyped] = useState("");
  const bounds = rangeBounds(range);
  const [from, setFrom] = useState(local(bounds.from));
  const [to, setTo] = useState(local(bounds.to));
  const parsed = typed === "" ? null : parseTyped(typed);
  const choose = (text: string) => {
    set({ range: text === "1h" ? undefined : text, from: undefined, to: undefined });
    onDone();
  };
  const apply = () => {
    if (parsed?.kind === "relative") return choose(rangeText(parsed.ms));
    const a = parsed?.kind === "absolute" ? parsed.from : Date.parse(from);
    const b = parsed?.kind === "absolute" ? parsed.to : Date.parse(to);
    if (!(a < b)) return;
    set({ range: undefined, from: String(Math.round(a)), to: String(Math.round(b)) });
    onDone();
  };
  return (
    <form
      className="range-form"
      onSubmit={(e) => {
        e.preventDefault();
        apply();
      }}
    >
      <div className="range-presets">
        {PRESETS.map((p) => (
          <Button key={p} aria-pressed={range.kind === "relative" && rangeText(range.ms) === p} onClick={() => choose(p)}>
            {p.replace(/(\d)([a-z])/, "$1 $2")}
          </Button>
        ))}
      </div>
      <label className="field">
        <span>Typed: 90m, 2h ago, mon 9:00 to 11:00, epoch</span>
        <input className="input" value={typed} onChange={(e) => setTyped(e.target.value)} aria-invalid={typed !== "" && parsed === null} />
      </label>
      {typed !== "" && <p className={parsed ? "t3" : "warn"}>{parsed ? rangeLabel(parsed) : "Not a time range I understand."}</p>}
      <div className="range-dates">
        <label className="field">
          <span>From</span>
          <input className="input" type="datetime-local" value={from} onChange={(e) => setFrom(e.target.value)} />
        </label>
        <label className="field">
          <span>To</span>
          <input className="input" type="datetime-local" value={to} onChange={(e) => setTo(e.target.value)} />
        </label>
      </div>
      <div className="row">
        <span className="t3 grow">Times in {zoneLabel()}</span>
        <Button kind="ghost" onClick={() => setPrefs({ zone: prefs.zone === "UTC" ? "browser" : "UTC" })}>
          {prefs.zone === "UTC" ? "Use this machine's zone" : "Use UTC"}
        </Button>
        <Button kind="ink" type="submit">
          Apply
        </Button>
      </div>
    </form>
  );
}
