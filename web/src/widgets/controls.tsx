import type { ButtonHTMLAttributes, ReactNode } from "react";
import type { Tone } from "@/base/model";
import "./controls.css";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: "plain" | "ink" | "ghost";
  size?: "normal" | "big" | "icon";
}

export function buttonClass(kind: ButtonProps["kind"] = "plain", size: ButtonProps["size"] = "normal"): string {
  return `btn ${kind === "plain" ? "" : kind} ${size === "normal" ? "" : size}`.trim();
}

export function Button({ kind, size, className = "", type = "button", ...rest }: ButtonProps) {
  return <button type={type} className={`${buttonClass(kind, size)} ${className}`} {...rest} />;
}

export function Chip({ tone, children, title }: { tone?: Tone; children: ReactNode; title?: string }) {
  return (
    <span className={`chip ${tone ? `chip-${tone}` : ""}`} title={title}>
      {children}
    </span>
  );
}

export function Kbd({ children }: { children: ReactNode }) {
  return <kbd aria-hidden="true">{children}</kbd>;
}

interface Choice<T extends string> {
  value: T;
  label: ReactNode;
  note?: ReactNode;
}

/** A row of exclusive choices, as one control. */
export function Segments<T extends string>(props: {
  label: string;
  value: T;
  choices: Choice<T>[];
  onChange: (value: T) => void;
}) {
  return (
    <div className="segments" role="radiogroup" aria-label={props.label}>
      {props.choices.map((c) => (
        <button
          key={c.value}
          type="button"
          role="radio"
          aria-checked={c.value === props.value}
          onClick={() => props.onChange(c.value)}
        >
          {c.label}
          {c.note !== undefined && <span className="t3">{c.note}</span>}
        </button>
      ))}
    </div>
  );
}

/** Tabs whose panel is the rest of the page; the choice is in the URL. */
export function TabBar<T extends string>(props: {
  label: string;
  value: T;
  choices: Choice<T>[];
  onChange: (value: T) => void;
}) {
  const move = (event: React.KeyboardEvent, index: number) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const next = props.choices[(index + step + props.choices.length) % props.choices.length];
    if (next) {
      props.onChange(next.value);
      const siblings = event.currentTarget.parentElement?.children;
      (siblings?.[props.choices.indexOf(next)] as HTMLElement | undefined)?.focus();
    }
  };
  return (
    <div className="tabs" role="tablist" aria-label={props.label}>
      {props.choices.map((c, i) => (
        <button
          key={c.value}
          type="button"
          role="tab"
          aria-selected={c.value === props.value}
          tabIndex={c.value === props.value ? 0 : -1}
          onClick={() => props.onChange(c.value)}
          onKeyDown={(e) => move(e, i)}
        >
          {c.label}
          {c.note !== undefined && c.note !== 0 && <span className="tab-note">{c.note}</span>}
        </button>
      ))}
    </div>
  );
}

export function Switch(props: { label: string; checked: boolean; onChange: (checked: boolean) => void }) {
  return (
    <button
      type="button"
      className="switch"
      role="switch"
      aria-checked={props.checked}
      onClick={() => props.onChange(!props.checked)}
    >
      <i aria-hidden="true" />
      {props.label}
    </button>
  );
}
