/**
 * What a door loads in place of engine/model-engine.ts when a test must know what the model will say. The engine is the
 * real one, over a Llama without arithmetic: its n-th turn in a conversation is the n-th line of the first user message,
 * with `{last}` replaced by the text of the turn before it; where that is `{fail}` it throws. A text that is continued ends in '>'.
 */
import type { Engine } from '../../engine/engine.ts';
import { createLocalEngine } from '../../engine/local.ts';
import type { ModelEngineParts } from '../../engine/model-engine.ts';
import type { Message } from '../../models/prompts/prompt.ts';
import { EOS, recite, type Script, scriptedLlama, scriptedTokenizer, VOCAB } from './scripted-llama.ts';

const TURN = '<|user|>';
const CONTINUED = ' and that is all.';
const PREFILL_CHUNK = 48;

export function createModelEngine(parts: ModelEngineParts): Engine {
  const { manifest, settings, nowMs, random, breathe } = parts;
  const tokenizer = scriptedTokenizer();
  const llama = scriptedLlama({ script: recital, contextLength: settings.contextLength });
  return createLocalEngine({
    info: {
      id: manifest.id,
      created: 0,
      ownedBy: 'tests',
      contextLength: settings.contextLength,
      licence: manifest.licence.name,
    },
    llama,
    device: llama.device,
    tokenizer,
    prompt: (messages) => [{ text: JSON.stringify(messages) }, { control: TURN }],
    toolFormat: 'pythonic',
    today: () => '26 Jul 2024',
    nowMs,
    random,
    breathe,
    limits: { ...settings, prefillChunk: PREFILL_CHUNK, stalledMs: 60_000 },
    speculation: false,
  });
}

const turn = scriptedTokenizer().specialId(TURN)!;
const decoder = new TextDecoder();
const continued = recite(CONTINUED);

const recital: Script = (tokens) => {
  const end = tokens.lastIndexOf(turn);
  if (end < 0) return continued(tokens);
  const messages: Message[] = JSON.parse(decoder.decode(Uint8Array.from(tokens.slice(0, end))));
  const bytes = new TextEncoder().encode(nextTurn(messages));
  const logits = new Float32Array(VOCAB).fill(-10);
  logits[bytes[tokens.length - 1 - end] ?? EOS] = 10;
  return logits;
};

function nextTurn(messages: readonly Message[]): string {
  const lines = messages.find(({ role }) => role === 'user')!.content.split('\n');
  const said = messages.filter(({ role }) => role === 'assistant').length;
  if (lines[said] === '{fail}') throw new Error('the device is lost');
  return (lines[said] ?? '').replace('{last}', messages.at(-1)!.content);
}
