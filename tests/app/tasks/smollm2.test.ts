/** Tasks on a real model, a small one: their form, their length, and that nothing of our prompts is in them. */
import { describe, expect, test } from 'vitest';
import { createZone } from '../../../app/planner/zone.ts';
import type {
  AssistantReply,
  Rewrite,
  RewriteRequest,
  Summary,
  SummaryRequest,
} from '../../../app/schemas/tasks.ts';
import { assistantSystem, notesSystem, rewriteSystem, summarySystem } from '../../../app/tasks/prompts.ts';
import { createLocalEngine } from '../../../engine/local.ts';
import { openFileSource } from '../../../models/cli/file-source.ts';
import { loadModel } from '../../../models/load.ts';
import { relaxed } from '../../support/backends.ts';
import { info } from '../../support/local-engine.ts';
import { smollm2Path } from '../../support/smollm2.ts';
import { deltas, taskEvents, tasksApp } from '../../support/tasks-client.ts';
import { START_MS } from '../../support/test-app.ts';

const CONTEXT = 4096;
const device = relaxed.create();
await using source = await openFileSource(smollm2Path());
const loaded = await loadModel(device, source, {
  template: 'chatml',
  kvType: 'f16',
  maxRows: 64,
  maxLogitRows: 8,
  contextLength: CONTEXT,
});
const engineOf = (contextLength: number) =>
  createLocalEngine({
    ...loaded,
    info: { ...info, contextLength },
    device,
    toolFormat: 'hermes',
    speculation: true,
    today: () => '26 Jul 2024',
    random: () => 0,
    nowMs: () => performance.now(),
    breathe: () => new Promise((resolve) => setImmediate(resolve)),
    limits: {
      running: 1,
      waiting: 1,
      contextLength,
      prefillChunk: 48,
      stalledMs: 1e9,
      prefixCacheBytes: 2e7,
    },
  });

const PARAGRAPHS = [
  'The llama is a domesticated South American animal, used for meat and as a pack animal by Andean peoples for thousands of years. Llamas are social animals and live with others in a herd. Their wool is soft and contains little lanolin.',
  'Llamas can learn simple tasks after a few repetitions. With a pack, they can carry about 25 to 30 percent of their body weight for 8 to 13 kilometres. When they are given too much, they lie down and refuse to move.',
  'The ancestors of llamas lived on the Great Plains of North America about 40 million years ago, and came to South America about three million years ago. By the end of the last ice age, there were none left in North America.',
];
const TEXT = PARAGRAPHS.join('\n\n');

/** Sentences that are ours alone. */
const OURS = [
  ...(['paragraph', 'bullets', 'headline'] as const).map((style) =>
    summarySystem({ style } as SummaryRequest),
  ),
  notesSystem({} as SummaryRequest),
  rewriteSystem({ correct: true } as RewriteRequest),
  rewriteSystem({ tone: 'formal', length: 'shorter', audience: 'children' } as RewriteRequest),
  assistantSystem({ zone: createZone('UTC'), nowMs: START_MS }),
].flatMap((prompt) => prompt.split(/(?<=[.!?])\s+/));

function expectNothingOfOurs(text: string): void {
  for (const sentence of OURS) expect(text).not.toContain(sentence);
}

const app = (contextLength = CONTEXT) => tasksApp({}, { wrap: () => engineOf(contextLength) });
const ask = async <T>(task: string, fields: object, contextLength?: number) =>
  (await (await app(contextLength).ask(task, { model: info.id, ...fields })).json()) as T;

describe('SmolLM2', () => {
  test('summarizes in the length that is wished', async () => {
    const short = await ask<Summary>('summarize', { text: TEXT, length: 'short' });
    expect(short).toMatchObject({ parts: 1, object: 'task.summary' });
    expect(short.summary).toMatch(/llama/i);
    expect(short.usage.output_tokens).toBeLessThanOrEqual(128);
    expect(short.summary.length).toBeLessThan(TEXT.length);
    expectNothingOfOurs(short.summary);
  });

  test('summarizes in the style that is wished', async () => {
    const { summary: bullets } = await ask<Summary>('summarize', {
      text: TEXT,
      style: 'bullets',
      length: 'short',
    });
    for (const line of bullets.split('\n')) expect(line).toMatch(/^- \S/);
    const { summary: headline } = await ask<Summary>('summarize', { text: TEXT, style: 'headline' });
    expect(headline).toMatch(/^\S[^\n]*$/);
    expect(headline.length).toBeLessThan(300);
    expectNothingOfOurs(bullets + headline);
  });

  test('reads what is longer than its context in pieces', async () => {
    const fields = { model: info.id, text: `${TEXT}\n\n${TEXT}`, length: 'short', stream: true };
    const events = await taskEvents(await app(320).ask('summarize', fields));
    const summary = events.at(-1)!.task as Summary;
    expect(summary.parts).toBeGreaterThan(1);
    expect(summary.summary).toBe(deltas(events));
    expect(summary.summary.length).toBeGreaterThan(20);
    expectNothingOfOurs(summary.summary);
  });

  test('rewrites, and paragraphs stay apart', async () => {
    const text = 'Their is two lamas in the gardn.\n\n***\n\nThey eats gras every days.';
    const reply = await ask<Rewrite>('rewrite', { text, correct: true });
    const parts = reply.text.split('\n\n***\n\n');
    expect(parts).toHaveLength(2);
    for (const part of parts) expect(part.length).toBeGreaterThan(5);
    expectNothingOfOurs(reply.text);
  });

  test('comes to an end as an assistant, whatever it calls', async () => {
    const messages = [{ role: 'user', content: 'Add a to-do: call Ann tomorrow.' }];
    const reply = await ask<AssistantReply>('assistant', { messages, max_steps: 2 });
    expect(['completed', 'incomplete', 'needs_confirmation']).toContain(reply.status);
    expect(reply.steps.length).toBeGreaterThan(0);
    expectNothingOfOurs(reply.message);
  });
});
