import type { Finding } from './finding.ts';

const TITLES: Readonly<Record<Finding['about'], string>> = {
  machine: 'This machine',
  settings: 'Settings',
  site: 'The site',
  models: 'Models',
};
const MARKS: Readonly<Record<Finding['level'], string>> = {
  ok: 'ok',
  warning: 'warning',
  problem: 'PROBLEM',
};
const INDENT = 2 + 'PROBLEM'.length + 2;

/** Findings for a terminal of so many columns: what was looked at, and below it what to do. */
export function printFindings(findings: readonly Finding[], columns: number): string {
  const groups = Map.groupBy(findings, ({ about }) => about);
  return [...groups]
    .map(([about, all]) => `${TITLES[about]}\n${all.map((one) => printOne(one, columns)).join('')}`)
    .join('\n');
}

function printOne({ level, what, advice }: Finding, columns: number): string {
  const width = Math.max(40, columns) - INDENT;
  const [first, ...rest] = [...wrap(what, width), ...(advice ? wrap(`-> ${advice}`, width) : [])];
  const lines = [
    `  ${MARKS[level].padEnd(INDENT - 2)}${first}`,
    ...rest.map((line) => ' '.repeat(INDENT) + line),
  ];
  return `${lines.join('\n')}\n`;
}

/** Lines of at most so many characters; a longer word has one for itself. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
