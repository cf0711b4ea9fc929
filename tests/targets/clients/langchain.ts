import { HumanMessage, SystemMessage, type ToolMessage } from '@langchain/core/messages';
import { tool as langChainTool } from '@langchain/core/tools';
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
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

export function langChain(door: () => Door): void {
  describe('@langchain/openai', () => {
    const model = (fields: object = {}) =>
      new ChatOpenAI({
        model: MODEL,
        apiKey: 'none',
        maxRetries: 0,
        configuration: clientOptions(door()),
        ...fields,
      });

    test('invoke', async () => {
      const reply = await model().invoke([new SystemMessage('Be brief.'), new HumanMessage('Yes.')]);
      expect(reply.content).toBe('Yes.');
      expect(reply.usage_metadata).toMatchObject({ output_tokens: 4 });
      expect(reply.response_metadata.finish_reason).toBe('stop');
    });

    test('bindTools', async () => {
      const getWeather = langChainTool(async (asked) => weather(asked), {
        name: 'get_weather',
        description: 'The weather of a city.',
        schema: CITY,
      });
      const bound = model().bindTools([getWeather]);
      const asked = new HumanMessage(asksForWeather[0]!.content);
      const reply = await bound.invoke([asked]);
      expect(reply.tool_calls).toMatchObject([{ name: 'get_weather', args: { city: 'Paris' } }]);

      const result: ToolMessage = await getWeather.invoke(reply.tool_calls![0]!);
      expect((await bound.invoke([asked, reply, result])).content).toBe(HEARD);
    });

    test('withStructuredOutput', async () => {
      const structured = model().withStructuredOutput(LLAMA, { method: 'jsonSchema' });
      expect(await structured.invoke(saysJane[0]!.content)).toEqual(JANE);
    });

    test('embeddings', async () => {
      const embeddings = new OpenAIEmbeddings({
        model: MODEL,
        apiKey: 'none',
        configuration: clientOptions(door()),
      });
      expect(await embeddings.embedDocuments(['ab', 'cd'])).toHaveLength(2);
    });

    test('stream', async () => {
      let text = '';
      for await (const { content } of await model().stream('a b c')) text += content;
      expect(text).toBe('a b c');
    });
  });
}
