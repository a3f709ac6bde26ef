import { type UseQueryResult, keepPreviousData, useQuery } from "@tanstack/react-query";
import { ApiError, getDocument } from "./client";
import { type OtlpTrace, otlpTrace, skeletonFromOtlp, spanFromOtlp } from "./otlp_trace";
import { type Skeleton, type SpanDocument, skeleton, spanDocument } from "./trace_documents";
import { encode } from "./use_document";

const STALE_MS = 60_000;

/** True where the server has no such endpoint, as opposed to no such trace. */
function isMissing(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 404 || error.status === 501);
}

// The OTLP JSON of the trace last opened without a skeleton: its spans' details come from it too.
let kept: { id: string; trace: OtlpTrace } | null = null;

async function loadOtlp(id: string, signal: AbortSignal): Promise<OtlpTrace> {
  if (kept?.id === id) return kept.trace;
  const trace = await getDocument(otlpTrace, `traces/${encode(id)}`, {}, signal);
  kept = { id, trace };
  return trace;
}

/** The skeleton of a trace; where the server offers none, one made from the trace's spans. */
export function useSkeleton(id: string): UseQueryResult<Skeleton, ApiError> {
  return useQuery({
    queryKey: ["traces", "skeleton", id],
    queryFn: async ({ signal }) => {
      try {
        return await getDocument(skeleton, `traces/${encode(id)}/skeleton`, {}, signal);
      } catch (error) {
        if (!isMissing(error)) throw error;
        return skeletonFromOtlp(id, await loadOtlp(id, signal));
      }
    },
    staleTime: STALE_MS,
    retry: false,
  }) as UseQueryResult<Skeleton, ApiError>;
}

/** Everything about one span, from its own document or from the trace's OTLP JSON. */
export function useSpan(traceId: string, spanId: string, full: boolean): UseQueryResult<SpanDocument, ApiError> {
  return useQuery({
    queryKey: ["traces", "span", traceId, spanId, full],
    queryFn: async ({ signal }) => {
      try {
        return await getDocument(spanDocument, `traces/${encode(traceId)}/spans/${encode(spanId)}`, full ? { full: "1" } : {}, signal);
      } catch (error) {
        const span = isMissing(error) ? spanFromOtlp(await loadOtlp(traceId, signal), spanId) : null;
        if (span) return span;
        throw error;
      }
    },
    staleTime: STALE_MS,
    placeholderData: keepPreviousData,
    retry: false,
  }) as UseQueryResult<SpanDocument, ApiError>;
}
