import { count } from "@/base/format";

/** "16 agents", "≥ 10 000 runs", "first 200 of 48 212": never silently cut. */
export function TotalText({ total, shown, noun }: { total: { count: number; exact: boolean }; shown: number; noun: string }) {
  const all = `${total.exact ? "" : "≥ "}${count(total.count)}`;
  const name = total.count === 1 ? noun : noun.endsWith("y") ? `${noun.slice(0, -1)}ies` : `${noun}s`;
  return <span className="t3 nowrap">{shown < total.count ? `first ${count(shown)} of ${all} ${name}` : `${all} ${name}`}</span>;
}
