import type { Tool } from '../../models/prompts/prompt.ts';
import type { Part } from '../engine.ts';
import type { JsonSink } from './json-sink.ts';

/** What a reply is made of, as far as the parser knows. */
export type ReplyPart = Extract<Part, { type: 'text' | 'tool_call' | 'tool_arguments' }>;

/** Takes down what a reply says and calls. */
export interface CallWriter {
  /** Whether calls have begun, all whole but perhaps the last. */
  readonly hasCalls: boolean;
  /** Whether one is told of, and not whole. */
  readonly isInCall: boolean;
  /** As many calls are whole as may be made. */
  readonly isFull: boolean;
  knows(name: string): boolean;
  isStrict(name: string): boolean;
  /** Whether a known name begins so. */
  knowsStart(text: string): boolean;
  say(text: string): void;
  /** A call of that name, which is told of as soon as it has a value, or ends. Forgotten when another opens before. */
  open(name: string): JsonSink;
  end(): void;
  /** More of a call that is no JSON any longer. */
  writeRaw(text: string): void;
  /** What has come since the last time. */
  take(): readonly ReplyPart[];
}

export interface CallWriterOptions {
  readonly tools: readonly Pick<Tool, 'name' | 'strict'>[];
  /** Whether more than one call may be made. */
  readonly isParallel: boolean;
  /** All that was read up to here has been taken down. */
  readonly onTold: () => void;
}

export function createCallWriter({ tools, isParallel, onTold }: CallWriterOptions): CallWriter {
  const known = new Map(tools.map((tool) => [tool.name, tool]));
  let parts: ReplyPart[] = [];
  let told = 0; // calls
  let whole = 0;
  let opened: { readonly name: string; pending: string } | undefined;

  const isInCall = () => told > whole;

  function tell(json: string): void {
    if (json === '') return;
    const last = parts.at(-1);
    if (last?.type === 'tool_arguments') parts[parts.length - 1] = { ...last, text: last.text + json };
    else parts.push({ type: 'tool_arguments', index: told - 1, text: json });
  }

  function begin(): void {
    if (isInCall() || !opened) return;
    parts.push({ type: 'tool_call', index: told++, name: opened.name });
    tell(opened.pending);
    opened.pending = '';
  }

  return {
    get hasCalls() {
      return told > 0;
    },
    get isInCall() {
      return isInCall();
    },
    get isFull() {
      return !isParallel && whole > 0;
    },
    knows: (name) => known.has(name),
    isStrict: (name) => known.get(name)?.strict ?? false,
    knowsStart: (text) => tools.some(({ name }) => name.startsWith(text)),

    say(text) {
      const last = parts.at(-1);
      if (last?.type === 'text') parts[parts.length - 1] = { ...last, text: last.text + text };
      else if (text !== '') parts.push({ type: 'text', text });
      onTold();
    },

    open(name) {
      const call = { name, pending: '' };
      opened = call;
      return {
        structure(json) {
          if (isInCall()) {
            tell(json);
            onTold();
          } else call.pending += json;
        },
        value(json) {
          begin();
          tell(json);
          onTold();
        },
      };
    },
    end() {
      begin();
      whole++;
      opened = undefined;
      onTold();
    },
    writeRaw(text) {
      tell(text);
      onTold();
    },

    take() {
      const taken = parts;
      parts = [];
      return taken;
    },
  };
}
