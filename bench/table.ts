/** One engine on one model. */
export interface Result {
  readonly model: string;
  readonly engine: string;
  readonly loadMs: number;
  readonly peakMiB: number;
  readonly tasks: readonly {
    readonly name: string;
    readonly tokensPerSecond: number;
    readonly least: number;
    readonly most: number;
    /** Against the first engine, round by round. */
    readonly ratio: number;
  }[];
}

/** Results as a markdown table a model, worse numbers included. */
export function table(results: readonly Result[], machine: string, rounds: number): string {
  const sections = [...new Set(results.map(({ model }) => model))].map((model) => {
    const rows = results.filter((result) => result.model === model);
    const heads = ['engine', ...rows[0]!.tasks.map(({ name }) => `${name}, tokens/s`), 'load', 'peak memory'];
    const lines = rows.map(({ engine, tasks, loadMs, peakMiB }) => [
      engine,
      ...tasks.map(
        ({ tokensPerSecond: value, least, most, ratio }) =>
          `${value.toFixed(1)} (${least.toFixed(1)} to ${most.toFixed(1)}), **${ratio.toFixed(2)}x**`,
      ),
      `${(loadMs / 1000).toFixed(1)} s`,
      `${peakMiB} MiB`,
    ]);
    const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
    return [`## ${model}`, '', row(heads), row(heads.map(() => '---')), ...lines.map(row), ''].join('\n');
  });
  const how = `${machine}. Medians of ${rounds} alternating rounds (least to most); **x** is the median ratio to llama.cpp in the same round.`;
  return ['# Tokens per second, one thread', '', how, '', ...sections].join('\n');
}
