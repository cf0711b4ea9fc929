import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { APICallError, embed, generateObject, generateText, isStepCount, Output, streamText, tool } from 'ai';
import { describe, expect, test } from 'vitest';
import type { Door } from '../contract.ts';
import {
  asksForWeather,
  CITY,
  clientOptions,
  HEARD,
  JANE,
  LLAMA,
  MODEL,
  saysJane,
  weather,
} from './scenes.ts';

export function aiSdk(door: () => Door): void {
  describe('@ai-sdk/openai-compatible', () => {
    const provider = () =>
      createOpenAICompatible({
        name: 'cria',
        ...clientOptions(door()),
        includeUsage: true,
        supportsStructuredOutputs: true,
      });
    const model = () => provider()(MODEL);
    const tools = {
      get_weather: tool({ inputSchema: CITY, execute: async (asked) => weather(asked) }),
    };

    test('generateText', async () => {
      const { text, finishReason, usage } = await generateText({ model: model(), prompt: 'It is 7.' });
      expect([text, finishReason]).toEqual(['It is 7.', 'stop']);
      expect(usage.outputTokens).toBe(8);
    });

    test('streamText', async () => {
      const { textStream, finishReason, usage } = streamText({ model: model(), prompt: 'a b c' });
      let text = '';
      for await (const piece of textStream) text += piece;
      expect(text).toBe('a b c');
      expect(await finishReason).toBe('stop');
      expect((await usage).outputTokens).toBe(5);
    });

    test('generateText with a tool takes two steps', async () => {
      const { text, steps } = await generateText({
        model: model(),
        messages: asksForWeather,
        tools,
        stopWhen: isStepCount(2),
      });
      expect(text).toBe(HEARD);
      expect(steps[0]!.toolCalls).toMatchObject([{ toolName: 'get_weather', input: { city: 'Paris' } }]);
    });

    test('streamText with a tool', async () => {
      const { fullStream } = streamText({
        model: model(),
        messages: asksForWeather,
        tools,
        stopWhen: isStepCount(2),
      });
      const types = new Set<string>();
      let text = '';
      for await (const part of fullStream) {
        types.add(part.type);
        if (part.type === 'text-delta') text += part.text;
      }
      expect(text).toBe(HEARD);
      for (const type of ['tool-input-start', 'tool-input-delta', 'tool-call', 'tool-result'])
        expect(types).toContain(type);
    });

    test('generateObject', async () => {
      const { object } = await generateObject({ model: model(), schema: LLAMA, messages: saysJane });
      expect(object).toEqual(JANE);
    });

    test('generateText with an output', async () => {
      const { output } = await generateText({
        model: model(),
        output: Output.object({ schema: LLAMA }),
        messages: saysJane,
      });
      expect(output).toEqual(JANE);
    });

    test('embed', async () => {
      const { embedding } = await embed({ model: provider().embeddingModel(MODEL), value: 'ab' });
      expect(Math.hypot(...embedding)).toBeCloseTo(1, 5);
    });

    test('an error has the message that says why', async () => {
      const refused = generateText({ model: model(), prompt: 'x', temperature: 9, maxRetries: 0 });
      await expect(refused).rejects.toThrow(APICallError);
      await expect(refused).rejects.toThrow(/temperature.*<=2/);
    });
  });
}
