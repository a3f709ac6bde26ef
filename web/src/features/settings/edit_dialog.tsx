import { useState } from "react";
import { middleEllipsis, visibleLine } from "@/base/text";
import { type SettingsEntry, settingsEntryDocument } from "@/api/documents";
import { encode, useSend } from "@/api/use_document";
import { ConfirmDialog } from "@/widgets/dialog";
import { announce } from "@/widgets/toast";
import { useRoleBlock } from "../common/roles";
import { editableText, parseValue, shownValue } from "./values";

/** Edit, see the difference, save with a note; the change is written to the audit log. */
export function EditDialog({ entry, onClose }: { entry: SettingsEntry; onClose: () => void }) {
  const [text, setText] = useState(editableText(entry.value));
  const [note, setNote] = useState("");
  const blocked = useRoleBlock(entry.role === "operate" ? "operate" : "admin");
  const send = useSend(settingsEntryDocument, (body: object) => ({ method: "PUT", path: `settings/${encode(entry.key)}`, body }), ["settings"]);
  const parsed = parseValue(entry.type, text);
  const changed = parsed !== null && JSON.stringify(parsed.value) !== JSON.stringify(entry.value);
  const save = () =>
    parsed &&
    send.mutate({ value: parsed.value, note, previous: entry.value }, {
      onSuccess: (saved) => {
        announce(`${middleEllipsis(saved.title)} is now ${shownValue(saved)}.`);
        onClose();
      },
    });
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={middleEllipsis(entry.title)}
      action={`Save ${middleEllipsis(entry.title, 32)}`}
      busy={send.isPending}
      error={send.error?.message ?? null}
      blocked={blocked ?? (parsed === null ? `Not a ${entry.type.replace("_", " ")}.` : changed ? null : "Nothing has changed yet.")}
      onConfirm={save}
    >
      <p className="t2 mono tel">{visibleLine(entry.key)}</p>
      <label className="field">
        <span>Value{entry.type === "duration_ms" ? ", in ms" : entry.type === "ratio" ? ", from 0 to 1" : entry.unit ? `, ${entry.unit}` : ""}</span>
        <input className="input" value={text} onChange={(e) => setText(e.target.value)} aria-invalid={parsed === null} />
      </label>
      <p>
        <span className="t3">{shownValue(entry)}</span> → <b className="strong">{parsed ? shownValue({ type: entry.type, unit: entry.unit, value: parsed.value }) : "?"}</b>
        <span className="t3"> · default {shownValue({ type: entry.type, unit: entry.unit, value: entry.default })}</span>
      </p>
      <label className="field">
        <span>Why (goes to the audit log)</span>
        <input className="input" value={note} onChange={(e) => setNote(e.target.value)} />
      </label>
    </ConfirmDialog>
  );
}
