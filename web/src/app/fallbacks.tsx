import { useRouter } from "@tanstack/react-router";
import { failureOf } from "@/api/use_document";
import { To } from "@/widgets/link";
import { Empty, ErrorNote } from "@/widgets/states";

export function NotFound() {
  return (
    <div className="page">
      <Empty action={<To to="/" className="link">Go to the overview</To>}>No page has this address.</Empty>
    </div>
  );
}

/** A page that broke; the frame around it still works. */
export function PageError({ error }: { error: unknown }) {
  const router = useRouter();
  return (
    <div className="page">
      <ErrorNote error={failureOf(error)} onRetry={() => void router.invalidate()} />
    </div>
  );
}
