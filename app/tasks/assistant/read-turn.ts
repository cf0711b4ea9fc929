import type { Part } from '../../../engine/engine.ts';
import type { TaskSaid } from '../task-events.ts';

export interface ModelCall {
  readonly id: string;
  readonly name: string;
  /** JSON, unless the model broke off. */
  readonly arguments: string;
}

/** What a model said and called when it was asked once. */
export interface Turn {
  readonly text: string;
  readonly calls: readonly ModelCall[];
  readonly reason: Extract<Part, { type: 'done' }>['reason'];
}

/** Reads a reply; its text is told as it comes. */
export async function* readTurn(
  parts: AsyncIterable<Part>,
  newId: () => string,
): AsyncGenerator<TaskSaid, Turn> {
  let text = '';
  const calls: { readonly id: string; readonly name: string; arguments: string }[] = [];
  for await (const part of parts) {
    switch (part.type) {
      case 'text':
        text += part.text;
        yield { type: 'task.delta', delta: part.text };
        break;
      case 'tool_call':
        calls.push({ id: `call_${newId()}`, name: part.name, arguments: '' });
        break;
      case 'tool_arguments':
        calls[part.index]!.arguments += part.text;
        break;
      case 'done':
        return { text, calls, reason: part.reason };
    }
  }
  throw new Error('the completion ended without a done part');
}
