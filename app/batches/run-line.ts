import type { BatchLine, BatchUsage } from '../schemas/batches.ts';

/** Answers a request as it would one from the network that brought the key of this id. */
export type Fetch = (request: Request, caller: string | undefined) => Response | Promise<Response>;

/** What a line became: a line of the output file, or of the error file. */
export interface LineResult {
  readonly number: number;
  readonly isError: boolean;
  readonly record: unknown;
  readonly usage: BatchUsage | undefined;
}

export interface RunLineOptions {
  readonly fetch: Fetch;
  readonly caller: string | undefined;
  readonly newId: () => string;
  readonly signal: AbortSignal;
}

/** The server has no place for it now. */
export class TryLaterError extends Error {
  override readonly name = 'TryLaterError';
}

/**
 * Sends a line's request to the very app that serves others. What it refuses is the line's error.
 *
 * Throws   TryLaterError · AbortError
 */
export async function runLine(
  number: number,
  { custom_id, method, url, body }: BatchLine,
  { fetch, caller, newId, signal }: RunLineOptions,
): Promise<LineResult> {
  const headers = { 'content-type': 'application/json' };
  const request = new Request(new URL(url, 'http://batch'), {
    method,
    headers,
    body: JSON.stringify(body),
    signal,
  });
  const response = await fetch(request, caller);
  const answer = (await response.json()) as { usage?: AnyUsage };
  signal.throwIfAborted();
  if (response.status === 429 && response.headers.has('retry-after'))
    throw new TryLaterError('every place is taken, or the limit of its key is reached');

  const { status } = response;
  return {
    number,
    isError: status !== 200,
    record: {
      id: `batch_req_${newId()}`,
      custom_id,
      response: { status_code: status, request_id: response.headers.get('x-request-id'), body: answer },
      error: null,
    },
    usage: status === 200 ? toBatchUsage(answer.usage) : undefined,
  };
}

/** A line that its batch had no time for. */
export function expiredLine(number: number, { custom_id }: BatchLine, newId: () => string): LineResult {
  return {
    number,
    isError: true,
    record: {
      id: `batch_req_${newId()}`,
      custom_id,
      response: null,
      error: {
        code: 'batch_expired',
        message: 'This request could not be executed before the completion window expired.',
      },
    },
    usage: undefined,
  };
}

/** Of /v1/responses, or of the other routes. */
interface AnyUsage {
  readonly input_tokens?: number;
  readonly output_tokens?: number;
  readonly input_tokens_details?: { readonly cached_tokens: number };
  readonly prompt_tokens?: number;
  readonly completion_tokens?: number;
  readonly prompt_tokens_details?: { readonly cached_tokens: number };
  readonly total_tokens?: number;
}

function toBatchUsage(usage: AnyUsage = {}): BatchUsage {
  const details = usage.input_tokens_details ?? usage.prompt_tokens_details;
  return {
    input_tokens: usage.input_tokens ?? usage.prompt_tokens ?? 0,
    input_tokens_details: { cached_tokens: details?.cached_tokens ?? 0 },
    output_tokens: usage.output_tokens ?? usage.completion_tokens ?? 0,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: usage.total_tokens ?? 0,
  };
}

export function addUsage(a: BatchUsage, b: BatchUsage | undefined): BatchUsage {
  if (b === undefined) return a;
  return {
    input_tokens: a.input_tokens + b.input_tokens,
    input_tokens_details: {
      cached_tokens: a.input_tokens_details.cached_tokens + b.input_tokens_details.cached_tokens,
    },
    output_tokens: a.output_tokens + b.output_tokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: a.total_tokens + b.total_tokens,
  };
}
