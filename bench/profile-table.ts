import type { Limits } from './limits.ts';
import type { Profile } from './profile.ts';

/** A profile as a markdown table. */
export function profileTable(
  title: string,
  { tokens, ms, ops }: Profile,
  { readGBps, int8GMACps }: Limits,
): string {
  const rest = ms - ops.reduce((sum, op) => sum + op.ms, 0);
  const row = (...cells: (string | number)[]) => `| ${cells.join(' | ')} |`;
  const share = (part: number) =>
    [`${((100 * part) / ms).toFixed(1)} %`, (part / tokens).toFixed(3)] as const;
  const rate = (amount: number, part: number) => (amount === 0 ? '' : (amount / part / 1e6).toFixed(1));
  return [
    `## ${title}`,
    '',
    `${((1000 * tokens) / ms).toFixed(1)} tokens/s, ${(ms / tokens).toFixed(2)} ms a token.`,
    '',
    row('op', 'share', 'ms a token', 'calls a token', 'GB/s', 'GMAC/s'),
    row('---', '---:', '---:', '---:', '---:', '---:'),
    ...ops.map((op) =>
      row(
        op.op,
        ...share(op.ms),
        +(op.calls / tokens).toFixed(2),
        rate(op.bytes, op.ms),
        rate(op.macs, op.ms),
      ),
    ),
    row('between the ops', ...share(rest), '', '', ''),
    row('**one thread can**', '', '', '', readGBps.toFixed(1), int8GMACps.toFixed(1)),
    '',
  ].join('\n');
}
