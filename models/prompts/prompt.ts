import type { Segment } from '../tokenizer/segment.ts';

/** One turn of a conversation, as text. */
export interface Message {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly content: string;
}

export interface PromptOptions {
  /** "26 Jul 2024": Llama 3.2's template prints today's date. Handed in, never read from a clock here. */
  readonly date: string;
}

/** Words a conversation the way a model was trained to read it, up to where the assistant speaks. */
export type PromptTemplate = (messages: readonly Message[], options: PromptOptions) => Segment[];
