import { useState } from "react";
import { count } from "@/base/format";
import { middleEllipsis } from "@/base/text";
import { facets } from "@/api/documents";
import { useDocument } from "@/api/use_document";
import { useRange } from "@/widgets/url_state";

const SHOWN = 6;

/** The filter word for a value; quoted when it is more than one plain word. */
export function filterWord(key: string, value: string): string {
  return `${key}:${/^[\w.@/-]+$/.test(value) ? value : JSON.stringify(value)}`;
}

export function toggleWord(q: string, word: string): string {
  const words: string[] = q.match(/\S+:"(?:[^"\\]|\\.)*"|"(?:[^"\\]|\\.)*"|\S+/g) ?? [];
  return (words.includes(word) ? words.filter((w) => w !== word) : [...words, word]).join(" ");
}

/** What the current filter holds, by status, workflow, agent, tool, model; a click adds or takes the word. */
export function Facets({ q, onChange }: { q: string; onChange: (q: string) => void }) {
  const { key, params } = useRange();
  const query = useDocument("traces", facets, "traces/facets", () => ({ ...params(), q }), { key: [q, key] });
  return (
    <aside className="facets" aria-label="Facets">
      {query.isError && !query.data && <p className="t3 facet-more">This server gives no facets for this filter.</p>}
      {query.data?.facets.map((f) => <Facet key={f.key} facet={f} q={q} onChange={onChange} />)}
    </aside>
  );
}

interface FacetProps {
  facet: { key: string; title: string; values: { value: string; count: number }[]; more: number };
  q: string;
  onChange: (q: string) => void;
}

function Facet({ facet, q, onChange }: FacetProps) {
  const [all, setAll] = useState(false);
  if (facet.values.length === 0) return null;
  const values = all ? facet.values : facet.values.slice(0, SHOWN);
  return (
    <section className="facet">
      <h3>{facet.title.slice(0, 40)}</h3>
      <ul>
        {values.map((v) => {
          const word = filterWord(facet.key, v.value);
          const on = toggleWord(q, word).length < q.length;
          return (
            <li key={v.value}>
              <button type="button" aria-pressed={on} onClick={() => onChange(toggleWord(q, word))}>
                <span className="ell tel">{middleEllipsis(v.value, 28)}</span>
                <span className="num t3">{count(v.count)}</span>
              </button>
            </li>
          );
        })}
      </ul>
      {(facet.values.length > SHOWN || facet.more > 0) && (
        <button type="button" className="link facet-more" onClick={() => setAll(!all)}>
          {all ? "fewer" : `${facet.values.length - SHOWN + facet.more} more`}
        </button>
      )}
    </section>
  );
}
