export interface PaletteItem {
  id: string;
  title: string;
  hint: string;
  kind: string;
  run: (newTab: boolean) => void;
}

/** Rank of a title for a query: prefix, then word start, then letters in order; -1 is no match. */
export function matchScore(title: string, query: string): number {
  const text = title.toLowerCase();
  const q = query.toLowerCase().trim();
  if (q === "") return 1;
  if (text === q) return 100;
  if (text.startsWith(q)) return 80 - text.length / 100;
  const at = text.indexOf(q);
  if (at > 0) return (/[\s\-_/:.]/.test(text[at - 1] ?? "") ? 60 : 40) - at / 100;
  let from = 0;
  let gaps = 0;
  for (const c of q) {
    const next = text.indexOf(c, from);
    if (next < 0) return -1;
    gaps += next - from;
    from = next + 1;
  }
  return 20 - gaps / 10;
}

export function bestItems(items: PaletteItem[], query: string, max = 40): PaletteItem[] {
  return items
    .map((item) => ({ item, score: matchScore(item.title, query) }))
    .filter((x) => x.score >= 0)
    .sort((a, b) => b.score - a.score)
    .slice(0, max)
    .map((x) => x.item);
}

/** A whole trace id (or a span's 16 digits) jumps at once. */
export function traceIdIn(query: string): string | null {
  const text = query.trim().toLowerCase().replaceAll("-", "");
  return /^[0-9a-f]{32}$|^[0-9a-f]{16}$/.test(text) ? text : null;
}
