import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Door } from '../contract.ts';
import { clientOptions, MODEL, SHORT_LLAMA } from './scenes.ts';

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
