import { spacedJson } from './json-text.ts';
import { asOpenAi, jsonCall } from './json-tools.ts';
import type { Tool, ToolCall } from './prompt.ts';

/**
 * Tools, and how to call them, behind the words of the system.
 *
 * Source   Qwen/Qwen2.5-0.5B-Instruct, tokenizer_config.json, chat_template, with single braces around the example
 */
export function describeAsHermes(tools: readonly Tool[]): string {
  const described = tools.map((tool) => `\n${spacedJson(JSON.stringify(asOpenAi(tool)))}`).join('');
  return (
    '\n\n# Tools\n\nYou may call one or more functions to assist with the user query.\n\n' +
    `You are provided with function signatures within <tools></tools> XML tags:\n<tools>${described}\n</tools>\n\n` +
    'For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML ' +
    'tags:\n<tool_call>\n{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call>'
  );
}

/** `<tool_call>`, a JSON object and `</tool_call>`, each on a line of its own. */
export function hermesCalls(calls: readonly ToolCall[]): string {
  return calls.map((call) => `<tool_call>\n${jsonCall(call, 'arguments')}\n</tool_call>`).join('\n');
}
