import type { Segment } from '../tokenizer/segment.ts';
import { describeAsJson, jsonCalls } from './json-tools.ts';
import type { Message, PromptTemplate, ToolCall } from './prompt.ts';
import { describeAsPythonic, pythonicCalls } from './pythonic-tools.ts';
import { strip } from './strip.ts';
import type { ToolFormat } from './tool-format.ts';
import { withCalls } from './with-calls.ts';

/** A tool of this name is the model's own: it needs no description, and is called by writing its code. */
const CODE_INTERPRETER = 'code_interpreter';

/**
 * Llama 3.1, 3.2 and 3.3 instruct: a system turn always, with the two dates; contents stripped; what a tool
 * says as JSON, from `ipython`. Tools as in Meta's document of the format.
 *
 * Source   meta-llama/Llama-3.2-3B-Instruct, tokenizer_config.json, chat_template, without tools;
 *          meta-llama/llama-models, models/llama3_2/text_prompt_format.md, with tools
 */
export const llama3Prompt: PromptTemplate = (messages, { date, tools = [] }) => {
  const { system, turns } = withoutSystem(messages);
  const code = tools.some(({ name }) => name === CODE_INTERPRETER);
  const described = tools.filter(({ name }) => name !== CODE_INTERPRETER);
  const paragraphs = [
    ...(code ? [`Environment: ipython\n\n${dates(date)}`] : []),
    ...(described.length > 0 ? [describeAsPythonic(described)] : []),
    system,
  ];
  const opening = tools.length > 0 ? paragraphs.filter(Boolean).join('\n') : `${dates(date)}\n${system}`;
  return wordTurns(opening, turns, 'pythonic');
};

/**
 * As `llama3Prompt`, with tools as in the chat template on Hugging Face: before the first words of the user, or in the
 * system turn when the user does not speak first.
 *
 * Source   meta-llama/Llama-3.2-3B-Instruct, tokenizer_config.json, chat_template
 */
export const llama3JsonPrompt: PromptTemplate = (messages, { date, tools = [] }) => {
  const { system, turns } = withoutSystem(messages);
  const [first, ...others] = turns;
  const hasTools = tools.length > 0;
  const byUser = hasTools && first?.role === 'user';

  const environment = hasTools ? 'Environment: ipython\n' : '';
  const bySystem = hasTools && !byUser ? describeAsJson(tools, 'system') : '';
  const asked = byUser
    ? [{ ...first, content: describeAsJson(tools, 'user') + strip(first.content) }, ...others]
    : turns;
  return wordTurns(`${environment}${dates(date)}\n${bySystem}${system}`, asked, 'json');
};

const dates = (date: string) => `Cutting Knowledge Date: December 2023\nToday Date: ${date}\n`;

function withoutSystem(messages: readonly Message[]) {
  const [first, ...others] = messages;
  return first?.role === 'system'
    ? { system: strip(first.content), turns: others }
    : { system: '', turns: messages };
}

function wordTurns(system: string, turns: readonly Message[], format: ToolFormat): Segment[] {
  return [
    { control: '<|begin_of_text|>' },
    ...header('system'),
    { text: system },
    { control: '<|eot_id|>' },
    ...turns.flatMap((message) => turn(message, format)),
    ...header('assistant'),
  ];
}

function turn({ role, content, toolCalls = [] }: Message, format: ToolFormat): Segment[] {
  if (role === 'tool')
    return [...header('ipython'), { text: JSON.stringify(content) }, { control: '<|eot_id|>' }];

  const [first, ...others] = toolCalls;
  const code = format === 'pythonic' && others.length === 0 && first ? codeOf(first) : undefined;
  if (code !== undefined)
    return [
      ...header(role),
      { text: strip(content) },
      { control: '<|python_tag|>' },
      { text: code },
      { control: '<|eom_id|>' },
    ];

  const none = toolCalls.length === 0;
  const calls = none ? '' : format === 'pythonic' ? pythonicCalls(toolCalls) : jsonCalls(toolCalls);
  return [...header(role), { text: withCalls(strip(content), calls) }, { control: '<|eot_id|>' }];
}

/** The code of a call of the code interpreter, which is written as it is. */
function codeOf({ name, arguments: json }: ToolCall): string | undefined {
  if (name !== CODE_INTERPRETER) return undefined;
  try {
    const { code } = JSON.parse(json) as { code?: unknown };
    return typeof code === 'string' ? code : undefined;
  } catch {
    return undefined;
  }
}

function header(role: string): Segment[] {
  return [
    { control: '<|start_header_id|>' },
    { text: role },
    { control: '<|end_header_id|>' },
    { text: '\n\n' },
  ];
}
