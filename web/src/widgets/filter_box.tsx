import { Search as SearchIcon, X } from "lucide-react";
import { useEffect, useId, useRef, useState } from "react";
import "./filter_box.css";

export interface Completion {
  text: string;
  title: string;
  count: number | null;
}

interface Props {
  value: string;
  label: string;
  placeholder: string;
  onCommit: (text: string) => void;
  /** Called with the text and the cursor while typing; answers what fits there. */
  complete?: (text: string, at: number) => Promise<{ from: number; to: number; items: Completion[] } | null>;
  errors?: { position: number; length: number; message: string }[];
}

const DEBOUNCE_MS = 150;

/** The filter words of a page. Enter commits; a bad part is underlined with its reason, the rest still runs. */
export function FilterBox({ value, label, placeholder, onCommit, complete, errors = [] }: Props) {
  const [text, setText] = useState(value);
  const [offer, setOffer] = useState<{ from: number; to: number; items: Completion[] } | null>(null);
  const [at, setAt] = useState(-1);
  const input = useRef<HTMLInputElement>(null);
  const listId = useId();
  useEffect(() => setText(value), [value]);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const ask = (next: string, cursor: number) => {
    clearTimeout(timer.current);
    if (!complete) return;
    timer.current = setTimeout(() => {
      void complete(next, cursor).then((found) => {
        setOffer(found && found.items.length > 0 && document.activeElement === input.current ? found : null);
        setAt(-1);
      });
    }, DEBOUNCE_MS);
  };
  const take = (item: Completion) => {
    if (!offer) return;
    const next = text.slice(0, offer.from) + item.text + text.slice(offer.to);
    setText(next);
    setOffer(null);
    input.current?.focus();
    ask(next, offer.from + item.text.length);
  };
  const commit = (next: string) => {
    clearTimeout(timer.current);
    setOffer(null);
    onCommit(next.trim());
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    const chosen = at >= 0 ? offer?.items[at] : undefined;
    if (event.key === "Enter" || event.key === "Tab") {
      if (chosen) take(chosen);
      else if (event.key === "Enter") commit(text);
      else return;
    } else if (offer && event.key === "ArrowDown") setAt(Math.min(offer.items.length - 1, at + 1));
    else if (offer && event.key === "ArrowUp") setAt(Math.max(-1, at - 1));
    else if (event.key === "Escape") {
      if (offer) setOffer(null);
      else input.current?.blur();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const first = text === value ? errors[0] : undefined;
  return (
    <div className={`filter ${first ? "bad" : ""}`}>
      <SearchIcon size={14} />
      <input
        ref={input}
        data-page-filter=""
        role="combobox"
        aria-label={label}
        aria-expanded={offer !== null}
        aria-controls={listId}
        aria-invalid={first !== undefined}
        placeholder={placeholder}
        spellCheck={false}
        autoComplete="off"
        value={text}
        onChange={(e) => {
          setText(e.target.value);
          ask(e.target.value, e.target.selectionStart ?? e.target.value.length);
        }}
        onFocus={(e) => ask(e.target.value, e.target.value.length)}
        onBlur={() => setTimeout(() => setOffer(null), 120)}
        onKeyDown={onKeyDown}
      />
      {text !== "" && (
        <button type="button" aria-label="Clear the filter" className="t3" onClick={() => commit("")}>
          <X size={14} />
        </button>
      )}
      {first && (
        <p className="filter-error warn">
          <span className="mono">{text.slice(0, first.position)}</span>
          <span className="mono filter-bad">{text.slice(first.position, first.position + first.length)}</span> {first.message}
        </p>
      )}
      {offer && (
        <ul className="filter-offer" id={listId} role="listbox">
          {offer.items.slice(0, 12).map((item, i) => (
            <li key={item.text} role="option" aria-selected={i === at} onPointerDown={(e) => { e.preventDefault(); take(item); }}>
              <span className="ell tel">{item.title.slice(0, 80)}</span>
              {item.count !== null && <span className="t3 num">{item.count}</span>}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
