import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createModelEngine } from '../../engine/model-engine.ts';
import { findModel } from '../../models/catalogue.ts';
import { nodeHasher } from '../../models/cli/node-hasher.ts';
import { ref } from '../support/backends.ts';
import { ask, request } from '../support/local-engine.ts';

test('a load that fails lets go of its device, and the next one gets its own', async () => {
  let created = 0;
  let disposed = 0;
  const engine = createModelEngine({
    manifest: findModel('smollm2-135m-instruct-q4_1'),
    settings: {
      ...{ contextLength: 64, running: 1, waiting: 1, kvType: 'f16' },
      ...{ prefixCacheBytes: 0, speculation: false },
    },
    createDevice() {
      created++;
      return Object.assign(ref.create(), { [Symbol.dispose]: () => void disposed++ });
    },
    openFile: () => Promise.reject(new Error('the disk is gone')),
    createHasher: nodeHasher,
    nowMs: () => 0,
    random: () => 0,
    breathe: () => setImmediate(),
    pause: () => setImmediate(),
  });
  for (const times of [1, 2]) {
    await expect(ask(engine, request('hi'))).rejects.toThrow('the disk is gone');
    expect([created, disposed]).toEqual([times, times]);
  }
});
