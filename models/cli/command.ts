import type { Terminal } from './events.ts';

/** What a command may touch of the machine. */
export interface Shell {
  readonly environment: NodeJS.ProcessEnv;
  readonly terminal: Terminal;
  /** Standard output is a terminal, not a file or a pipe. */
  readonly interactive: boolean;
  readonly signal: AbortSignal;
}

export interface Command {
  readonly summary: string; // one line
  readonly help: string;
  /** Throws UsageError when `args` make no sense. */
  run(args: readonly string[], shell: Shell): Promise<void>;
}

/** Aligned columns: text to the left, numbers to the right. */
export function table(rows: readonly (readonly (string | number)[])[]): string {
  const widths =
    rows[0]?.map((_, column) => Math.max(...rows.map((row) => String(row[column]).length))) ?? [];
  const cell = (value: string | number, column: number): string =>
    typeof value === 'number' ? String(value).padStart(widths[column]!) : value.padEnd(widths[column]!);
  return rows.map((row) => `${row.map(cell).join('  ').trimEnd()}\n`).join('');
}
