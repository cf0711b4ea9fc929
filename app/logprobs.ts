// Logprobs as OpenAI writes them. A token that is no whole characters is spelt in bytes, and a special one by its name.
import type { LikelyToken, SpelledToken, TokenLogprob } from '../engine/engine.ts';
import type { ChatLogprobs, ResponseLogprobs, TextLogprobs } from './schemas/logprobs.ts';

const LEAST = -9999; // OpenAI's for what is all but impossible; JSON has no infinity

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function toChatLogprobs(tokens: readonly TokenLogprob[]): ChatLogprobs {
  const describe = ({ logprob, ...token }: LikelyToken) => ({
    token: spell(token, ''),
    logprob: Math.max(logprob, LEAST),
    bytes: token.special === undefined ? [...token.bytes] : null,
  });
  const content = tokens.map(({ top, logprob, ...token }) => ({
    ...describe({ ...token, logprob: logprob ?? LEAST }), // null is of an echoed prompt, which a chat has not
    top_logprobs: top.map(describe),
  }));
  return { content, refusal: null };
}

/** The same as /v1/responses has them. */
export function toResponseLogprobs(tokens: readonly TokenLogprob[]): ResponseLogprobs {
  return toChatLogprobs(tokens).content.map(({ top_logprobs: top, ...token }) => ({
    ...token,
    bytes: token.bytes ?? [],
    top_logprobs: top.map((likely) => ({ ...likely, bytes: likely.bytes ?? [] })),
  }));
}

/** Beside each token stand the likeliest in its place, and itself when it is none of them. */
export function toTextLogprobs(tokens: readonly TokenLogprob[]): TextLogprobs {
  const spelt = (token: SpelledToken) => spell(token, 'bytes:');
  return {
    tokens: tokens.map(spelt),
    token_logprobs: tokens.map(({ logprob }) => logprob && Math.max(logprob, LEAST)),
    top_logprobs: tokens.map(({ top, logprob, ...token }) => {
      if (logprob === null) return null;
      const all = [...top, { ...token, logprob }];
      return Object.fromEntries(all.map((likely) => [spelt(likely), Math.max(likely.logprob, LEAST)]));
    }),
    text_offset: tokens.map(({ start }) => start),
  };
}

/** A token as text; where it is none, its bytes as `\xf0\x9f`, after `mark`. */
function spell({ bytes, special }: SpelledToken, mark: string): string {
  if (special !== undefined) return special;
  try {
    return utf8.decode(bytes);
  } catch {
    return mark + Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
  }
}
