import type { ReactNode } from "react";

interface Props {
  title?: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
  className?: string;
  label?: string;
}

/** A card: one line around, no shadow. */
export function Card({ title, aside, children, className = "", label }: Props) {
  return (
    <section className={`card ${className}`} aria-label={label}>
      {title !== undefined && (
        <header className="card-head">
          <h2>{title}</h2>
          {aside !== undefined && <div className="card-aside">{aside}</div>}
        </header>
      )}
      {children}
    </section>
  );
}
