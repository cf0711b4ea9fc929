/** Calls on a real model, at a temperature at which it says anything: Ajv says whether they keep to their parameters. */
import { expect, test } from 'vitest';
import type { ToolChoice } from '../../../engine/engine.ts';
import { createLocalEngine } from '../../../engine/local.ts';
import { openFileSource } from '../../../models/cli/file-source.ts';
import { loadModel } from '../../../models/load.ts';
import type { Tool } from '../../../models/prompts/prompt.ts';
import { TOOL_FORMATS, type ToolFormat } from '../../../models/prompts/tool-format.ts';
import { relaxed } from '../../support/backends.ts';
import { ask, info, request } from '../../support/local-engine.ts';
import { plain } from '../../support/sampling.ts';
import { judge } from '../../support/schema-judge.ts';
import { smollm2Path } from '../../support/smollm2.ts';

const tools: readonly Tool[] = [
  {
    name: 'get_weather',
    description: 'Tells the weather of a city',
    parameters: {
      type: 'object',
      properties: {
        city: { type: 'string', maxLength: 30 },
        unit: { enum: ['celsius', 'fahrenheit'] },
        days: {
          type: 'array',
          items: { type: 'integer', minimum: 1, maximum: 31 },
          minItems: 1,
          maxItems: 3,
        },
      },
      required: ['city', 'days'],
      additionalProperties: false,
    },
    strict: true,
  },
  { name: 'get_time', description: 'Tells the time', strict: true },
];
const messages = [{ role: 'user', content: 'What is the weather in Oslo, and what time is it?' }] as const;

const device = relaxed.create();
await using source = await openFileSource(smollm2Path());
const contextLength = 2048;
const sizes = { maxRows: 64, maxLogitRows: 8, contextLength };
const loaded = await loadModel(device, source, { template: 'chatml', kvType: 'f16', ...sizes });
const limits = {
  running: 1,
  waiting: 1,
  contextLength,
  prefillChunk: 48,
  stalledMs: 1e9,
  prefixCacheBytes: 2e7,
};

const engineOf = (toolFormat: ToolFormat) =>
  createLocalEngine({
    ...{ info, ...loaded, device, toolFormat, limits, speculation: true },
    today: () => '26 Jul 2024',
    random: () => 0,
    nowMs: () => performance.now(),
    breathe: () => new Promise((resolve) => setImmediate(resolve)),
  });

test.each(TOOL_FORMATS)('SmolLM2 calls as it has to: %s', async (toolFormat) => {
  const engine = engineOf(toolFormat);
  let whole = 0;
  const choices: readonly ToolChoice[] = ['required', { name: 'get_weather' }];
  for (const toolChoice of choices)
    for (let seed = 1; seed <= 2; seed++) {
      const asked = request('', {
        prompt: { type: 'chat', messages },
        tools,
        toolChoice,
        parallelToolCalls: toolFormat === 'pythonic',
        maxTokens: 80,
        sampling: { ...plain, temperature: 1.5, seed },
      });
      const { text, calls = [], done } = await ask(engine, asked);
      if (done.reason === 'length') continue;
      whole++;
      expect([text, done.reason]).toEqual(['', 'tool_calls']);
      for (const [name, json] of calls) {
        const { parameters = { type: 'object', maxProperties: 0 } } = tools.find(
          (tool) => tool.name === name,
        )!;
        expect(judge(parameters)(JSON.parse(json)), json).toBe(true);
      }
      if (toolChoice !== 'required')
        expect(new Set(calls.map(([name]) => name))).toEqual(new Set(['get_weather']));
    }
  expect(whole).toBeGreaterThan(0);
});
