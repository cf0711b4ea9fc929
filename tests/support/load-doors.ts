import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CATALOGUE } from '../../models/catalogue.ts';
import { type LoadReport, load } from './load.ts';
import { openNode } from './node-door.ts';
import { bearer, testKey } from './test-keys.ts';
import { openWorkerd } from './workerd-door.ts';

const GUARD = 'llama-guard-3-1b-q8_0';
const DOORS = { node: openNode, workerd: openWorkerd } as const;
export type DoorName = keyof typeof DOORS;

/** What the first half of the clients may ask in a minute with the key that they share: less than they can. */
export const PER_MINUTE = 20;

/** 64 clients of the default model behind a door, keys and a guard's judgement on; what the guard says is scripted. */
export async function loadDoor(
  door: DoorName,
  { clients, seconds }: { clients: number; seconds: number },
): Promise<LoadReport> {
  const folder = await mkdtemp(join(tmpdir(), 'cria-load-'));
  const keysFile = join(folder, 'keys.json');
  const keyOf = (client: number) => (client < clients / 2 ? 'limited' : 'free');
  const keys = [testKey('limited', { limits: { requestsPerMinute: PER_MINUTE } }), testKey('free')];
  await writeFile(keysFile, JSON.stringify({ keys }));
  try {
    await using server = await DOORS[door]({
      recitalGuard: true,
      guard: { name: GUARD, path: import.meta.filename }, // there must be a file; nobody reads it
      vars: {
        CRIA_GUARD: GUARD,
        CRIA_GUARD_JUDGE: 'both',
        CRIA_KEYS_FILE: keysFile,
        CRIA_WAITING: String(clients),
      },
    });
    const options = {
      url: server.url,
      model: CATALOGUE[0]!.id,
      headers: (client: number) => bearer(keyOf(client)),
    };
    const { errors } = await load({
      ...options,
      clients: 1,
      seconds: 0.1,
      headers: () => bearer('free'),
      residentBytes: () => 0,
    });
    if (errors.length > 0) throw new Error(errors[0]); // it was to load the model
    return await load({ ...options, clients, seconds, residentBytes: () => residentBytes(server.pid) });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Linux only. */
const residentBytes = (pid: number): number =>
  1024 * Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]);
