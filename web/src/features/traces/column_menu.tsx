import { Menu } from "@base-ui/react/menu";
import { Check } from "lucide-react";
import { TRACE_COLUMN_IDS } from "../common/trace_columns";

/** Which columns are shown; the choice is in the address. */
export function ColumnMenu({ shown, onChange }: { shown: string[]; onChange: (ids: string[]) => void }) {
  return (
    <Menu.Root>
      <Menu.Trigger className="btn">Columns</Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner className="floating" sideOffset={6} align="end">
          <Menu.Popup className="menu">
            {TRACE_COLUMN_IDS.filter((id) => id !== "name").map((id) => (
              <Menu.CheckboxItem
                key={id}
                className="menu-item"
                closeOnClick={false}
                checked={shown.includes(id)}
                onCheckedChange={(on) => onChange(TRACE_COLUMN_IDS.filter((c) => (c === id ? on : shown.includes(c))))}
              >
                <span className="menu-check">{shown.includes(id) && <Check size={13} />}</span>
                {id[0]?.toUpperCase() + id.slice(1)}
              </Menu.CheckboxItem>
            ))}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
