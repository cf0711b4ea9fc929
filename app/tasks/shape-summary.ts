import type { SummaryRequest } from '../schemas/tasks.ts';
import { type Ending, wholeText } from './said-text.ts';

type Said = AsyncGenerator<string, Ending>;

/** A summary in the style that was asked for, whatever marks the model makes for it. A paragraph stays as it is. */
export function shapeSummary(said: Said, style: SummaryRequest['style']): Said {
  if (style === 'headline') return headline(said);
  return style === 'bullets' ? bullets(said) : said;
}

const MARK = /^\s*(?:[-*\u2022\u2023\u2013]|\d{1,2}[.)])\s+|^\s+/;

/** One point a line, each behind `- `. A line is let go when it is whole. */
async function* bullets(said: Said): Said {
  let line = '';
  let count = 0;
  const point = (line: string) => {
    const text = line.replace(MARK, '').trimEnd();
    return text === '' ? '' : `${count++ === 0 ? '' : '\n'}- ${text}`;
  };
  for (;;) {
    const { done, value } = await said.next();
    const lines = done ? [line, ''] : (line + value).split('\n');
    line = lines.pop()!;
    const text = lines.map(point).join('');
    if (text !== '') yield text;
    if (done) return value;
  }
}

/** The first line, less the marks of a heading and quotes around it. */
async function* headline(said: Said): Said {
  const { text, ending } = await wholeText(said);
  const [first = '', ...others] = text.split('\n');
  const line = first
    .replace(/^[#\s]+/, '')
    .replace(/^(["\u201c'*]+)(.+?)(["\u201d'*]+)$/, '$2')
    .trim();
  if (line !== '') yield line;
  return others.length > 0 ? 'completed' : ending;
}
