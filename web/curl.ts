import type { ChatBody } from './conversation.ts';

/** The request as a command for a POSIX shell. A quote inside the JSON cannot end the argument. */
export function curlCommand(origin: string, body: ChatBody): string {
  const json = JSON.stringify(body, undefined, 2).replaceAll("'", `'\\''`);
  return [
    `curl -N ${origin}/v1/chat/completions \\`,
    `  -H 'content-type: application/json' \\`,
    `  -d '${json}'`,
  ].join('\n');
}
