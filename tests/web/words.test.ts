import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { chatBody, readTurns, type Turn } from '../../web/conversation.ts';
import { curlCommand } from '../../web/curl.ts';
import { BrokenStreamError, RefusedError } from '../../web/errors.ts';
import { wordWait } from '../../web/notice.ts';
import { DEFAULTS, readParams } from '../../web/params.ts';
import { describeProblem } from '../../web/problem.ts';
import { startStopwatch, wordFigures } from '../../web/stopwatch.ts';
import { wordCount, wordDuration, wordProgress } from '../../web/tasks/progress.ts';
import { notices, statement } from '../../web/what-runs.ts';

const reply = (content: string): Turn => ({
  role: 'assistant',
  content,
  params: DEFAULTS,
  figures: undefined,
  ending: { type: 'stop' },
});

describe('chatBody()', () => {
  test('leaves out what is not set, and replies that said nothing', () => {
    const turns: Turn[] = [{ role: 'user', content: 'a' }, reply(''), { role: 'user', content: 'b' }];
    expect(chatBody(turns, { ...DEFAULTS, model: 'm', maxTokens: undefined })).toEqual({
      model: 'm',
      messages: [
        { role: 'user', content: 'a' },
        { role: 'user', content: 'b' },
      ],
      temperature: 0.7,
      top_p: 0.95,
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  test('puts the system prompt first, and keeps a seed of 0', () => {
    const body = chatBody([{ role: 'user', content: 'a' }], { ...DEFAULTS, system: ' be brief ', seed: 0 });
    expect(body.messages[0]).toEqual({ role: 'system', content: 'be brief' });
    expect(body.seed).toBe(0);
    expect(body.max_tokens).toBe(512);
  });
});

describe('readTurns()', () => {
  test('reads back what JSON.stringify wrote', () => {
    const turns: Turn[] = [
      { role: 'user', content: 'a' },
      {
        role: 'assistant',
        content: 'b',
        params: { ...DEFAULTS, seed: 7 },
        figures: { tokens: 3, exact: true, firstTokenMs: 12, tokensPerSecond: 4.5 },
        ending: { type: 'length' },
      },
    ];
    expect(readTurns(JSON.stringify(turns))).toEqual(turns);
  });

  test('takes a reply with no ending for one that was halted, and an old wait for over', () => {
    const problem = { title: 'The model is busy.', detail: 'Wait.', retryAfterSeconds: 30 };
    const turns = [
      { role: 'assistant', content: 'half' },
      { role: 'assistant', content: '', ending: { type: 'problem', problem } },
    ];
    expect(readTurns(JSON.stringify(turns)).map((turn) => 'ending' in turn && turn.ending)).toEqual([
      { type: 'halted' },
      { type: 'problem', problem: { ...problem, retryAfterSeconds: 0 } },
    ]);
  });

  test.each(['', '{', 'null', '7', '{"length":2}', '[null, 7, {"role":"user"}, {"role":"x","content":"a"}]'])(
    'makes nothing of %s',
    (source) => {
      expect(readTurns(source)).toEqual([]);
    },
  );
});

test('readParams() brings everything into its range', () => {
  expect(readParams({ temperature: 9, topP: 0, maxTokens: 0.5, seed: -3, model: 7 })).toEqual({
    model: '',
    system: '',
    temperature: 2,
    topP: 0.05,
    maxTokens: 1,
    seed: 0,
  });
  expect(readParams({ maxTokens: Number.NaN })).toMatchObject({ maxTokens: undefined, temperature: 0.7 });
});

test.each(["it's", "'; echo pwned; '", 'a\\b "c" $HOME `id`', 'line\nbreak', '🦙'])(
  'curlCommand() hands %j through a shell unchanged',
  (content) => {
    const body = chatBody([{ role: 'user', content }], DEFAULTS);
    const asked = { path: '/v1/chat/completions', body };
    const script = `curl() { printf '%s\\0' "$@"; }\n${curlCommand('http://localhost:8787', asked, false)}`;
    const args = execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1);
    expect(args.slice(0, -1)).toEqual([
      '-N',
      'http://localhost:8787/v1/chat/completions',
      '-H',
      'content-type: application/json',
      '-d',
    ]);
    expect(JSON.parse(args.at(-1)!)).toEqual(body);
  },
);

describe('describeProblem()', () => {
  test.each([
    [new RefusedError(429, 'model_busy', '3 are waiting', 4), 'The model is busy.', '3 are waiting.', 4],
    [
      new RefusedError(400, 'context_length_exceeded', 'too long'),
      'This chat has outgrown the model.',
      'Too long.',
      0,
    ],
    [
      new RefusedError(400, 'invalid_value', 'top_p is 3'),
      'The server did not accept this.',
      'Top_p is 3.',
      0,
    ],
    [new RefusedError(404, 'model_not_found', 'no m!'), 'That model is not served here.', 'No m!', 0],
    [new RefusedError(413, 'body_too_large', 'over 1 MiB'), 'This message is too long.', 'Over 1 MiB.', 0],
    [new RefusedError(429, 'request_too_large', 'never'), 'This message is too long.', 'Never.', 0],
    [new RefusedError(429, 'rate_limit_exceeded', 'wait', 900), 'That is all for the moment.', 'Wait.', 900],
    [new RefusedError(400, 'text_too_long', 'by far'), 'This message is too long.', 'By far.', 0],
    [new RefusedError(400, 'content_filter', 'unsafe'), 'The guard does not let this pass.', 'Unsafe.', 0],
    [new RefusedError(401, 'invalid_api_key', 'no key'), 'The server asks for a key.', 'No key.', 0],
    [new RefusedError(403, 'model_not_found', 'not m'), 'This key may not do that.', 'Not m.', 0],
    [new RefusedError(403, 'origin_not_allowed', 'a'), 'The server does not answer this page.', 'A.', 0],
    [new RefusedError(503, 'out_of_memory', 'no room'), 'The model is not ready yet.', 'No room.', 0],
    [new RefusedError(500, 'internal', 'id 7'), 'The server stumbled.', 'Id 7.', 0],
    [new BrokenStreamError('lost'), 'The reply broke off.', 'Lost.', 0],
  ])('words %s', (error, title, detail, retryAfterSeconds) => {
    expect(describeProblem(error)).toEqual({ title, detail, retryAfterSeconds });
  });

  test('takes anything else for a lost connection', () => {
    expect(describeProblem(new TypeError('Failed to fetch')).title).toBe('The server cannot be reached.');
  });
});

describe('startStopwatch()', () => {
  const at = (...times: readonly number[]) => {
    const left = [...times];
    return startStopwatch(() => left.shift()!);
  };

  test('counts speed after the first token, by the count the server gives', () => {
    const watch = at(1000, 1500, 1600, 2500);
    for (let i = 0; i < 3; i++) watch.tick();
    expect(watch.read(11)).toEqual({ tokens: 11, exact: true, firstTokenMs: 500, tokensPerSecond: 10 });
    expect(watch.read()).toEqual({ tokens: 3, exact: false, firstTokenMs: 500, tokensPerSecond: 2 });
  });

  test('has no figures before the first token, and no speed for one alone', () => {
    const watch = at(0, 5);
    expect(watch.read()).toBeUndefined();
    watch.tick();
    expect(watch.read(1)?.tokensPerSecond).toBeUndefined();
  });
});

test('wordFigures() says what it only counted by chunks', () => {
  const figures = { tokens: 42, exact: true, firstTokenMs: 1234, tokensPerSecond: 12.345 };
  expect(wordFigures(figures)).toBe('12.3 tokens/s · first token 1.2 s · 42 tokens');
  expect(wordFigures({ ...figures, exact: false, tokens: 1, firstTokenMs: 87.6 })).toBe(
    '≈ 12.3 tokens/s · first token 88 ms · ≈ 1 token',
  );
});

describe('statement()', () => {
  const model = { id: 'org/tiny', contextLength: 2048, licence: undefined };

  test('says where the model runs when the server tells', () => {
    const health = { state: 'ready', backend: 'wasm', runtime: 'workerd' } as const;
    expect(statement(model, health)).toBe(
      'tiny, running in WebAssembly on this machine’s workerd, with room for 2,048 tokens.',
    );
  });

  test('says no more than the server does', () => {
    const health = { state: 'ready', backend: undefined, runtime: undefined } as const;
    expect(statement({ ...model, contextLength: undefined }, health)).toBe('tiny answers here.');
  });
});

test.each([
  ['meta-llama/Llama-3.2-1B-Instruct', 'Built with Llama. Model licence: L.'],
  ['llama-3.2-3b', 'Built with Llama. Model licence: L.'],
  ['smollm2-135m-instruct-q4_1', 'Model licence: L.'],
  ['tinyllama-1.1b', 'Model licence: L.'], // of the architecture, not of Meta
])('notices() of %s', (id, words) => {
  expect(notices({ id, licence: 'L', contextLength: undefined })).toBe(words);
});

test.each([
  ['read', 1, 1, 'Reading the text'],
  ['map', 2, 6, 'Read 2 of 6 parts'],
  ['reduce', 0, 1, 'Putting the parts together'],
  ['write', 0, 1, 'Writing'],
  ['write', 1, 3, 'Wrote 1 of 3 parts'],
])('wordProgress() of %s, %i of %i', (stage, done, total, words) => {
  expect(wordProgress({ type: 'progress', stage, done, total })).toBe(words);
});

test.each([
  [0, '0.0 s'],
  [8_449, '8.4 s'],
  [12_600, '13 s'],
  [125_900, '2 min 5 s'],
])('wordDuration() of %i ms', (ms, words) => {
  expect(wordDuration(ms)).toBe(words);
});

test('wordCount() knows one from many', () => {
  expect([0, 1, 1204].map((count) => wordCount(count, 'word'))).toEqual(['0 words', '1 word', '1,204 words']);
});

test.each([
  [1, '1 s'],
  [99, '99 s'],
  [100, '2 min'],
  [900, '15 min'],
])('wordWait() of %i s', (seconds, words) => {
  expect(wordWait(seconds)).toBe(words);
});
