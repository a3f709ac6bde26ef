import { useParams } from "@tanstack/react-router";
import { useEffect, useMemo } from "react";
import { shortId } from "@/base/format";
import type { Skeleton } from "@/api/trace_documents";
import { useSkeleton } from "@/api/trace_source";
import type { ApiError } from "@/api/client";
import { failureOf } from "@/api/use_document";
import { buttonClass } from "@/widgets/controls";
import { To } from "@/widgets/link";
import { Empty, ErrorNote, Skeleton as Grey } from "@/widgets/states";
import { findFolds } from "@/widgets/waterfall/folds";
import { traceData } from "@/widgets/waterfall/trace_data";
import { useSearch } from "@/widgets/url_state";
import { Compare } from "./compare";
import { TraceHeader } from "./header";
import { Views } from "./views";
import "./trace.css";

const RUNNING_REFETCH_MS = 5000;

/** One run: opened at the failing span, seen five ways with one selection. */
export function Page() {
  const { id } = useParams({ strict: false }) as { id: string };
  const search = useSearch();
  const query = useSkeleton(id);
  const running = query.data?.running ?? false;
  const { refetch } = query;
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => !document.hidden && void refetch(), RUNNING_REFETCH_MS);
    return () => clearInterval(timer);
  }, [running, refetch]);
  useEffect(() => {
    document.title = `Run ${shortId(id)} · honeyguide`;
  }, [id]);
  if (query.data) return search.cmp ? <Compare a={query.data} otherId={search.cmp} /> : <Run document={query.data} />;
  if (query.isError) return <Missing error={query.error} retry={() => void query.refetch()} />;
  return <Grey lines={16} />;
}

function Missing({ error, retry }: { error: ApiError; retry: () => void }) {
  if (error.status === 410) {
    return (
      <div className="page">
        <Empty action={<To to="/traces" className={buttonClass()}>Search runs that are still kept</To>}>This run has expired: retention has dropped it. {error.message}</Empty>
      </div>
    );
  }
  return (
    <div className="page">
      <ErrorNote error={failureOf(error)} onRetry={retry} />
    </div>
  );
}

function Run({ document: doc }: { document: Skeleton }) {
  const data = useMemo(
    () => traceData(doc.columns, { names: doc.names, agents: doc.agents, duration_ns: doc.duration_ns, waits: doc.waits, critical_path: doc.critical_path }),
    [doc],
  );
  const folds = useMemo(() => findFolds(data), [data]);
  return (
    <div className="trace">
      <TraceHeader document={doc} data={data} />
      <Views document={doc} data={data} folds={folds} />
    </div>
  );
}
