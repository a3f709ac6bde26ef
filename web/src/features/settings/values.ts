import { UNKNOWN, count, duration, money, percent } from "@/base/format";
import { middleEllipsis } from "@/base/text";
import type { SettingsEntry } from "@/api/documents";

/** A setting's value in words. */
export function shownValue(entry: Pick<SettingsEntry, "type" | "unit">& { value?: unknown }): string {
  const { value, type, unit } = entry;
  if (value === null || value === undefined) return UNKNOWN;
  if (typeof value === "number") {
    if (type === "duration_ms") return duration(value);
    if (type === "ratio") return percent(value);
    if (type === "usd") return money(value);
    return `${count(value)}${unit ? ` ${unit}` : ""}`;
  }
  if (typeof value === "boolean") return value ? "on" : "off";
  if (typeof value === "string") return value === "" ? "empty" : middleEllipsis(value, 60);
  return middleEllipsis(JSON.stringify(value), 60);
}

/** What a person typed, as the entry's type; null when it is not one. */
export function parseValue(type: SettingsEntry["type"], text: string): { value: unknown } | null {
  if (type === "text") return { value: text };
  if (type === "boolean") return text === "true" || text === "false" ? { value: text === "true" } : null;
  if (type === "list" || type === "json") {
    try {
      return { value: JSON.parse(text) as unknown };
    } catch {
      return null;
    }
  }
  const n = Number(text);
  return text.trim() !== "" && Number.isFinite(n) ? { value: n } : null;
}

export function editableText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? "");
}
