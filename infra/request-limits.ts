/** How large a request may be: what the gateway lets pass, the servers behind it take. */
import type { Site } from './site.ts';

/** The gateway names a server's model in place of the client's, which may be longer. */
const RENAMED_BYTES = 2 ** 16;
const MOST_BYTES = 2 ** 30; // CRIA_MAX_BODY's

/** The gateway's variables: what can be told without a tokenizer. */
export function gatewayLimits({ gateway: { limits } }: Site): Record<string, string> {
  return {
    CRIA_MAX_BODY: String(limits.body),
    CRIA_TIMEOUT: String(limits.timeoutSeconds),
    ...given('CRIA_MAX_MESSAGES', limits.messages),
    ...given('CRIA_MAX_IMAGES', limits.images),
    ...given('CRIA_LIMIT_REQUESTS', limits.requestsPerMinute),
    ...given('CRIA_LIMIT_TOKENS', limits.tokensPerMinute),
    ...given('CRIA_LIMIT_CONCURRENCY', limits.concurrency),
  };
}

/** Those of each server of ours behind it. */
export function serverLimits({ gateway: { limits } }: Site): Record<string, string> {
  return {
    CRIA_MAX_BODY: String(Math.min(limits.body + RENAMED_BYTES, MOST_BYTES)),
    CRIA_MAX_TEXT: String(limits.text ?? limits.body),
    ...given('CRIA_MAX_MESSAGES', limits.messages),
    ...given('CRIA_MAX_TOKENS', limits.replyTokens),
  };
}

const given = (name: string, value: number | undefined): Record<string, string> =>
  value === undefined ? {} : { [name]: String(value) };
