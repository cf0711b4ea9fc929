import type { Access } from '../../app/access/access.ts';
import { createLimiter, type Limiter } from '../../app/access/limiter.ts';
import { type AppOptions, createApp } from '../../app/app.ts';
import type { Deps } from '../../app/deps.ts';
import type { Lifecycle } from '../../app/lifecycle.ts';
import type { Safety } from '../../app/safety.ts';
import { createSqlStorage } from '../../app/storage/sql-storage.ts';
import type { Storage } from '../../app/storage/storage.ts';
import type { Engine } from '../../engine/engine.ts';
import { openNodeSql } from '../../lambda/node-sql.ts';
import { checkApp } from './check-reply.ts';
import { SCRIPTED_MODEL, type Script, scriptedEngine } from './scripted-engine.ts';

export const MODEL = SCRIPTED_MODEL.id;
export const PLACE = { runtime: 'node', backend: 'scripted' };
export const START_MS = 1_727_222_400_500;

export interface TestAppOptions extends AppOptions {
  readonly platform?: Deps['platform'];
  readonly metrics?: Deps['metrics'];
  readonly storageBytes?: number;
  readonly access?: Access;
  readonly limiter?: Limiter;
  readonly safety?: Safety;
  readonly lifecycle?: Lifecycle;
  /** In place of one in memory. */
  readonly storage?: Storage;
  /** What stands before the scripted engine. */
  readonly wrap?: (engine: Engine) => Engine;
}

/** An app over a scripted engine, its answers checked, with a clock that only the test moves and its log lines kept. */
export function testApp(script: Partial<Script> = {}, options: TestAppOptions = {}) {
  const engine = scriptedEngine(script);
  const logs: Record<string, string | number>[] = [];
  const clock = { ms: START_MS };
  let ids = 0;
  let leases = 0;
  const wakes = { count: 0 };
  const maxBytes = options.storageBytes ?? 2 ** 30;
  const storage =
    options.storage ?? createSqlStorage(openNodeSql(':memory:'), { maxBytes, now: () => clock.ms });

  const app = createApp(
    {
      engine: options.wrap?.(engine) ?? engine,
      storage,
      access: options.access,
      limiter: options.limiter ?? createLimiter({ now: () => clock.ms, newId: () => `lease-${++leases}` }),
      safety: options.safety,
      ...(options.platform ? { platform: options.platform } : {}),
      ...(options.metrics ? { metrics: options.metrics } : {}),
      ...(options.lifecycle ? { lifecycle: options.lifecycle } : {}),
      wakeBatches: async () => {
        wakes.count++;
      },
      place: PLACE,
      now: () => clock.ms,
      newId: () => `id-${++ids}`,
      log: (event) => logs.push(event),
    },
    options,
  );
  checkApp(app);
  const post = (path: string, body: unknown, init: RequestInit = {}) =>
    app.request(path, { method: 'POST', body: JSON.stringify(body), ...init });

  return {
    app,
    engine,
    storage,
    /** How often the runner of batches was told to look. */
    wakes,
    logs,
    clock,
    chat: (fields: object = {}, init?: RequestInit) =>
      post(
        '/v1/chat/completions',
        { model: MODEL, messages: [{ role: 'user', content: 'hi' }], ...fields },
        init,
      ),
    embed: (fields: object = {}, init?: RequestInit) =>
      post('/v1/embeddings', { model: MODEL, input: 'Once', ...fields }, init),
    text: (fields: object = {}, init?: RequestInit) =>
      post('/v1/completions', { model: MODEL, prompt: 'Once', ...fields }, init),
  };
}

/** The `data:` of each event of a whole stream. */
export async function events(response: Response): Promise<string[]> {
  const blocks = (await response.text()).split('\n\n');
  if (blocks.pop() !== '') throw new Error('the stream does not end with an empty line');
  return blocks.map((block) => {
    if (!block.startsWith('data: ')) throw new Error(`not an event: ${block}`);
    return block.slice('data: '.length);
  });
}
