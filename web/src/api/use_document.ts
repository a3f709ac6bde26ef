import { type UseQueryResult, keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type * as v from "valibot";
import type { Failure } from "@/widgets/states";
import { ApiError, getDocument, sendDocument } from "./client";

/** What `changed` events of the live stream name; the first part of every query key. */
export type Topic = "overview" | "alerts" | "agents" | "topology" | "workflows" | "traces" | "conflicts" | "health" | "settings" | "status";

type Params = Record<string, string | undefined>;

interface Options {
  /** Part of the key in place of the parameters that change with each call (a relative range). */
  key?: unknown;
  enabled?: boolean;
  staleMs?: number;
  refetchMs?: number;
}

/** A document of the API in the one query cache. `params` may be a function: it is asked at each fetch. */
export function useDocument<T extends v.GenericSchema>(
  topic: Topic, schema: T, path: string, params: Params | (() => Params) = {}, options: Options = {},
): UseQueryResult<v.InferOutput<T>, ApiError> {
  return useQuery({
    queryKey: [topic, path, options.key ?? (typeof params === "function" ? null : params)],
    queryFn: ({ signal }) => getDocument(schema, path, typeof params === "function" ? params() : params, signal),
    enabled: options.enabled ?? true,
    staleTime: options.staleMs ?? 5_000,
    refetchInterval: options.refetchMs ?? false,
    placeholderData: keepPreviousData,
    retry: (failures, error) => error instanceof ApiError && error.status === 0 && failures < 2,
  }) as UseQueryResult<v.InferOutput<T>, ApiError>;
}

interface Page {
  next_cursor: string | null;
}

/** A list that is fetched page by page as it is scrolled. */
export function usePages<S extends v.GenericSchema<unknown, Page>>(
  topic: Topic, schema: S, path: string, params: () => Params, key: unknown, enabled = true,
) {
  return useInfiniteQuery({
    queryKey: [topic, path, key],
    queryFn: ({ pageParam, signal }) => getDocument(schema, path, { ...params(), cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last: v.InferOutput<S>) => (last as Page).next_cursor ?? undefined,
    enabled,
    staleTime: 5_000,
    placeholderData: keepPreviousData,
    retry: (failures, error) => error instanceof ApiError && error.status === 0 && failures < 2,
  });
}

/** A write; renews the topics it touches. */
export function useSend<T extends v.GenericSchema, In>(
  schema: T, request: (input: In) => { method: "POST" | "PUT" | "DELETE"; path: string; body?: unknown }, topics: Topic[],
) {
  const client = useQueryClient();
  return useMutation<v.InferOutput<T>, ApiError, In>({
    mutationFn: (input) => {
      const { method, path, body } = request(input);
      return sendDocument(schema, method, path, body);
    },
    onSettled: () => Promise.all(topics.map((t) => client.invalidateQueries({ queryKey: [t] }))),
  });
}

/** An error in the words that the error note shows. */
export function failureOf(error: unknown): Failure {
  if (error instanceof ApiError) return { status: error.status, message: error.message, requestId: error.requestId };
  return { status: -1, message: error instanceof Error ? error.message : "unknown error", requestId: null };
}

export function encode(part: string): string {
  return encodeURIComponent(part);
}
