import { field, text } from '../json.ts';

/** What an assistant did, in the order it did it. `arguments` and `result` are the model's and the tool's own. */
export type Step =
  | { readonly type: 'tool_call'; readonly id: string; readonly name: string; readonly arguments: unknown }
  | { readonly type: 'tool_result'; readonly id: string; readonly ok: boolean; readonly result: unknown }
  | { readonly type: 'message'; readonly text: string }
  | Confirmation;

/** A call that is only made when the person says so. */
export interface Confirmation {
  readonly type: 'confirmation';
  readonly id: string;
  readonly name: string;
  readonly arguments: unknown;
  readonly question: string;
}

/** A step from JSON of unknown origin; undefined when it is none. */
export function readStep(value: unknown): Step | undefined {
  const id = text(value, 'id') ?? '';
  const call = { id, name: text(value, 'name') ?? '', arguments: field(value, 'arguments') };
  switch (field(value, 'type')) {
    case 'tool_call':
      return { type: 'tool_call', ...call };
    case 'tool_result':
      return { type: 'tool_result', id, ok: field(value, 'ok') === true, result: field(value, 'result') };
    case 'message':
      return { type: 'message', text: text(value, 'text') ?? '' };
    case 'confirmation':
      return { type: 'confirmation', ...call, question: text(value, 'question') ?? '' };
    default:
      return undefined;
  }
}

/** `add_todo` as `Add todo`. */
export function wordName(name: string): string {
  const words = name.replaceAll('_', ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** `title: Buy oats · due: 2026-11-26`. */
export function wordArguments(given: unknown): string {
  if (typeof given !== 'object' || given === null) return '';
  const words = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
  return Object.entries(given)
    .map(([name, value]) => `${name.replaceAll('_', ' ')}: ${words(value)}`)
    .join(' · ');
}
