import { describe, expect, test } from 'vitest';
import { BusyError, ContextLengthError, LogitsError, UnfitGuardError } from '../../../engine/errors.ts';
import { DEFAULT_POLICY, type JudgeRequest } from '../../../engine/guard/guard.ts';
import { selfTest } from '../../../engine/guard/self-test.ts';
import { guardWords } from '../../../engine/guard/vocabulary.ts';
import { GUARD_FORMATS } from '../../../models/prompts/guard3.ts';
import { GUARD_CASES } from '../../support/guard-cases.ts';
import { never } from '../../support/local-engine.ts';
import { guardTokenizer, type Opine, scriptedGuard } from '../../support/scripted-guard.ts';

const of = (content: string, more: Partial<JudgeRequest> = {}): JudgeRequest => ({
  messages: [{ role: 'user', content }],
  policy: DEFAULT_POLICY,
  scores: false,
  ...more,
});

const always =
  (answer: string): Opine =>
  () => ({ answer });

test('there are at least 60 cases', () => expect(GUARD_CASES.length).toBeGreaterThanOrEqual(60));

describe('decides', () => {
  test.each(GUARD_CASES)('$why', async ({ messages, opinion, policy, expected }) => {
    const setup = scriptedGuard(() => opinion);
    const verdict = await setup.guard.judge({ messages, policy, scores: false }, never());
    const { score, ...exact } = expected;
    expect(verdict).toMatchObject(exact);
    if (score !== undefined) expect(verdict.score).toBeCloseTo(score, 4);
    const listed = GUARD_FORMATS['guard3-1b'].categories.map(({ code }) => code);
    for (const code of verdict.categories) expect(listed).toContain(code);
    for (const prompt of setup.prompts)
      for (const { content } of messages) expect(prompt).toContain(content.trim());
  });

  test('the 8B has S14, the 1B writes something else', async () => {
    const judge = (format: keyof typeof GUARD_FORMATS) =>
      scriptedGuard(always('unsafe\nS14'), { format: GUARD_FORMATS[format] }).guard.judge(of('a'), never());
    expect((await judge('guard3-8b')).categories).toEqual(['S14']);
    expect((await judge('guard3-1b')).categories).not.toContain('S14');
  });

  test('from the position after the blank line', async () => {
    const { guard } = scriptedGuard(always('unsafe\nS1'));
    const first = await guard.firstToken([{ role: 'User', texts: ['a'] }], never());
    expect(guardTokenizer.decode([first])).toBe('\n\n');
    expect((await guard.judge(of('a'), never())).score).toBeGreaterThan(0.99);
  });

  test.each([Number.NaN, Infinity, -Infinity])('nothing from a logit %d', async (logit) => {
    const { guard } = scriptedGuard(() => ({ answer: 'safe', logits: { safe: logit } }));
    await expect(guard.judge(of('a'), never())).rejects.toThrow(LogitsError);
  });
});

describe('scores categories', () => {
  const scored = (opine: Opine, policy = DEFAULT_POLICY) =>
    scriptedGuard(opine).guard.judge(of('a', { scores: true, policy }), never());

  test('by P(unsafe) times the chance that each is named', async () => {
    const logits = { safe: 0, unsafe: 1.3863 }; // 0.8
    const { score, categoryScores, categories } = await scored(() => ({ answer: 'unsafe\nS2,S11', logits }));
    expect(score).toBeCloseTo(0.8, 4);
    expect(categories).toEqual(['S2', 'S11']);
    expect(categoryScores.S2).toBeCloseTo(0.8, 2);
    expect(categoryScores.S11).toBeCloseTo(0.8, 2);
    for (const code of ['S1', 'S3', 'S10', 'S12', 'S13']) expect(categoryScores[code]).toBeLessThan(0.01);
    expect(Object.keys(categoryScores)).toHaveLength(13);
  });

  test('by the shares of what may be written', async () => {
    const logits = { safe: -9, unsafe: 9, '1': 2, '2': 2, '10': 2 }; // three alike
    const { categoryScores } = await scored(() => ({ answer: 'unsafe\n', logits }));
    for (const code of ['S1', 'S2', 'S10']) expect(categoryScores[code]).toBeGreaterThan(0.3);
  });

  test('of what is safe too, and then they are small', async () => {
    const { flagged, score, categoryScores } = await scored(always('safe'));
    expect(flagged).toBe(false);
    for (const one of Object.values(categoryScores)) expect(one).toBeLessThanOrEqual(score);
  });

  test('only where it is asked, or needed', async () => {
    const setup = scriptedGuard(always('safe'));
    await setup.guard.judge(of('a'), never());
    const short = setup.passes.length;
    await setup.guard.judge(of('a', { scores: true }), never());
    expect(setup.passes.length).toBeGreaterThan(short + 1);
  });
});

describe('reads long conversations in windows', () => {
  const limits = { windowTokens: 512 };
  const words = (count: number, word = 'llama') =>
    Array.from({ length: count }, (_, i) => `${word}${i}`).join(' ');
  const badAnywhere: Opine = (prompt) => ({ answer: prompt.includes('BAD') ? 'unsafe\nS9' : 'safe' });

  test('one window when it fits', async () => {
    const setup = scriptedGuard(badAnywhere, { limits });
    expect(await setup.guard.judge(of(words(40)), never())).toMatchObject({ flagged: false, windows: 1 });
  });

  test.each([0, 0.1, 0.25, 0.333, 0.5, 0.66, 0.75, 0.9, 1])(
    'finds what is unsafe at %d of the text',
    async (share) => {
      const text = words(800).split(' ');
      text.splice(Math.floor(share * text.length), 0, 'BAD');
      const { guard } = scriptedGuard(badAnywhere, { limits });
      expect(await guard.judge(of(text.join(' ')), never())).toMatchObject({
        flagged: true,
        categories: ['S9'],
      });
    },
  );

  test('finds what is unsafe only together, wherever it stands', async () => {
    const both: Opine = (prompt) => ({ answer: /BAD[\s\S]{1,40}WORD/.test(prompt) ? 'unsafe\nS1' : 'safe' });
    for (let at = 0; at < 600; at += 7) {
      const text = words(600).split(' ');
      text.splice(at, 0, 'BAD', 'x', 'WORD');
      const { guard } = scriptedGuard(both, { limits, maxRows: 512 });
      expect((await guard.judge(of(text.join(' ')), never())).flagged, `at ${at}`).toBe(true);
    }
  });

  test('leaves nothing out, and keeps each window within the context', async () => {
    const setup = scriptedGuard(always('safe'), { limits, contextLength: 512 });
    const text = words(900);
    const { windows, flagged } = await setup.guard.judge(
      {
        ...of(''),
        messages: [
          { role: 'user', content: text },
          { role: 'assistant', content: words(300, 'alpaca') },
        ],
      },
      never(),
    );
    expect(flagged).toBe(false);
    expect(setup.prompts).toHaveLength(windows);
    const seen = setup.prompts.join(' ');
    for (const word of [...text.split(' '), ...words(300, 'alpaca').split(' ')]) expect(seen).toContain(word);
  });

  test('without a space, in scripts of many bytes, no character is cut', async () => {
    const setup = scriptedGuard(always('safe'), { limits });
    await setup.guard.judge(of('👩‍🔬ท'.repeat(1200)), never());
    expect(setup.prompts.length).toBeGreaterThan(2);
    expect(setup.prompts.join('')).not.toContain('\ufffd');
  });

  test('says which role each window ends with', async () => {
    const setup = scriptedGuard(always('safe'), { limits });
    const messages = [
      { role: 'user', content: words(400) } as const,
      { role: 'assistant', content: 'b' } as const,
    ];
    await setup.guard.judge({ ...of(''), messages }, never());
    expect(setup.prompts[0]).toContain('ONLY THE LAST User');
    expect(setup.prompts.at(-1)).toContain('ONLY THE LAST Agent');
  });

  test('reads no further than the first that is flagged', async () => {
    const setup = scriptedGuard(always('unsafe\nS1'), { limits });
    expect(await setup.guard.judge(of(words(800)), never())).toMatchObject({ windows: 1 });
    expect(setup.prompts).toHaveLength(1);
  });

  test('gives the most of each score', async () => {
    const opine: Opine = (prompt) => ({
      answer: 'safe',
      logits: { safe: 1, unsafe: prompt.includes('ODD') ? 0.5 : -5 },
    });
    const { guard } = scriptedGuard(opine, { limits });
    const text = words(800).split(' ').toSpliced(50, 0, 'ODD').join(' ');
    expect((await guard.judge(of(text), never())).score).toBeCloseTo(0.3775, 3);
  });

  test('refuses more windows than it may take', async () => {
    const { guard } = scriptedGuard(always('safe'), { limits: { ...limits, windows: 2 } });
    await expect(guard.judge(of(words(2000)), never())).rejects.toThrow(ContextLengthError);
  });
});

describe('shares the device', () => {
  test('reads in passes of at most maxRows, and gives its caches back', async () => {
    const setup = scriptedGuard(always('unsafe\nS1'), { maxRows: 16, limits: { prefixCacheBytes: 0 } });
    await setup.guard.judge(of('hello'), never());
    expect(Math.max(...setup.passes)).toBeLessThanOrEqual(16);
    expect(setup.passes.length).toBeGreaterThan(10);
    expect(setup.cachesAlive).toBe(0);
  });

  test('reads what all prompts begin with once', async () => {
    const setup = scriptedGuard(always('safe'), { limits: { prefixCacheBytes: 2 ** 16 } });
    const rows = () => setup.passes.reduce((sum, rows) => sum + rows, 0);
    await setup.guard.judge(of('hello'), never());
    const first = rows();
    await setup.guard.judge(of('good morning'), never());
    expect(rows() - first).toBeLessThan(first / 2);
  });

  test('lets so many wait, and refuses the next', async () => {
    let open: () => void = () => {};
    const closed = new Promise<void>((resolve) => {
      open = resolve;
    });
    const { guard } = scriptedGuard(always('safe'), {
      limits: { running: 1, waiting: 1 },
      pause: () => closed,
    });
    const judgements = [guard.judge(of('a'), never()), guard.judge(of('b'), never())];
    await expect(guard.judge(of('c'), never())).rejects.toThrow(BusyError);
    open();
    expect((await Promise.all(judgements)).map(({ reason }) => reason)).toEqual(['safe', 'safe']);
  });

  test('stops when its client leaves', async () => {
    const setup = scriptedGuard(always('safe'), { maxRows: 8, limits: { prefixCacheBytes: 0 } });
    const client = new AbortController();
    const judgement = setup.guard.judge(of('hello'), client.signal);
    client.abort();
    await expect(judgement).rejects.toThrow('aborted');
    expect(setup.cachesAlive).toBe(0);
    expect((await setup.guard.judge(of('hello'), never())).reason).toBe('safe');
  });

  test('several at once get their own verdicts', async () => {
    const opine: Opine = (prompt) => ({ answer: prompt.includes('BAD') ? 'unsafe\nS1' : 'safe' });
    const { guard } = scriptedGuard(opine, { maxRows: 8, limits: { running: 4 } });
    const texts = ['good', 'BAD', 'fine', 'BAD too'];
    const verdicts = await Promise.all(texts.map((text) => guard.judge(of(text), never())));
    expect(verdicts.map(({ flagged }) => flagged)).toEqual([false, true, false, true]);
  });
});

describe('selfTest()', () => {
  const sound: Opine = (prompt) => ({ answer: prompt.includes('bomb') ? 'unsafe\nS9' : 'safe' });
  const run = (opine: Opine) => selfTest(scriptedGuard(opine).guard, guardTokenizer, never());

  test('passes a Guard', () => run(sound));

  test.each([
    ['finds everything safe', always('safe')],
    ['finds everything unsafe', always('unsafe\nS1')],
    ['says something else', always('S1')],
    [
      'does not begin with a blank line',
      (() => ({ answer: 'safe', logits: { '\n\n': -50, safe: 9 } })) as Opine,
    ],
  ])('refuses a model that %s', async (_, opine) => {
    await expect(run(opine)).rejects.toThrow(UnfitGuardError);
  });
});

test('guardWords() are the spec’s ids, and the comma that Llama 3 writes with the S', () => {
  const { vocabulary, safe, unsafe, blankLine, newline } = guardWords(
    guardTokenizer,
    GUARD_FORMATS['guard3-1b'],
  );
  expect([safe, unsafe, blankLine, newline]).toEqual([19193, 39257, 271, 198]);
  expect([...vocabulary]).toEqual(
    [...new Set([11, 50, ...Array.from({ length: 10 }, (_, i) => 15 + i), 605, 806, 717, 1032])]
      .concat([19193, 39257, 271, 198, 21861, 128001, 128008, 128009])
      .sort((a, b) => a - b),
  );
});
