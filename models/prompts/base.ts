import type { Segment } from '../tokenizer/segment.ts';
import type { PromptTemplate } from './prompt.ts';

/** A model that was not taught turns: the contents as one text to go on with, a blank line between them. */
export function basePrompt(bos?: string): PromptTemplate {
  const start: Segment[] = bos === undefined ? [] : [{ control: bos }];
  return (messages) => [...start, { text: messages.map(({ content }) => content).join('\n\n') }];
}
