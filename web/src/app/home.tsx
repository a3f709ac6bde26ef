import { Suspense, lazy } from "react";
import { statusDocument } from "@/api/documents";
import { useDocument } from "@/api/use_document";

const Overview = lazy(() => import("@/features/overview/page").then((m) => ({ default: m.Page })));
const FirstRun = lazy(() => import("@/features/first_run/page").then((m) => ({ default: m.Page })));

/** The overview; the first-run page until the first span arrived. */
export function Home() {
  const status = useDocument("status", statusDocument, "status");
  const empty = status.data !== undefined && status.data.first_span_unix_ns === null;
  return <Suspense>{empty ? <FirstRun /> : <Overview />}</Suspense>;
}
