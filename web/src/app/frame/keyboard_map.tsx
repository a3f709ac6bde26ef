import { boundHotkeys } from "@/base/hotkeys";
import { Modal } from "@/widgets/dialog";
import { Kbd } from "@/widgets/controls";

/** What is bound right now, so the map is never wrong. */
export function KeyboardMap({ open, onClose }: { open: boolean; onClose: () => void }) {
  const groups = new Map<string, { keys: string; title: string }[]>();
  if (open) {
    for (const hotkey of boundHotkeys()) {
      const list = groups.get(hotkey.group) ?? [];
      list.push(hotkey);
      groups.set(hotkey.group, list);
    }
  }
  return (
    <Modal open={open} onClose={onClose} title="Keyboard" wide>
      <div className="keymap">
        {[...groups].map(([name, list]) => (
          <section key={name}>
            <h3>{name}</h3>
            <dl>
              {list.map((h) => (
                <div key={h.keys}>
                  <dt>
                    {h.keys.split(" ").map((k) => (
                      <Kbd key={k}>{k.replace("ctrl+", "Ctrl ").replace("Shift+", "⇧ ").replace("ArrowDown", "↓").replace("ArrowUp", "↑").replace("ArrowRight", "→").replace("ArrowLeft", "←")}</Kbd>
                    ))}
                  </dt>
                  <dd>{h.title}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <p className="t3 keymap-note">Single keys are off while typing, and can be turned off in settings.</p>
    </Modal>
  );
}
