import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { failureOf } from "@/api/use_document";
import { ErrorNote, Skeleton } from "@/widgets/states";

interface Props<T> {
  query: Pick<UseQueryResult<T, Error>, "data" | "error" | "isError" | "isPending" | "refetch">;
  skeleton?: ReactNode;
  children: (data: T) => ReactNode;
}

/** First load: a skeleton. Failed: the reason, here. Renewing: the old data stays. */
export function Loaded<T>({ query, skeleton, children }: Props<T>) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.isError) return <ErrorNote error={failureOf(query.error)} onRetry={() => void query.refetch()} />;
  return <>{skeleton ?? <Skeleton lines={6} />}</>;
}
