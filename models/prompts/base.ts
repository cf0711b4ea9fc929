import type { Segment } from '../tokenizer/segment.ts';
import { describeAsJson, jsonCalls } from './json-tools.ts';
import type { PromptTemplate } from './prompt.ts';
import { withCalls } from './with-calls.ts';

/** A model that was not taught turns: the contents as one text to go on with, a blank line between them. */
export function basePrompt(bos?: string): PromptTemplate {
  const start: Segment[] = bos === undefined ? [] : [{ control: bos }];
  return (messages, { tools = [] }) => {
    const described = tools.length > 0 ? describeAsJson(tools, 'system') : '';
    const contents = messages.map(({ content, toolCalls = [] }) => withCalls(content, jsonCalls(toolCalls)));
    return [...start, { text: described + contents.join('\n\n') }];
  };
}
