/**
 * Prompts worded by the Jinja template that a model file carries.
 *
 * The template sees contents with the marks of special tokens masked, `<` and `|` for most, so a control
 * segment is made only where the template itself wrote all of a token's marks. Masking is character for
 * character: the template may strip, slice and measure contents and ask whether they are empty. The tags it
 * looks for by name, such as `</think>`, are not masked.
 */
import { Environment, Interpreter, parse, tokenize } from '@huggingface/jinja';
import { FormatError } from '../errors.ts';
import type { SpecialTokens } from '../tokenizer/bpe-tokenizer.ts';
import type { Segment } from '../tokenizer/segment.ts';
import { joinTexts } from '../tokenizer/segment.ts';
import { ConversationError } from './errors.ts';
import { callObjects, textsOf, toolObjects, toolsInWords } from './jinja-tools.ts';
import { asOpenAi } from './json-tools.ts';
import { createMask, escapePattern } from './mask.ts';
import type { PromptTemplate, Tool } from './prompt.ts';
import { strftime } from './strftime.ts';

type Render = (messages: readonly object[], date: string, tools?: readonly object[]) => string;

type ContentForm = (text: string) => unknown;

const PROBE = 'probe';
const PROBE_DATE = '26 Jul 2024';
const PROBE_TOOL: Tool = {
  name: 'probe_tool',
  description: 'd',
  parameters: { properties: {} },
  strict: false,
};

/**
 * Makes a prompt template of Jinja source. Where the source knows no tools they are described in the system turn, and
 * calls are written as JSON.
 *
 * Throws   FormatError when the source is no template, or one that leaves out what a user says
 *          ConversationError, from the template it returns, when the source refuses a conversation
 */
export function jinjaPrompt(source: string, special: SpecialTokens): PromptTemplate {
  const render = compile(source, special);
  const contentOf = contentForm(render);
  const names = special.names.filter((name) => name !== '');
  const tags = [...new Set(source.match(/<\/?\w+>/g))].filter(
    (tag) => !names.some((name) => name.includes(tag)),
  );
  const longestFirst = [...names].sort((a, b) => b.length - a.length).map(escapePattern);
  const controls = names.length > 0 ? new RegExp(`(${longestFirst.join('|')})`, 'u') : /(?!)/;

  const knowsTools = rendersTools(render, contentOf);

  return (messages, { date, tools = [] }) => {
    const turns = knowsTools ? messages : toolsInWords(messages, tools);
    const mask = createMask(names, [source, ...textsOf(messages, tools)], tags);
    const masked = turns.map(({ role, content, toolCalls = [] }) => ({
      role,
      content: contentOf(mask.hide(content)),
      ...(toolCalls.length > 0 && { tool_calls: callObjects(toolCalls, mask) }),
    }));
    const offered = knowsTools && tools.length > 0 ? toolObjects(tools, mask) : undefined;
    const pieces = tryRender(() => render(masked, date, offered)).split(controls);
    return joinTexts(
      pieces.map((piece, i): Segment => (i % 2 === 1 ? { control: piece } : { text: mask.reveal(piece) })),
    );
  };
}

/** Whether a tool's name shows. Templates without tools leave it out; a few cannot take a tool of another shape. */
function rendersTools(render: Render, contentOf: ContentForm): boolean {
  try {
    const messages = [{ role: 'user', content: contentOf(PROBE) }];
    return render(messages, PROBE_DATE, [asOpenAi(PROBE_TOOL)]).includes(PROBE_TOOL.name);
  } catch {
    return false;
  }
}

/** Templates take a content as a string, or only as a list of parts; which one shows when they are asked. */
function contentForm(render: Render): ContentForm {
  const forms = [(text: string) => text, (text: string) => [{ type: 'text', text }]];
  const problems: string[] = [];
  for (const form of forms) {
    try {
      if (render([{ role: 'user', content: form(PROBE) }], PROBE_DATE).includes(PROBE)) return form;
      problems.push('it leaves out what a user says');
    } catch (error) {
      problems.push(reasonOf(error));
    }
  }
  throw new FormatError('chat template', 0, problems[0]!);
}

function compile(source: string, special: SpecialTokens): Render {
  const program = parseSource(source);
  return (messages, date, tools) => {
    const environment = new Environment();
    const names: Record<string, unknown> = {
      ...{ true: true, false: false, none: null, True: true, False: false, None: null },
      range,
      raise_exception: (message: string) => {
        throw new ConversationError(message);
      },
      strftime_now: (format: string) => strftime(format, date),
      bos_token: special.bos ?? '',
      eos_token: special.eos ?? '',
      date_string: date,
      add_generation_prompt: true,
      messages,
      ...(tools && { tools }),
    };
    for (const [name, value] of Object.entries(names)) environment.set(name, value);
    return String(new Interpreter(environment).run(program).value);
  };
}

function parseSource(source: string): ReturnType<typeof parse> {
  try {
    return parse(tokenize(source, { lstrip_blocks: true, trim_blocks: true }));
  } catch (error) {
    throw new FormatError('chat template', 0, reasonOf(error));
  }
}

function tryRender(render: () => string): string {
  try {
    return render();
  } catch (error) {
    throw error instanceof ConversationError ? error : new ConversationError(reasonOf(error));
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Python's range. */
function range(start: number, stop?: number, step = 1): number[] {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  return Array.from({ length: Math.max(0, Math.ceil((to - from) / step)) }, (_, i) => from + i * step);
}
