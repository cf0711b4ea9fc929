import type { Segment } from '../tokenizer/segment.ts';
import type { Message, PromptTemplate } from './prompt.ts';

/** What Python's str.strip() strips: White_Space, and four separators of ASCII that JavaScript keeps. */
const SPACE = '[\\t-\\r\\x1c- \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const LEADING = new RegExp(`^${SPACE}+`);
const SPACE_AT_START = new RegExp(`^${SPACE}`);

/**
 * Llama 3.1, 3.2 and 3.3 instruct: a system turn always, with the two dates; contents stripped; what a tool
 * says as JSON, from `ipython`.
 *
 * Source   meta-llama/Llama-3.2-3B-Instruct, tokenizer_config.json, chat_template, without tools
 */
export const llama3Prompt: PromptTemplate = (messages, { date }) => {
  const [first, ...others] = messages;
  const hasSystem = first?.role === 'system';
  const system = hasSystem ? strip(first.content) : '';
  const turns = hasSystem ? others : messages;

  return [
    { control: '<|begin_of_text|>' },
    ...header('system'),
    { text: `Cutting Knowledge Date: December 2023\nToday Date: ${date}\n\n${system}` },
    { control: '<|eot_id|>' },
    ...turns.flatMap(turn),
    ...header('assistant'),
  ];
};

function turn({ role, content }: Message): Segment[] {
  const isTool = role === 'tool';
  return [
    ...header(isTool ? 'ipython' : role),
    { text: isTool ? JSON.stringify(content) : strip(content) },
    { control: '<|eot_id|>' },
  ];
}

function header(role: string): Segment[] {
  return [
    { control: '<|start_header_id|>' },
    { text: role },
    { control: '<|end_header_id|>' },
    { text: '\n\n' },
  ];
}

function strip(text: string): string {
  const start = LEADING.exec(text)?.[0].length ?? 0;
  let end = text.length;
  while (end > start && SPACE_AT_START.test(text[end - 1]!)) end--; // /\s+$/ is quadratic on runs of spaces
  return text.slice(start, end);
}
