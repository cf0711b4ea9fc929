import { jsonMembers, spacedJson } from './json-text.ts';
import type { Tool, ToolCall } from './prompt.ts';

const FORMAT =
  'Respond in the format {"name": function name, "parameters": dictionary of argument name and its value}.Do not use variables.\n\n';

const OPENINGS = {
  system:
    'You have access to the following functions. To call a function, please respond with JSON for a function call.',
  user: 'Given the following functions, please respond with a JSON for a function call with its proper arguments that best answers the given prompt.\n\n',
};

/**
 * Tools, and how to call them, before the words of the user or of the system; the missing spaces are the template's.
 *
 * Source   meta-llama/Llama-3.2-3B-Instruct, tokenizer_config.json, chat_template
 */
export function describeAsJson(tools: readonly Tool[], where: 'system' | 'user'): string {
  const described = tools.map((tool) => `${JSON.stringify(asOpenAi(tool), null, 4)}\n\n`);
  return OPENINGS[where] + FORMAT + described.join('');
}

/** `{"name": "get_weather", "parameters": {"city": "Rome"}}`; several are parted by a semicolon. */
export function jsonCalls(calls: readonly ToolCall[]): string {
  return calls.map((call) => jsonCall(call, 'parameters')).join('; ');
}

/** A call as JSON; arguments that are no JSON object as a string. */
export function jsonCall(call: ToolCall, key: 'parameters' | 'arguments'): string {
  const isObject = jsonMembers(call.arguments) !== undefined;
  const written = isObject ? spacedJson(call.arguments) : JSON.stringify(call.arguments);
  return `{"name": ${JSON.stringify(call.name)}, "${key}": ${written}}`;
}

/** A tool as clients send it, and templates expect it. */
export function asOpenAi({ strict: _, ...described }: Tool): object {
  return { type: 'function', function: described };
}
