import { statusDocument } from "@/api/documents";
import { useDocument } from "@/api/use_document";

/** Whether the caller may do this; null while it may, else why not. */
export function useRoleBlock(role: "operate" | "admin"): string | null {
  const status = useDocument("status", statusDocument, "status");
  if (!status.data) return null;
  if (status.data.modes.read_only !== null) return status.data.modes.read_only;
  const roles = status.data.roles;
  return roles.includes(role) || roles.includes("admin") ? null : `needs role ${role}`;
}
