import type { Device, KvType } from '../kernels/kernels.ts';
import { kernelTrouble } from '../models/check-kernels.ts';
import type { CreateHasher } from '../models/hashed-source.ts';
import { loadEntry } from '../models/load-entry.ts';
import type { Manifest } from '../models/manifest.ts';
import type { OpenFile } from '../models/source.ts';
import { MAX_DRAFT_ROWS } from './drafter.ts';
import type { Engine, ModelInfo } from './engine.ts';
import { UnfitModelError } from './errors.ts';
import { createLazyEngine, NO_COUNTS } from './lazy.ts';
import { createLocalEngine } from './local.ts';
import { selfCheck } from './self-check.ts';

/** What an operator may set. */
export interface EngineSettings {
  /** Tokens of prompt and reply together; the model's own limit holds beside it. */
  readonly contextLength: number;
  /** Requests that compute at once. */
  readonly running: number;
  /** Requests that wait; one more gets 429. */
  readonly waiting: number;
  readonly kvType: KvType;
  /** Memory for what earlier requests have computed, beside that of those that compute; 0 keeps nothing. */
  readonly prefixCacheBytes: number;
  /** Drafts a reply's next tokens from its prompt, where that pays. */
  readonly speculation: boolean;
}

/** What a door brings: a machine, files, a clock and a coin. */
export interface ModelEngineParts {
  readonly manifest: Manifest;
  readonly settings: EngineSettings;
  /** Disposed of when the model does not load, if it can be: threads would keep its memory. */
  readonly createDevice: () => Device & Partial<Disposable>;
  /** From where the model's files are kept. */
  readonly openFile: OpenFile;
  readonly createHasher: CreateHasher;
  readonly nowMs: () => number;
  readonly random: () => number; // an integer in [0, 2³²)
  readonly breathe: () => Promise<void>;
  readonly pause: () => Promise<void>;
}

/** Prompt tokens in one pass: more speed a prompt up little, and cost 4 · (2 ffn + 4 dim) bytes each. */
const PREFILL_CHUNK = 48;
const STALLED_MS = 60_000;
const STUCK_MS = 30_000;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A catalogue entry as an engine that loads it on the first request. One that fails its self-check refuses ever after. */
export function createModelEngine(parts: ModelEngineParts): Engine {
  const { manifest, settings, nowMs, random, breathe, pause } = parts;
  const info = {
    id: manifest.id,
    created: Math.floor(nowMs() / 1000),
    ownedBy: manifest.id.split('/')[0]!,
    contextLength: Math.min(settings.contextLength, manifest.context),
    licence: manifest.licence.name,
  };
  const { running, kvType, contextLength, speculation } = settings;
  const limits = { ...settings, prefillChunk: PREFILL_CHUNK, stalledMs: STALLED_MS };

  async function load(progress: (bytes?: number, totalBytes?: number) => void): Promise<Engine> {
    const device = parts.createDevice();
    const options = {
      kvType,
      maxRows: PREFILL_CHUNK + running,
      maxLogitRows: speculation ? Math.max(running, MAX_DRAFT_ROWS) : running,
      contextLength,
      onProgress: progress,
    };
    try {
      const trouble = await kernelTrouble(device);
      if (trouble !== undefined) throw new UnfitModelError(trouble);
      const loaded = await loadEntry(device, manifest, parts.openFile, parts.createHasher, options);
      await selfCheck({ ...loaded, device }, manifest.check);
      progress();
      const today = () => dayMonthYear(nowMs());
      return createLocalEngine({
        info,
        ...loaded,
        device,
        today,
        random,
        nowMs,
        breathe,
        limits,
        speculation,
      });
    } catch (error) {
      device[Symbol.dispose]?.();
      if (!(error instanceof UnfitModelError)) throw error;
      return unfitEngine(info, error);
    }
  }
  return createLazyEngine({ info, load, nowMs, pause, stuckMs: STUCK_MS });
}

/** Keeps nothing of the model: loading it again would find the same. */
function unfitEngine(info: ModelInfo, error: UnfitModelError): Engine {
  const refuse = () => Promise.reject(error);
  return {
    models: () => [info],
    stats: () => ({ ...NO_COUNTS, state: 'failed', load: { bytes: 0, totalBytes: 0 } }),
    prepare: refuse,
    start: refuse,
    embed: refuse,
    countTokens: refuse,
  };
}

/** "26 Jul 2024", in UTC. */
function dayMonthYear(ms: number): string {
  const date = new Date(ms);
  const day = String(date.getUTCDate()).padStart(2, '0');
  return `${day} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
}
