// Finds sequences that come back: the same rule for siblings in a tree and for events in a sequence.

export interface Repetition {
  period: number;
  turns: number;
}

/** The shortest period that repeats from `from` on, or null. Period 1 needs `runMin` turns, others `turnsMin`. */
export function repetitionAt(keys: string[], from: number, limits: { periodMax: number; runMin: number; turnsMin: number }): Repetition | null {
  for (let period = 1; period <= limits.periodMax; period += 1) {
    let length = period;
    while (from + length < keys.length && keys[from + length] === keys[from + length - period]) length += 1;
    const turns = Math.floor(length / period);
    if (period === 1 ? turns >= limits.runMin : turns >= limits.turnsMin) return { period, turns };
  }
  return null;
}
