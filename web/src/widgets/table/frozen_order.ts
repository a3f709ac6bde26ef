/** What a live list shows while a person is in it: same order, cells renewed, newcomers held back. */
export interface Frozen<T> {
  rows: { row: T; gone: boolean }[];
  newcomers: number;
}

/**
 * Keeps the order of `shown` while `frozen`; rows that left stay, marked as gone, and rows that came are
 * counted instead of inserted. Not frozen: the server's order.
 */
export function freezeOrder<T>(shown: { row: T; gone: boolean }[], incoming: T[], keyOf: (row: T) => string, frozen: boolean): Frozen<T> {
  if (!frozen || shown.length === 0) return { rows: incoming.map((row) => ({ row, gone: false })), newcomers: 0 };
  const fresh = new Map(incoming.map((row) => [keyOf(row), row]));
  const rows = shown.map(({ row }) => {
    const key = keyOf(row);
    const now = fresh.get(key);
    fresh.delete(key);
    return now === undefined ? { row, gone: true } : { row: now, gone: false };
  });
  return { rows, newcomers: fresh.size };
}
