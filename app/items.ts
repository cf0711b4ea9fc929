import type { Prompt } from '../engine/engine.ts';
import { InvalidRequestError } from './errors.ts';
import type { InputItem, Item } from './schemas/items.ts';
import type { ResponseRequest } from './schemas/responses.ts';

type Messages = Extract<Prompt, { type: 'chat' }>['messages'];
type Message = Messages[number];

/** A request's input as items, each with an id. */
export function toItems(input: ResponseRequest['input'], newId: () => string): Item[] {
  return typeof input === 'string'
    ? [toItem({ role: 'user', content: input }, newId)]
    : input.map((item) => toItem(item, newId));
}

/** An item as it is kept. */
export function toItem(item: InputItem, newId: () => string): Item {
  const status = item.status ?? 'completed';
  if (item.type === 'function_call') {
    const { type, call_id, name, arguments: text } = item;
    return { id: item.id ?? `fc_${newId()}`, type, call_id, name, arguments: text, status };
  }
  if (item.type === 'function_call_output') {
    const { type, call_id, output } = item;
    return { id: item.id ?? `fco_${newId()}`, type, call_id, output, status };
  }

  const head = { id: item.id ?? `msg_${newId()}`, type: 'message', status } as const;
  if (item.role === 'assistant') {
    const texts = typeof item.content === 'string' ? [item.content] : item.content.map(({ text }) => text);
    const content = texts.map((text) => ({
      type: 'output_text' as const,
      text,
      annotations: [],
      logprobs: [],
    }));
    return { ...head, role: item.role, content };
  }
  const content =
    typeof item.content === 'string' ? [{ type: 'input_text' as const, text: item.content }] : item.content;
  return { ...head, role: item.role, content };
}

/**
 * Items as turns of a conversation. Calls join the assistant's turn that they follow; parts of a message are joined by a
 * newline.
 *
 * Throws   InvalidRequestError when an output is of no call
 */
export function toMessages(items: readonly Item[]): Messages {
  const messages: Message[] = [];
  const calls = new Set<string>();
  for (const item of items) {
    if (item.type === 'message') {
      const role = item.role === 'developer' ? 'system' : item.role;
      messages.push({ role, content: item.content.map(({ text }) => text).join('\n') });
    } else if (item.type === 'function_call') {
      calls.add(item.call_id);
      const before = messages.at(-1);
      const turn =
        before?.role === 'assistant' ? messages.pop()! : ({ role: 'assistant', content: '' } as const);
      const call = { id: item.call_id, name: item.name, arguments: item.arguments };
      messages.push({ ...turn, toolCalls: [...(turn.toolCalls ?? []), call] });
    } else {
      if (!calls.has(item.call_id))
        throw new InvalidRequestError(
          'invalid_value',
          'input',
          `input: there is no function call with the call_id '${item.call_id}'`,
        );
      const { output } = item;
      const content = typeof output === 'string' ? output : output.map(({ text }) => text).join('\n');
      messages.push({ role: 'tool', content });
    }
  }
  return messages;
}
