import { createToolCallParser } from '../../engine/tool-calls/tool-call-parser.ts';
import type { Tool } from '../../models/prompts/prompt.ts';

/** The calls in a whole reply, and the text beside them. */
export function parsedCalls(tools: readonly Tool[], reply: string) {
  const parser = createToolCallParser({ tools, isParallel: true });
  let text = '';
  const calls: { readonly name: string; json: string }[] = [];
  for (const part of [...parser.push(reply), ...parser.end()])
    if (part.type === 'text') text += part.text;
    else if (part.type === 'tool_call') calls.push({ name: part.name, json: '' });
    else calls[part.index]!.json += part.text;
  return { text, calls };
}
