/**
 * The clients that people point at an OpenAI or Llama Stack server, as published, against each door over real HTTP. A
 * recital says what the test has written; where the words do not matter, the default model speaks.
 */
import { afterAll, beforeAll } from 'vitest';
import type { DoorOptions } from '../support/door-options.ts';
import { aiSdk } from './clients/ai-sdk.ts';
import { defaultModel } from './clients/default-model.ts';
import { langChain } from './clients/langchain.ts';
import { llamaStackClient } from './clients/llama-stack.ts';
import { openAiClient } from './clients/openai.ts';
import type { Door } from './contract.ts';

export function clients(open: (options: DoorOptions) => Promise<Door>): void {
  let door: Door;
  beforeAll(async () => {
    door = await open({ recital: true });
  });
  afterAll(() => door[Symbol.asyncDispose]());

  for (const client of [openAiClient, aiSdk, langChain, llamaStackClient]) client(() => door);
  defaultModel(() => open({}));
}
