import { describe, expect, test } from 'vitest';
import { UnknownModelError } from '../../engine/errors.ts';
import { createRouter } from '../../engine/router.ts';
import { ask, info, localSetup, never, request } from '../support/local-engine.ts';
import { recite } from '../support/scripted-llama.ts';

const serving = (id: string, says: string) =>
  localSetup({ script: recite(says) }, {}, { info: { ...info, id } }).engine;

describe('createRouter()', () => {
  const router = createRouter([serving('a/one', 'one'), serving('two', 'second')]);

  test('asks the engine that serves the model', async () => {
    expect((await ask(router, request('>', { model: 'a/one' }))).text).toBe('one');
    expect((await ask(router, request('>', { model: 'two' }))).text).toBe('second');
    expect(router.models().map(({ id }) => id)).toEqual(['a/one', 'two']);
  });

  test('counts with the engine that serves the model', async () => {
    const inputs = [{ type: 'text', text: 'abc' }] as const;
    expect(await router.countTokens({ model: 'two', inputs }, never())).toEqual([4]);
    await expect(router.countTokens({ model: 'three', inputs }, never())).rejects.toThrow(UnknownModelError);
  });

  test('names what there is when a model is unknown', async () => {
    const refused = router.start(request('', { model: 'three' }), never());
    await expect(refused).rejects.toThrow(UnknownModelError);
    await expect(refused).rejects.toThrow("model 'three' is not served here; there is a/one, two");
  });

  test('adds up', () => {
    expect(router.stats()).toMatchObject({
      state: 'ready',
      requests: 2,
      promptTokens: 4,
      completionTokens: 9,
    });
  });

  test('is ready when one is, and failed when all are', () => {
    const engine = serving('x', '');
    const inState = (id: string, state: 'loading' | 'ready' | 'failed') => ({
      ...engine,
      models: () => [{ ...info, id }],
      stats: () => ({ ...engine.stats(), state }),
    });
    const states = (...all: ('loading' | 'ready' | 'failed')[]) =>
      createRouter(all.map((state, i) => inState(`${i}`, state))).stats().state;
    expect(states('failed', 'loading', 'ready')).toBe('ready');
    expect(states('failed', 'loading')).toBe('loading');
    expect(states('failed', 'failed')).toBe('failed');
  });

  test('refuses two engines for one model', () => {
    expect(() => createRouter([serving('a', ''), serving('a', '')])).toThrow("two engines serve model 'a'");
  });
});
