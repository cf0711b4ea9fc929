import type { Device, KvType } from '../../kernels/kernels.ts';
import { FormatError } from '../../models/errors.ts';
import type { CreateHasher } from '../../models/hashed-source.ts';
import { loadEntry } from '../../models/load-entry.ts';
import type { Manifest } from '../../models/manifest.ts';
import { GUARD_FORMATS } from '../../models/prompts/guard3.ts';
import type { OpenFile } from '../../models/source.ts';
import { UnfitGuardError } from '../errors.ts';
import { createLazyLoad } from '../lazy-load.ts';
import type { Guard } from './guard.ts';
import { createLocalGuard, type GuardLimits } from './local-guard.ts';
import { selfTest } from './self-test.ts';
import { guardWords } from './vocabulary.ts';

/** What a door brings: a machine, files, a clock. */
export interface ModelGuardParts {
  readonly manifest: Manifest;
  readonly kvType: KvType;
  readonly createDevice: () => Device & Partial<Disposable>;
  readonly openFile: OpenFile;
  readonly createHasher: CreateHasher;
  readonly nowMs: () => number;
  readonly breathe: () => Promise<void>;
  readonly pause: () => Promise<void>;
}

type LoadedGuard = Pick<Guard, 'judge' | 'state' | 'prepare'>;

const LIMITS: GuardLimits = {
  windowTokens: 4096, // 134 MB of the 1B's keys and values in f16
  windows: 16,
  running: 2,
  waiting: 64,
  prefixCacheBytes: 2 ** 26,
};
const MAX_ROWS = 48; // prompt tokens in one pass, and so how long the guarded model waits
const STUCK_MS = 30_000;

/**
 * A catalogue entry as a guard that loads on the first request, and tests itself then. One that fails its test keeps
 * nothing of the model, and refuses ever after.
 *
 * Throws   FormatError when the entry is no Llama Guard
 */
export function createModelGuard(parts: ModelGuardParts): Guard {
  const { manifest, nowMs, breathe, pause } = parts;
  const { template } = manifest;
  if (template !== 'guard3-1b' && template !== 'guard3-8b')
    throw new FormatError(manifest.name, 0, `its template is '${template}': it is no Llama Guard 3`);

  const format = GUARD_FORMATS[template];
  const info = {
    id: manifest.id,
    created: Math.floor(nowMs() / 1000),
    ownedBy: manifest.id.split('/')[0]!,
    contextLength: Math.min(LIMITS.windowTokens, manifest.context),
    licence: manifest.licence.name,
    categories: format.categories,
  };

  async function load(progress: (bytes?: number, totalBytes?: number) => void): Promise<LoadedGuard> {
    const device = parts.createDevice();
    let isLoading = true;
    try {
      const loaded = await loadEntry(device, manifest, parts.openFile, parts.createHasher, {
        kvType: parts.kvType,
        maxRows: MAX_ROWS,
        maxLogitRows: 1,
        contextLength: LIMITS.windowTokens,
        vocabulary: (tokenizer) => guardWords(tokenizer, format).vocabulary,
        onProgress: progress,
      });
      const guard = createLocalGuard({
        ...loaded,
        ...{ info, format, device, pause, limits: LIMITS },
        async breathe() {
          await breathe();
          if (isLoading) progress();
        },
      });
      await selfTest(guard, loaded.tokenizer, new AbortController().signal);
      isLoading = false;
      return guard;
    } catch (error) {
      device[Symbol.dispose]?.();
      if (!(error instanceof UnfitGuardError)) throw error;
      const refuse = () => Promise.reject(error);
      return { state: 'failed', judge: refuse, prepare: refuse };
    }
  }

  const guard = createLazyLoad({ name: manifest.id, load, nowMs, pause, stuckMs: STUCK_MS });
  return {
    info,
    get state() {
      return guard.value?.state ?? guard.state;
    },
    get load() {
      return guard.progress;
    },
    prepare: async (signal) => (await guard.get(signal)).prepare(signal),
    judge: async (request, signal) => (await guard.get(signal)).judge(request, signal),
  };
}
