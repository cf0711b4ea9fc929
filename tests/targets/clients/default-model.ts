import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { Door } from '../contract.ts';
import { clientOptions, MODEL, SHORT_LLAMA } from './scenes.ts';

const SHORT = z.strictObject({ city: z.enum(['Paris', 'Lima']), days: z.int().min(1).max(9) });
const SHORT_ARGUMENTS = z.toJSONSchema(SHORT) as Record<string, unknown>;

export function defaultModel(open: () => Promise<Door>): void {
  describe('the default model, whatever it has in mind,', () => {
    let smollm2: Door;
    beforeAll(async () => {
      smollm2 = await open();
    });
    afterAll(() => smollm2[Symbol.asyncDispose]());
    const chat = () => new OpenAI({ ...clientOptions(smollm2), maxRetries: 0 }).chat.completions;
    const messages = [{ role: 'user' as const, content: 'Invent a llama.' }];

    test('writes what a zod schema parses, at any temperature', async () => {
      const { choices } = await chat().parse({
        model: MODEL,
        messages,
        response_format: zodResponseFormat(SHORT_LLAMA, 'llama'),
        temperature: 1.5,
        seed: 3,
      });
      expect(SHORT_LLAMA.parse(choices[0]!.message.parsed)).toEqual(choices[0]!.message.parsed);
    });

    const tools = ['get_weather', 'feed_llama'].map((name) => ({
      type: 'function' as const,
      function: { name, strict: true, parameters: SHORT_ARGUMENTS },
    }));

    test.each(['required', { type: 'function', function: { name: 'feed_llama' } }] as const)(
      'calls a function when it has to: %j',
      async (tool_choice) => {
        const { choices } = await chat().create({
          model: MODEL,
          messages,
          tools,
          tool_choice,
          parallel_tool_calls: false,
          temperature: 1.5,
          seed: 5,
        });
        const { finish_reason, message } = choices[0]!;
        expect([finish_reason, message.content]).toEqual(['tool_calls', null]);
        expect(message.tool_calls).toHaveLength(1);
        const [call] = message.tool_calls!;
        const { name, arguments: text } = (call as { function: { name: string; arguments: string } })
          .function;
        expect(
          tool_choice === 'required' ? tools.map((tool) => tool.function.name) : ['feed_llama'],
        ).toContain(name);
        expect(SHORT.safeParse(JSON.parse(text)).error).toBeUndefined();
      },
    );

    test('calls none when it must not', async () => {
      const { choices } = await chat().create({
        model: MODEL,
        messages,
        tools,
        tool_choice: 'none',
        max_tokens: 8,
      });
      expect(choices[0]!.message.tool_calls).toBeUndefined();
      expect(choices[0]!.message.content).toMatch(/\w/);
    });

    test('streams JSON that parses', async () => {
      const stream = chat().stream({
        model: MODEL,
        messages,
        response_format: zodResponseFormat(SHORT_LLAMA, 'llama'),
        temperature: 1,
        seed: 4,
      });
      const content = (await stream.finalContent())!;
      expect(SHORT_LLAMA.safeParse(JSON.parse(content)).success).toBe(true);
    });
  });
}
