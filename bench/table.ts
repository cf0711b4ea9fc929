import type { Machine } from './machine.ts';
import type { Measured } from './rounds.ts';

/** Measured rows as a markdown document, worse numbers included. */
export function table(machine: Machine, measured: readonly Measured[], rounds: number): string {
  const { cpu, cpus, memoryGiB, node, llamaCpp, miniflare, commit, date } = machine;
  return [
    `# Bench of ${date}, commit ${commit}`,
    '',
    `${cpu}, ${cpus} CPUs, ${memoryGiB} GiB · Node ${node} · node-llama-cpp ${llamaCpp} · miniflare ${miniflare}.`,
    `Medians of ${rounds} alternating rounds, least to most in brackets. The ratio is the median of the rounds' own.`,
    '',
    '| row | value | ratio | against | which had |',
    '| --- | ---: | ---: | --- | ---: |',
    ...measured.map(({ row: { name, unit, againstName }, value, least, most, ratio, against }) => {
      const spread = `${short(value)} ${unit} (${short(least)} to ${short(most)})`;
      return `| ${name} | ${spread} | **${ratio.toFixed(2)}** | ${againstName} | ${short(against)} |`;
    }),
    '',
  ].join('\n');
}

const short = (value: number) => value.toFixed(value < 100 ? 1 : 0);
