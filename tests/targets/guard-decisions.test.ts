/** What the guard decides and holds back, over HTTP at the real doors. What it and the model say is scripted. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_POLICY, type GuardPolicy } from '../../engine/guard/guard.ts';
import { CATALOGUE, findModel } from '../../models/catalogue.ts';
import { checkedFetch } from '../support/check-reply.ts';
import { GUARD_CASES, type GuardCase } from '../support/guard-cases.ts';
import { openNode } from '../support/node-door.ts';
import { bearer, testKey } from '../support/test-keys.ts';
import { openWorkerd } from '../support/workerd-door.ts';
import type { Door } from './contract.ts';

const NAME = 'llama-guard-3-1b-q8_0';
const SHIELD = findModel(NAME).id;
const MODEL = CATALOGUE[0]!.id;
const REFUSAL = 'That is nothing for us.';
const JUDGE_ALL = 'judge-all';

/** A key for each policy: that is how a server has several, of chats. Shields and moderations have the server's own. */
const policyKey = ({ threshold, excluded }: GuardPolicy) =>
  `policy-${threshold}-${excluded.length === 0 ? 'none' : excluded.join('-')}`;

let folder: string;
let keysFile: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cria-decisions-'));
  keysFile = join(folder, 'keys.json');
  const policies = new Map(GUARD_CASES.map(({ policy }) => [policyKey(policy), policy]));
  const keys = [
    testKey(JUDGE_ALL, { guard: { judge: 'both', refusal: REFUSAL } }),
    ...[...policies].map(([id, { threshold, excluded }]) =>
      testKey(id, { guard: { judge: 'input', refusal: REFUSAL, threshold, exclude: [...excluded] } }),
    ),
  ];
  await writeFile(keysFile, JSON.stringify({ keys }));
});
afterAll(() => rm(folder, { recursive: true }));

const isDefault = (policy: GuardPolicy) => isDeepStrictEqual(policy, DEFAULT_POLICY);

const CASES = GUARD_CASES.map((one, number) => ({ ...one, number }));

/**
 * The case's messages as the API takes them: the judged one with its number, from which the scripted guard knows what to
 * say, and a tool's result behind the call that it answers.
 */
function spoken({ messages }: GuardCase, number: number): object[] {
  const isEmpty = messages.every(({ content }) => content.trim() === '');
  return messages.flatMap(({ role, content }, i): object[] => {
    const isJudged = !isEmpty && i === messages.length - 1;
    const message = { role, content: isJudged ? `${content} #${number}` : content };
    return role === 'tool' ? [CALL, { ...message, tool_call_id: CALL_ID }] : [message];
  });
}

const CALL_ID = 'call_1';
const CALL = {
  role: 'assistant',
  tool_calls: [{ id: CALL_ID, type: 'function', function: { name: 'look', arguments: '{}' } }],
};

describe.each([
  { door: 'node', start: openNode },
  { door: 'workerd', start: openWorkerd },
])('behind the $door door', ({ start }) => {
  const open = (vars: Record<string, string>) =>
    start({
      recital: true,
      recitalGuard: true,
      guard: { name: NAME, path: import.meta.filename }, // there must be a file; nobody reads it
      vars: { CRIA_GUARD: NAME, CRIA_KEYS_FILE: keysFile, ...vars },
    });
  let door: Door;
  beforeAll(async () => {
    door = await open({});
  });
  afterAll(() => door[Symbol.asyncDispose]());

  const post = (path: string, key: string, body: object, at = door) =>
    checkedFetch(new URL(path, at.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...bearer(key) },
      body: JSON.stringify(body),
    });
  const shield = async (key: string, messages: readonly object[], at = door) => {
    const reply = await post('/v1/safety/run-shield', key, { shield_id: SHIELD, messages }, at);
    expect(reply.status).toBe(200);
    const { violation } = (await reply.json()) as {
      violation: null | { metadata: { violation_type: string; score: number } };
    };
    return violation;
  };

  const chat = async (key: string, messages: readonly object[]) => {
    const reply = await post('/v1/chat/completions', key, { model: MODEL, messages, stream: true });
    expect(reply.status).toBe(200);
    const events = (await reply.text()).split('\n\n').filter((event) => event !== '');
    expect(events.pop()).toBe('data: [DONE]');
    const choices = events.map((event) => JSON.parse(event.slice('data: '.length)).choices[0]);
    const text: string = choices.map(({ delta }) => delta.content ?? '').join('');
    return { text, reason: choices.at(-1).finish_reason as string };
  };

  describe('decides', () => {
    test.each(CASES.filter(({ messages, policy }) => messages.length > 0 && policy.onUnknown === 'unsafe'))(
      '$why',
      async (one) => {
        const { expected, number, policy } = one;
        if (!isDefault(policy)) {
          const { reason, text } = await chat(policyKey(policy), spoken(one, number));
          expect(reason === 'content_filter').toBe(expected.flagged);
          expect(text === REFUSAL).toBe(expected.flagged);
          return;
        }
        const violation = await shield(JUDGE_ALL, spoken(one, number));
        expect(violation !== null).toBe(expected.flagged);
        if (violation && expected.categories)
          expect(violation.metadata.violation_type).toBe(expected.categories.join(','));
        if (violation && expected.score !== undefined)
          expect(violation.metadata.score).toBeCloseTo(expected.score, 4);
      },
    );

    test('nothing of no messages', async () => {
      const reply = await post('/v1/safety/run-shield', JUDGE_ALL, { shield_id: SHIELD, messages: [] });
      expect(reply.status).toBe(400);
    });
  });

  test('an unknown answer passes where the operator said so', async () => {
    const one = CASES.find(({ policy }) => policy.onUnknown === 'safe')!;
    await using lenient = await open({ CRIA_GUARD_UNKNOWN: 'safe' });
    expect(await shield(JUDGE_ALL, spoken(one, one.number), lenient)).toBeNull();
  });

  describe('a reply with something unsafe in it', () => {
    const words = Array.from({ length: 60 }, (_, i) => `word${i}`);
    const say = (line: string) => chat(JUDGE_ALL, [{ role: 'user', content: line }]); // which the scripted model says

    test('passes whole when there is none', async () => {
      const line = words.join(' ');
      expect(await say(line)).toEqual({ text: line, reason: 'stop' });
    });

    test.each(Array.from({ length: 21 }, (_, i) => i * 3))('ends before it, at word %d', async (at) => {
      const { text, reason } = await say(words.toSpliced(at, 0, 'BAD').join(' '));
      expect(reason).toBe('content_filter');
      const said = text.endsWith(REFUSAL) ? text.slice(0, -REFUSAL.length) : text;
      expect(words.slice(0, at).join(' ').startsWith(said.trimEnd())).toBe(true);
    });
  });
});
