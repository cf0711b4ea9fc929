import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { BusyError, LogitBiasError, SchemaError } from '../engine/errors.ts';
import { BeyondLimitError, RateLimitError, UnauthorizedError } from './access/errors.ts';
import { fieldPath } from './field-path.ts';
import { ModelStartingError, NoBackendError } from './gateway/errors.ts';
import { ShuttingDownError } from './lifecycle.ts';
import type { ErrorBody } from './schemas/error.ts';

/** The request says something we cannot do. `param` is the field, as a path: `messages[0].content`. */
export class InvalidRequestError extends Error {
  override readonly name = 'InvalidRequestError';
  readonly code:
    | 'invalid_json'
    | 'invalid_form'
    | 'invalid_value'
    | 'missing_required_parameter'
    | 'unknown_parameter';
  readonly param: string | null;

  constructor(code: InvalidRequestError['code'], param: string | null, message: string) {
    super(message);
    this.code = code;
    this.param = param;
  }
}

export class BodyTooLargeError extends Error {
  override readonly name = 'BodyTooLargeError';
  readonly code = 'body_too_large';

  constructor(maxBytes: number) {
    super(`the request body is larger than ${maxBytes} bytes`);
  }
}

/** What is asked for by id is not kept here, or no longer. `param` is the field that holds the id. */
export class NotFoundError extends Error {
  override readonly name = 'NotFoundError';
  readonly code = 'not_found';
  readonly param: string;

  constructor(what: string, id: string, param = 'id') {
    super(`there is no ${what} '${id}'`);
    this.param = param;
  }
}

/** Someone else changed it at the same time. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError';
  readonly code = 'conflict';
}

export class StorageFullError extends Error {
  override readonly name = 'StorageFullError';
  readonly code = 'storage_full';

  constructor() {
    super('the storage of this server is full: delete what is no longer needed, or raise CRIA_STORAGE');
  }
}

/** It is broken or out of reach; the log says how. */
export class StorageUnavailableError extends Error {
  override readonly name = 'StorageUnavailableError';
  readonly code = 'storage_unavailable';
  readonly retryAfterSeconds = 5;

  constructor() {
    super('the storage of this server cannot be used at the moment: try again; what needs none still works');
  }
}

export class ObjectTooLargeError extends Error {
  override readonly name = 'ObjectTooLargeError';
  readonly code = 'object_too_large';

  constructor(maxBytes: number) {
    super(`this is larger than the ${maxBytes} bytes that may be kept as one object`);
  }
}

export class PlannerFullError extends Error {
  override readonly name = 'PlannerFullError';
  readonly code = 'planner_full';

  constructor(what: string, most: number) {
    super(`there are ${most} ${what} already, the limit; delete what is no longer needed`);
  }
}

/** A text that a task would have to ask the model about too often. */
export class TextTooLongError extends Error {
  override readonly name = 'TextTooLongError';
  readonly code = 'text_too_long';

  constructor(units: string, count: number, most: number) {
    super(`text: it has ${count} ${units}, the limit is ${most}`);
  }
}

/** A guard objects to what a task was asked, or to what the model says. */
export class ContentFilterError extends Error {
  override readonly name = 'ContentFilterError';
  readonly code = 'content_filter';

  constructor() {
    super("this server's guard objects to what was asked, or to what the model would say");
  }
}

export class UnknownUrlError extends Error {
  override readonly name = 'UnknownUrlError';
  readonly code = 'unknown_url';

  constructor(method: string, path: string) {
    super(`there is nothing at ${method} ${path}`);
  }
}

export class MethodNotAllowedError extends Error {
  override readonly name = 'MethodNotAllowedError';
  readonly code = 'method_not_allowed';
  readonly allowed: readonly string[];

  constructor(method: string, path: string, allowed: readonly string[]) {
    super(`${path} does not take ${method}, only ${allowed.join(', ')}`);
    this.allowed = allowed;
  }
}

export class UnknownProviderError extends Error {
  override readonly name = 'UnknownProviderError';
  readonly code = 'provider_not_found';

  constructor(id: string, known: readonly string[]) {
    super(`there is no provider '${id}'; there is ${known.map((one) => `'${one}'`).join(', ')}`);
  }
}

interface Row {
  readonly status: number;
  readonly title: string;
  readonly type: 'invalid_request_error' | 'rate_limit_error' | 'server_error';
  /** OpenAI's, where it has another than ours. */
  readonly code?: string;
}

const badRequest: Row = { status: 400, title: 'Bad Request', type: 'invalid_request_error' };
const notFound: Row = { status: 404, title: 'Not Found', type: 'invalid_request_error' };

/** Every code we put on the wire, and its status. A code that is not here is `INTERNAL` and says nothing more. */
const CODES: Readonly<Record<string, Row>> = {
  invalid_json: badRequest,
  invalid_form: badRequest,
  invalid_value: badRequest,
  missing_required_parameter: badRequest,
  unknown_parameter: badRequest,
  invalid_request: badRequest,
  invalid_logit_bias: badRequest,
  invalid_dimensions: badRequest,
  invalid_schema: badRequest,
  context_length_exceeded: badRequest,
  text_too_long: badRequest,
  content_filter: badRequest,
  invalid_api_key: { status: 401, title: 'Unauthorized', type: 'invalid_request_error' },
  model_not_allowed: {
    status: 403,
    title: 'Forbidden',
    type: 'invalid_request_error',
    code: 'model_not_found',
  },
  origin_not_allowed: { status: 403, title: 'Forbidden', type: 'invalid_request_error' },
  direct_access: { status: 403, title: 'Forbidden', type: 'invalid_request_error' },
  model_not_found: notFound,
  provider_not_found: notFound,
  no_guard: notFound,
  not_found: notFound,
  unknown_url: notFound,
  method_not_allowed: { status: 405, title: 'Method Not Allowed', type: 'invalid_request_error' },
  reader_stalled: { status: 408, title: 'Request Timeout', type: 'invalid_request_error' },
  planner_full: { status: 409, title: 'Conflict', type: 'invalid_request_error' },
  conflict: { status: 409, title: 'Conflict', type: 'invalid_request_error' },
  body_too_large: { status: 413, title: 'Content Too Large', type: 'invalid_request_error' },
  upload_required: { status: 413, title: 'Content Too Large', type: 'invalid_request_error' },
  object_too_large: { status: 413, title: 'Content Too Large', type: 'invalid_request_error' },
  rate_limit_exceeded: { status: 429, title: 'Too Many Requests', type: 'rate_limit_error' },
  request_too_large: { status: 429, title: 'Too Many Requests', type: 'rate_limit_error' },
  limiter_unavailable: { status: 503, title: 'Service Unavailable', type: 'server_error' },
  model_busy: { status: 429, title: 'Too Many Requests', type: 'rate_limit_error' },
  storage_unavailable: { status: 503, title: 'Service Unavailable', type: 'server_error' },
  storage_full: { status: 507, title: 'Insufficient Storage', type: 'server_error' },
  upstream: { status: 502, title: 'Bad Gateway', type: 'server_error' },
  model_starting: { status: 503, title: 'Service Unavailable', type: 'server_error' },
  no_backend: { status: 503, title: 'Service Unavailable', type: 'server_error' },
  deadline_exceeded: { status: 504, title: 'Gateway Timeout', type: 'server_error' },
  upstream_timeout: { status: 504, title: 'Gateway Timeout', type: 'server_error' },
  shutting_down: { status: 503, title: 'Service Unavailable', type: 'server_error' },
  model_unfit: { status: 503, title: 'Service Unavailable', type: 'server_error' },
  guard_unfit: { status: 503, title: 'Service Unavailable', type: 'server_error' },
  out_of_memory: { status: 503, title: 'Service Unavailable', type: 'server_error' },
  client_closed_request: { status: 499, title: 'Client Closed Request', type: 'invalid_request_error' }, // nginx's
};
const INTERNAL: Row = { status: 500, title: 'Internal Server Error', type: 'server_error' };

export interface ErrorContext {
  readonly requestId: string;
  /** The field that holds the prompt on this route. */
  readonly promptField: 'messages' | 'prompt' | 'input' | 'text';
}

export interface ErrorReply {
  readonly status: ContentfulStatusCode;
  readonly headers: Record<string, string>;
  readonly body: ErrorBody;
}

/** What the client is told about an error. Of one whose code is not in the table, only the request's id. */
export function describeError(error: unknown, { requestId, promptField }: ErrorContext): ErrorReply {
  const known = codeOf(error);
  const row = known === undefined ? INTERNAL : CODES[known]!;
  const message =
    known === undefined ? `internal error in request ${requestId}` : messageOf(error as Error, promptField);

  return {
    status: row.status as ContentfulStatusCode,
    headers: headersOf(error),
    body: {
      error: {
        message,
        type: row.type,
        param: paramOf(error, known, promptField),
        code: row.code ?? known ?? 'internal',
      },
      status: row.status,
      title: row.title,
      detail: message,
    },
  };
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.name === 'AbortError') return 'client_closed_request';
  return 'code' in error && typeof error.code === 'string' && Object.hasOwn(CODES, error.code)
    ? error.code
    : undefined;
}

function messageOf(error: Error, promptField: string): string {
  const field = error instanceof SchemaError ? schemaField(error, promptField) : null;
  return field === null ? error.message : `${field}: ${error.message}`;
}

/** The engine's path to a part of a schema, in the words of the route. */
function schemaField({ path: [field, ...path] }: SchemaError, promptField: string): string | null {
  if (field === undefined) return null; // a grammar that turned out too ambiguous when the reply had begun
  if (field === 'tools' && promptField === 'messages') return fieldPath([field, ...inFunction(path)]);
  if (field !== 'format') return fieldPath([field, ...path]);
  const format = promptField === 'input' ? ['text', 'format'] : ['response_format', 'json_schema'];
  return fieldPath([...format, ...path]);
}

/** Chat has a tool's parameters one level further in. */
const inFunction = ([place, ...path]: SchemaError['path']) =>
  place === undefined ? [] : [place, 'function', ...path];

function paramOf(error: unknown, code: string | undefined, promptField: string): string | null {
  if (code === 'model_not_found' || code === 'model_not_allowed') return 'model';
  if (code === 'invalid_dimensions') return 'dimensions';
  if (code === 'text_too_long') return 'text';
  if (code === 'context_length_exceeded' || code === 'invalid_request') return promptField;
  if (error instanceof LogitBiasError) return `logit_bias.${error.id}`;
  if (error instanceof SchemaError) return schemaField(error, promptField);
  return error instanceof InvalidRequestError || error instanceof NotFoundError ? error.param : null;
}

const COME_AGAIN = [
  BusyError,
  ModelStartingError,
  NoBackendError,
  RateLimitError,
  ShuttingDownError,
  StorageUnavailableError,
];

function headersOf(error: unknown): Record<string, string> {
  if (error instanceof MethodNotAllowedError) return { allow: error.allowed.join(', ') };
  if (error instanceof UnauthorizedError) return { 'www-authenticate': 'Bearer' };
  if (error instanceof BeyondLimitError) return { 'x-should-retry': 'false' }; // OpenAI's clients heed it
  if (COME_AGAIN.some((known) => error instanceof known))
    return { 'retry-after': String((error as RateLimitError).retryAfterSeconds) };
  return {};
}
