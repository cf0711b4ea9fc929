/**
 * What a door loads in place of engine/guard/model-guard.ts when a test must know what the guard will say. It is the real
 * one, over a Llama without arithmetic: of what has `#17` in it, it says what the 17th case says; a reply with BAD in it is
 * unsafe; all else is safe.
 */
import type { Guard } from '../../engine/guard/guard.ts';
import type { ModelGuardParts } from '../../engine/guard/model-guard.ts';
import { GUARD_CASES } from './guard-cases.ts';
import { type Opine, opinionGuard } from './opinion-guard.ts';
import { smallGuardTokenizer } from './small-guard-tokenizer.ts';

const opine: Opine = (prompt) => {
  const [, number] = /#(\d+)/.exec(prompt) ?? [];
  if (number !== undefined) return GUARD_CASES[Number(number)]!.opinion;
  const [, reply = ''] = /\n\nAgent: (.*)<END CONVERSATION>/s.exec(prompt) ?? [];
  return { answer: reply.includes('BAD') ? 'unsafe\nS9' : 'safe' };
};

export function createModelGuard({ manifest, pause }: ModelGuardParts): Guard {
  const info = { id: manifest.id, ownedBy: manifest.id.split('/')[0]! };
  return opinionGuard(smallGuardTokenizer(), opine, {
    info,
    pause,
    limits: { windowTokens: 4096, waiting: 256 },
  }).guard;
}
