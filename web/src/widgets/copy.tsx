import { Check, Copy } from "lucide-react";
import { useState } from "react";
import { Button } from "./controls";

const SHOWN_MS = 1500;

/** Copies the raw value, never the shortened or made-visible text on screen. */
export function CopyButton({ value, label, text }: { value: string; label: string; text?: string }) {
  const [done, setDone] = useState(false);
  const copy = () => {
    void navigator.clipboard?.writeText(value).then(() => {
      setDone(true);
      setTimeout(() => setDone(false), SHOWN_MS);
    });
  };
  return (
    <Button kind={text ? "plain" : "ghost"} size={text ? "normal" : "icon"} aria-label={label} title={label} onClick={copy}>
      {done ? <Check size={14} /> : <Copy size={14} />}
      {text && (done ? "Copied" : text)}
    </Button>
  );
}
