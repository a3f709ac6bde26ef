import { Dialog } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import { Button } from "./controls";
import "./dialog.css";

interface ModalProps {
  open: boolean;
  onClose: () => void;
  title: ReactNode;
  children: ReactNode;
  wide?: boolean;
}

export function Modal({ open, onClose, title, children, wide = false }: ModalProps) {
  return (
    <Dialog.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className={`modal ${wide ? "wide" : ""}`}>
          <div className="modal-head">
            <Dialog.Title className="modal-title">{title}</Dialog.Title>
            <Dialog.Close className="btn ghost icon" aria-label="Close">
              <X size={14} />
            </Dialog.Close>
          </div>
          {children}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

const GUARD_MS = 800;

/** False for a moment after it appears or `moved` changes: no tap meant for something else lands here. */
export function useArmed(moved: unknown): boolean {
  const [armed, setArmed] = useState(false);
  useEffect(() => {
    setArmed(false);
    const timer = setTimeout(() => setArmed(true), GUARD_MS);
    return () => clearTimeout(timer);
  }, [moved]);
  return armed;
}

interface ConfirmProps extends Omit<ModalProps, "children"> {
  children: ReactNode;
  /** A verb with its object: "Pause coder-2". */
  action: string;
  icon?: ReactNode;
  busy: boolean;
  error: string | null;
  /** The agent's name, to be typed for irreversible actions. */
  typeName?: string | null;
  blocked?: string | null;
  onConfirm: () => void;
}

/** Asks before the world changes: what it does, whom it affects, and one button that says so. */
export function ConfirmDialog({ children, action, icon, busy, error, typeName, blocked, onConfirm, ...modal }: ConfirmProps) {
  return (
    <Modal {...modal}>
      <ConfirmBody {...{ action, icon, busy, error, typeName, blocked, onConfirm }} onClose={modal.onClose}>
        {children}
      </ConfirmBody>
    </Modal>
  );
}

type BodyProps = Pick<ConfirmProps, "children" | "action" | "icon" | "busy" | "error" | "typeName" | "blocked" | "onConfirm" | "onClose">;

function ConfirmBody({ children, action, icon, busy, error, typeName, blocked, onConfirm, onClose }: BodyProps) {
  const armed = useArmed(action);
  const [typed, setTyped] = useState("");
  const named = !typeName || typed.trim() === typeName;
  return (
    <>
      <div className="modal-body">
        {children}
        {typeName && (
          <label className="field">
            <span>
              This cannot be undone. Type <b className="mono tel">{typeName}</b> to go on.
            </span>
            <input className="input" value={typed} onChange={(e) => setTyped(e.target.value)} autoComplete="off" />
          </label>
        )}
        {blocked && <p className="warn">{blocked}</p>}
        {error && (
          <p className="crit" role="alert">
            {error}
          </p>
        )}
      </div>
      <div className="modal-foot">
        <Button size="big" onClick={onClose}>
          Cancel
        </Button>
        <Button kind="ink" size="big" disabled={!armed || busy || !named || Boolean(blocked)} onClick={onConfirm}>
          {icon}
          {busy ? "Sending…" : action}
        </Button>
      </div>
    </>
  );
}
