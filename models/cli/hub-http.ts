/** What the hub says over HTTP, and what it means when it says no. */
import { GatedModelError, SizeError, SourceError } from './errors.ts';
import type { WantedFile } from './partial-file.ts';

export interface Hub {
  readonly endpoint: string; // https://huggingface.co, or $HF_ENDPOINT
  readonly token: string | undefined;
  /** How long a silent server is waited for, before its headers and between chunks. */
  readonly silenceMs: number;
  /** The first pause after a cut; it doubles with every cut that brought nothing. */
  readonly retryPauseMs: number;
}

/** A file of a repository. Size and sha256 are asked of the hub when the catalogue does not know them. */
export interface HubFile {
  readonly name: string;
  readonly size?: number | undefined;
  readonly sha256?: string | undefined;
  readonly repo: string;
  readonly revision: string;
  readonly file: string; // path in the repository
}

/** The environment variables that name a hub and a user, as huggingface_hub reads them. */
export interface HubVariables {
  readonly HF_ENDPOINT?: string | undefined;
  readonly HF_TOKEN?: string | undefined;
}

export function hubOf({ HF_ENDPOINT, HF_TOKEN }: HubVariables): Hub {
  return {
    endpoint: (HF_ENDPOINT || 'https://huggingface.co').replace(/\/+$/, ''),
    token: HF_TOKEN || undefined,
    silenceMs: 6_000, // a hub that is blocked rather than refused must not hold up the next source for long
    retryPauseMs: 500,
  };
}

/** A cut that one more attempt may mend. */
export class CutError extends Error {
  override readonly name = 'CutError';
  readonly reached: boolean; // the hub had answered
  readonly pauseMs: number | undefined; // as the hub asks

  constructor(message: string, reached: boolean, pauseMs?: number) {
    super(message);
    this.reached = reached;
    this.pauseMs = pauseMs;
  }
}

/** Asks for the file from byte `offset` on, of the version `etag` when one is known. */
export function requestFrom(
  hub: Hub,
  file: HubFile,
  offset: number,
  etag: string | undefined,
  signal: AbortSignal,
): Promise<Response> {
  const headers = headersFor(hub);
  if (offset > 0) headers.set('range', `bytes=${offset}-`);
  if (offset > 0 && etag !== undefined) headers.set('if-range', etag);
  return fetch(urlOf(hub, file), { headers, signal });
}

/**
 * Size and sha256 as the hub states them: for large files it names both where it redirects to its store.
 *
 * Throws   GatedModelError, SourceError, CutError
 */
export async function describeFile(hub: Hub, file: HubFile, signal: AbortSignal): Promise<WantedFile> {
  const response = await fetch(urlOf(hub, file), {
    method: 'HEAD',
    redirect: 'manual',
    headers: headersFor(hub),
    signal,
  });
  const { status, headers } = response;
  if (status < 300 || status >= 400) refuse(hub, file, status, headers);

  const size = Number(
    headers.get('x-linked-size') ?? (status === 200 ? headers.get('content-length') : null),
  );
  if (!(size > 0)) throw new SourceError(`${hostOf(hub)} does not say how large ${file.file} is`);
  const [, sha256] = /^"?([0-9a-f]{64})"?$/.exec(headers.get('x-linked-etag') ?? '') ?? [];
  return { name: file.name, size: file.size ?? size, sha256: file.sha256 ?? sha256 };
}

/** Throws for every status but 200 and 206. */
export function refuse(hub: Hub, { repo, file }: HubFile, status: number, headers: Headers): void {
  if (status === 200 || status === 206) return;
  if (status === 401 || status === 403)
    throw new GatedModelError(repo, `${hub.endpoint}/${repo}`, status, hub.token !== undefined);

  const problem = `${hostOf(hub)} answers HTTP ${status} for ${repo}/${file}`;
  if (status !== 429 && status < 500) throw new SourceError(problem);
  const seconds = Number(headers.get('retry-after'));
  throw new CutError(problem, true, seconds > 0 ? seconds * 1000 : undefined);
}

/** Refuses a file of another size, or another range than asked for, before its bytes are taken. */
export function checkSize({ name, size }: WantedFile, { headers }: Response, offset: number): void {
  const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers.get('content-range') ?? '');
  if (range !== null && Number(range[1]) !== offset)
    throw new SourceError(`asked for byte ${offset} of ${name} and was sent byte ${range[1]}`);

  const length = headers.get('content-length');
  const total = range !== null ? Number(range[2]) : length !== null ? Number(length) : size;
  if (total !== size) throw new SizeError(name, size, total);
}

export const hostOf = (hub: Hub): string => new URL(hub.endpoint).host;

const urlOf = (hub: Hub, { repo, revision, file }: HubFile): string =>
  `${hub.endpoint}/${repo}/resolve/${encodeURIComponent(revision)}/${encodeURI(file)}`;

function headersFor({ token }: Hub): Headers {
  const headers = new Headers({ 'user-agent': 'cria', 'accept-encoding': 'identity' });
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
  return headers;
}

const REASONS: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'no answer from DNS',
  ECONNRESET: 'connection reset',
  ETIMEDOUT: 'timed out',
  UND_ERR_CONNECT_TIMEOUT: 'timed out',
};

/** `fetch failed` hides its cause; this names it. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
  if (code !== undefined) return REASONS[code] ?? code;
  return cause instanceof Error ? cause.message : String(cause);
}
