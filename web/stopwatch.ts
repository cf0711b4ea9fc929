/** How fast a reply came. */
export interface Figures {
  readonly tokens: number;
  readonly exact: boolean; // false: counted from chunks, the server sent no usage
  readonly firstTokenMs: number; // from the request to the first text
  readonly tokensPerSecond: number | undefined; // after the first token; undefined with fewer than two
}

export interface Stopwatch {
  /** Text came. */
  tick(): void;
  /** Undefined before the first text. `tokens` is the server's own count, once it has told it. */
  read(tokens?: number): Figures | undefined;
}

/** Starts now, by `now` in milliseconds. */
export function startStopwatch(now: () => number): Stopwatch {
  const start = now();
  let first: number | undefined;
  let last = start;
  let chunks = 0;

  return {
    tick() {
      last = now();
      first ??= last;
      chunks++;
    },
    read(tokens) {
      if (first === undefined) return undefined;
      const count = tokens ?? chunks;
      const seconds = (last - first) / 1000;
      return {
        tokens: count,
        exact: tokens !== undefined,
        firstTokenMs: first - start,
        tokensPerSecond: count > 1 && seconds > 0 ? (count - 1) / seconds : undefined,
      };
    },
  };
}

/** One line for under the reply. */
export function wordFigures({ tokens, exact, firstTokenMs, tokensPerSecond }: Figures): string {
  const about = exact ? '' : '≈ ';
  const speed = tokensPerSecond === undefined ? [] : [`${about}${tokensPerSecond.toFixed(1)} tokens/s`];
  const first =
    firstTokenMs < 1000 ? `${Math.round(firstTokenMs)} ms` : `${(firstTokenMs / 1000).toFixed(1)} s`;
  const count = `${about}${tokens} ${tokens === 1 ? 'token' : 'tokens'}`;
  return [...speed, `first token ${first}`, count].join(' · ');
}
