import { ConversationError } from './errors.ts';
import { jsonDepth } from './json-text.ts';
import { asOpenAi, describeAsJson, jsonCalls } from './json-tools.ts';
import type { Mask } from './mask.ts';
import type { JsonSchema, Message, Tool, ToolCall } from './prompt.ts';
import { withCalls } from './with-calls.ts';

const MAX_DEPTH = 100; // of arguments: templates walk them with a stack

/** For a template that knows no tools: they are described in the system turn, and calls are written as JSON. */
export function toolsInWords(messages: readonly Message[], tools: readonly Tool[]): readonly Message[] {
  const spoken = messages.map(
    ({ role, content, toolCalls = [] }): Message => ({
      role,
      content: withCalls(content, jsonCalls(toolCalls)),
    }),
  );
  if (tools.length === 0) return spoken;

  const [first, ...others] = spoken;
  const described = describeAsJson(tools, 'system');
  return first?.role === 'system'
    ? [{ role: 'system', content: described + first.content }, ...others]
    : [{ role: 'system', content: described.trimEnd() }, ...spoken];
}

/** All texts that a mask has to keep clear of. */
export function textsOf(messages: readonly Message[], tools: readonly Tool[]): string[] {
  const calls = messages.flatMap(({ toolCalls = [] }) => toolCalls);
  return [
    ...messages.map(({ content }) => content),
    ...calls.map((call) => call.name + JSON.stringify(argumentsOf(call))), // escapes are characters now
    JSON.stringify(tools),
  ];
}

/** Calls as templates take them. */
export function callObjects(calls: readonly ToolCall[], mask: Mask): readonly object[] {
  return calls.map((call) => ({
    id: call.id,
    type: 'function',
    function: { name: mask.hide(call.name), arguments: hidden(argumentsOf(call), mask) },
  }));
}

/** Tools as templates take them. */
export function toolObjects(tools: readonly Tool[], mask: Mask): readonly object[] {
  return tools.map((tool) => {
    const { name, description, parameters } = tool;
    return asOpenAi({
      ...tool,
      name: mask.hide(name),
      ...(description !== undefined && { description: mask.hide(description) }),
      ...(parameters !== undefined && { parameters: hidden(parameters, mask) as JsonSchema }),
    });
  });
}

/** The same value with every text in it hidden. */
function hidden(value: unknown, mask: Mask): unknown {
  if (typeof value === 'string') return mask.hide(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => hidden(item, mask));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [mask.hide(key), hidden(item, mask)]));
}

/** An object, as templates want it; what is no JSON stays text. Throws ConversationError when it lies too deep. */
function argumentsOf({ arguments: json }: ToolCall): object | string {
  if (jsonDepth(json) > MAX_DEPTH)
    throw new ConversationError(`the arguments of a tool call are nested deeper than ${MAX_DEPTH}`);
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? value : json;
  } catch {
    return json;
  }
}
