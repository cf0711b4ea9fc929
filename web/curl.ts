import { key } from './key.ts';

/** A request of the page's. */
export interface Asked {
  readonly path: string;
  readonly body: object;
}

/**
 * The request as a command for a POSIX shell. A quote inside the JSON cannot end the argument, and where a key is in
 * use the command takes it from the environment: what is copied around must not hold it.
 */
export function curlCommand(origin: string, { path, body }: Asked, withKey = key() !== ''): string {
  const json = JSON.stringify(body, undefined, 2).replaceAll("'", `'\\''`);
  return [
    `curl -N ${origin}${path} \\`,
    ...(withKey ? [`  -H "authorization: Bearer $CRIA_KEY" \\`] : []),
    `  -H 'content-type: application/json' \\`,
    `  -d '${json}'`,
  ].join('\n');
}
