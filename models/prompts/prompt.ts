import type { Segment } from '../tokenizer/segment.ts';

/** A JSON Schema, as a client wrote it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A function the model may call. */
export interface Tool {
  readonly name: string;
  readonly description?: string;
  /** Of its arguments, as one object. Absent: it takes none. */
  readonly parameters?: JsonSchema;
  /** Whether a call's arguments must follow `parameters` to the letter. */
  readonly strict: boolean;
}

/** A call the assistant has made. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON text. A client may send back anything; what is no JSON object is shown to the model as it stands. */
  readonly arguments: string;
}

/** One turn of a conversation, as text. */
export interface Message {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly content: string;
  /** Of an assistant. */
  readonly toolCalls?: readonly ToolCall[];
}

export interface PromptOptions {
  /** "26 Jul 2024": Llama 3.2's template prints today's date. Handed in, never read from a clock here. */
  readonly date: string;
  /** What the model may call in its reply. */
  readonly tools?: readonly Tool[];
}

/** Words a conversation the way a model was trained to read it, up to where the assistant speaks. */
export type PromptTemplate = (messages: readonly Message[], options: PromptOptions) => Segment[];
