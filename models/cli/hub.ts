/** Downloads one file from the Hugging Face hub, or from a mirror that speaks the same paths. */
import { setTimeout as sleep } from 'node:timers/promises';
import { SourceError } from './errors.ts';
import {
  CutError,
  checkSize,
  describeFile,
  type Hub,
  type HubFile,
  hostOf,
  reasonOf,
  refuse,
  requestFrom,
} from './hub-http.ts';
import { PartialFile, type WantedFile } from './partial-file.ts';

const MAX_BARREN_ATTEMPTS = 4; // in a row, without one new byte
const MAX_PAUSE_MS = 30_000;

/**
 * Resumes `<path>.partial` until it is whole, then checks and renames it. Returns whether a sha256 was known.
 *
 * Throws   GatedModelError, SizeError, IntegrityError, SourceError; the signal's reason when aborted
 */
export async function downloadFromHub(
  hub: Hub,
  file: HubFile,
  path: string,
  signal: AbortSignal,
  onProgress: (done: number, total: number) => void,
): Promise<boolean> {
  const wanted = await completeFacts(hub, file, signal);
  const partial = await PartialFile.open(path, wanted);
  try {
    let barren = 0;
    let reached = false; // a hub that cannot be reached at all is left for the next source at once
    while (!partial.complete) {
      const before = partial.length;
      const cut = await attempt(hub, file, wanted, partial, signal, onProgress).catch(cutOnly);
      if (cut === undefined) continue;

      reached ||= cut.reached;
      barren = partial.length > before ? 0 : barren + 1;
      if (!reached || barren === MAX_BARREN_ATTEMPTS) throw new SourceError(cut.message);
      const pauseMs = cut.pauseMs ?? hub.retryPauseMs * 2 ** barren;
      await sleep(Math.min(pauseMs, MAX_PAUSE_MS), undefined, { signal });
    }
    return await partial.commit();
  } finally {
    await partial.close();
  }
}

async function completeFacts(hub: Hub, file: HubFile, signal: AbortSignal): Promise<WantedFile> {
  const { name, size, sha256 } = file;
  if (size !== undefined && sha256 !== undefined) return { name, size, sha256 };
  try {
    return await unlessSilent(hub, signal, (mayStop) => describeFile(hub, file, mayStop));
  } catch (error) {
    throw new SourceError(cutOnly(error).message);
  }
}

/** One request: the rest of the file, or as much of it as the connection lives for. */
function attempt(
  hub: Hub,
  file: HubFile,
  wanted: WantedFile,
  partial: PartialFile,
  signal: AbortSignal,
  onProgress: (done: number, total: number) => void,
): Promise<void> {
  return unlessSilent(hub, signal, async (mayStop, heard) => {
    const response = await requestFrom(hub, file, partial.length, await partial.etag(), mayStop);
    heard();
    if (response.status === 416) {
      await partial.restart(); // what is here belongs to no version the hub has
      throw new CutError(`${hostOf(hub)} refuses the range`, true);
    }
    refuse(hub, file, response.status, response.headers);

    if (response.status === 200) await partial.restart(); // another version, or a server without ranges
    checkSize(wanted, response, partial.length);
    await partial.rememberEtag(response.headers.get('etag'));
    for await (const chunk of response.body!) {
      heard();
      await partial.append(chunk);
      onProgress(partial.length, wanted.size);
    }
    if (!partial.complete) throw new CutError(`${hostOf(hub)} broke off`, true);
  });
}

/** Runs `talk`, gives up when the hub falls silent, and tells a broken connection, a CutError, from other failures. */
async function unlessSilent<T>(
  hub: Hub,
  signal: AbortSignal,
  talk: (mayStop: AbortSignal, heard: () => void) => Promise<T>,
): Promise<T> {
  const silence = new AbortController();
  const watchdog = setTimeout(() => silence.abort(), hub.silenceMs);
  let reached = false;
  try {
    return await talk(AbortSignal.any([signal, silence.signal]), () => {
      reached = true;
      watchdog.refresh();
    });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (silence.signal.aborted)
      throw new CutError(`${hostOf(hub)} was silent for ${hub.silenceMs / 1000} s`, reached);
    if (!(error instanceof TypeError)) throw error; // fetch and its body fail with TypeError
    const problem = reached ? `${hostOf(hub)} broke off` : `cannot reach ${hostOf(hub)}`;
    throw new CutError(`${problem} (${reasonOf(error)})`, reached);
  } finally {
    silence.abort(); // lets go of a reply that was refused before its body was read
    clearTimeout(watchdog);
  }
}

function cutOnly(error: unknown): CutError {
  if (error instanceof CutError) return error;
  throw error;
}
