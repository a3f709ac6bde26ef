import * as v from "valibot";

/** Why a request gave no document. Status 0: no answer at all; -1: an answer that breaks the contract. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly requestId: string | null,
    readonly position: { at: number; length: number } | null = null,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

const errorBody = v.object({
  error: v.object({
    code: v.optional(v.string(), "error"),
    message: v.string(),
    request_id: v.optional(v.nullable(v.string()), null),
    position: v.optional(v.nullable(v.number()), null),
    length: v.optional(v.nullable(v.number()), null),
  }),
});

/** Base of the API: below the document's base, so that a path prefix just works. */
export function apiUrl(path: string, params: Record<string, string | undefined> = {}): string {
  const url = new URL(`api/v1/${path}`, document.baseURI);
  for (const [key, value] of Object.entries(params)) if (value !== undefined && value !== "") url.searchParams.set(key, value);
  return url.pathname + url.search;
}

async function failure(response: Response): Promise<ApiError> {
  const requestId = response.headers.get("x-request-id");
  const parsed = v.safeParse(errorBody, await response.json().catch(() => null));
  if (!parsed.success) return new ApiError(response.status, "http", response.statusText || `status ${response.status}`, requestId);
  const { error } = parsed.output;
  return new ApiError(
    response.status, error.code, error.message, error.request_id ?? requestId,
    error.position === null ? null : { at: error.position, length: error.length ?? 1 },
  );
}

async function send(url: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { credentials: "same-origin", ...init, headers: { Accept: "application/json", ...init.headers } });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "offline", "", null);
  }
  if (!response.ok) throw await failure(response);
  return response;
}

function parsed<T extends v.GenericSchema>(schema: T, body: unknown, response: Response): v.InferOutput<T> {
  const result = v.safeParse(schema, body);
  if (result.success) return result.output;
  const issue = result.issues[0];
  const where = issue ? (v.getDotPath(issue) ?? "") : "";
  throw new ApiError(-1, "contract", `The answer does not fit the page: ${where}: ${issue?.message ?? ""}`, response.headers.get("x-request-id"));
}

export async function getDocument<T extends v.GenericSchema>(
  schema: T, path: string, params: Record<string, string | undefined> = {}, signal?: AbortSignal,
): Promise<v.InferOutput<T>> {
  const response = await send(apiUrl(path, params), signal ? { signal } : {});
  return parsed(schema, await response.json().catch(() => null), response);
}

/** A write; the server's guards decide. Answers the changed object. */
export async function sendDocument<T extends v.GenericSchema>(
  schema: T, method: "POST" | "PUT" | "DELETE", path: string, body?: unknown,
): Promise<v.InferOutput<T>> {
  const response = await send(apiUrl(path), {
    method,
    headers: { "Content-Type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const raw = response.status === 204 ? null : await response.json().catch(() => null);
  return parsed(schema, raw, response);
}
