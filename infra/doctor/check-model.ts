import { existsSync } from 'node:fs';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { createModelGuard } from '../../engine/guard/model-guard.ts';
import { createModelEngine } from '../../engine/model-engine.ts';
import { createNodeDevice } from '../../lambda/device.ts';
import { findModel } from '../../models/catalogue.ts';
import { openFolder } from '../../models/cli/file-source.ts';
import { isPacked, modelFolder } from '../../models/cli/home.ts';
import { nodeHasher } from '../../models/cli/node-hasher.ts';
import { filePath } from '../../models/cli/pull.ts';
import type { Manifest } from '../../models/manifest.ts';
import type { Finding } from './finding.ts';

/** Loads a model as a server would: every byte is hashed, every shape compared, and it has to answer. */
export async function checkModel(name: string, home: string, signal: AbortSignal): Promise<Finding> {
  const finding = (level: Finding['level'], what: string, advice?: string): Finding => ({
    ...{ about: 'models', level, what },
    ...(advice === undefined ? {} : { advice }),
  });
  let manifest: Manifest;
  try {
    manifest = findModel(name);
  } catch (error) {
    return finding('problem', (error as Error).message, '`npm run cria -- list` shows the catalogue');
  }
  const [file] = manifest.files as [Manifest['files'][number]];
  const packed = isPacked(home, manifest);
  if (!packed && !existsSync(filePath(home, manifest, file)))
    return finding('problem', `${manifest.name} is not here`, `npm run pull -- ${manifest.name}`);
  try {
    const began = performance.now();
    await load(manifest, home, signal);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    const checked = packed || file.sha256 !== undefined ? 'sha256 and shapes are right' : 'shapes are right';
    const answer = manifest.check
      ? `it knows that ${JSON.stringify(manifest.check.prompt + manifest.check.answer)}`
      : 'its logits are numbers';
    const text = `${manifest.name}: ${checked}, ${answer}; loaded in ${seconds} s`;
    return packed || file.sha256 !== undefined
      ? finding('ok', text)
      : finding(
          'warning',
          `${text}. The catalogue knows no sha256 of it`,
          'compare it with what the hub shows beside the file',
        );
  } catch (error) {
    signal.throwIfAborted();
    return finding(
      'problem',
      `${manifest.name}: ${(error as Error).message}`,
      `remove ${modelFolder(home, manifest)}, then: npm run pull -- ${manifest.name}`,
    );
  }
}

async function load(manifest: Manifest, home: string, signal: AbortSignal): Promise<void> {
  let disposing: Partial<Disposable> = {};
  const parts = {
    manifest,
    createDevice: () => {
      const device = createNodeDevice(1);
      disposing = device;
      return device;
    },
    openFile: openFolder(modelFolder(home, manifest)),
    createHasher: nodeHasher,
    nowMs: Date.now,
    random: () => 0,
    breathe: () => setImmediate(),
    pause: () => setTimeout(20),
  };
  const settings = {
    ...{ contextLength: 256, running: 1, waiting: 0, kvType: 'f16' as const },
    ...{ prefixCacheBytes: 0, speculation: false },
  };
  const isGuard = manifest.template === 'guard3-1b' || manifest.template === 'guard3-8b';
  const loading = isGuard
    ? createModelGuard({ ...parts, kvType: 'f16' })
    : createModelEngine({ ...parts, settings });
  try {
    await loading.prepare(signal);
  } finally {
    disposing[Symbol.dispose]?.();
  }
}
