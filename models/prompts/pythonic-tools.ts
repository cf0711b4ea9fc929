import { jsonMembers, pythonLiteral } from './json-text.ts';
import type { Tool, ToolCall } from './prompt.ts';

/** What Python takes for the name of an argument. */
export const KEYWORD = /^[\p{L}_][\p{L}\p{N}_]*$/u;

const HOW = `You are an expert in composing functions. You are given a question and a set of possible functions.
Based on the question, you will need to make one or more function/tool calls to achieve the purpose.
If none of the function can be used, point it out. If the given question lacks the parameters required by the function,
also point it out. You should only return the function call in tools call sections.

If you decide to invoke any of the function(s), you MUST put it in the format of [func_name1(params_name1=params_value1, params_name2=params_value2...), func_name2(params)]
You SHOULD NOT include any other text in the response.

Here is a list of functions in JSON format that you can invoke.

`;

/**
 * Tools, and how to call them, in Meta's words. An object of arguments is a `dict` there.
 *
 * Source   meta-llama/llama-models, models/llama3_2/text_prompt_format.md
 */
export function describeAsPythonic(tools: readonly Tool[]): string {
  const functions = tools.map(({ name, description, parameters = { properties: {} } }) => ({
    name,
    description,
    parameters: { ...parameters, type: 'dict' },
  }));
  return HOW + JSON.stringify(functions.map(typeFirst), null, 4);
}

/** `[get_weather(city="Rome", days=2), get_time()]` */
export function pythonicCalls(calls: readonly ToolCall[]): string {
  return `[${calls.map(pythonicCall).join(', ')}]`;
}

/** Keys that are no names to Python go in as a dict; arguments that are no JSON object, as they stand. */
function pythonicCall(call: ToolCall): string {
  const members = jsonMembers(call.arguments);
  if (members === undefined) return `${call.name}(${call.arguments})`;
  const written = members.every(([key]) => KEYWORD.test(key))
    ? members.map(([key, value]) => `${key}=${pythonLiteral(value)}`).join(', ')
    : `**${pythonLiteral(call.arguments)}`;
  return `${call.name}(${written})`;
}

function typeFirst<T extends { parameters: { type: string } }>({ parameters, ...rest }: T) {
  const { type, ...others } = parameters;
  return { ...rest, parameters: { type, ...others } };
}
