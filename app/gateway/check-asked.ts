import { InvalidRequestError } from '../errors.ts';

export interface AskedBounds {
  readonly messages: number;
  readonly images: number;
}

/** A request's conversation and its pictures, of which the gateway knows nothing else. Throws InvalidRequestError. */
export function checkAsked(
  asked: Readonly<Record<string, unknown>>,
  { messages, images }: AskedBounds,
): void {
  for (const field of ['messages', 'input']) {
    const turns = asked[field];
    if (!Array.isArray(turns)) continue;
    if (turns.length > messages) throw beyond(field, turns.length, 'messages', messages);
    const count = turns.flatMap(partsOf).filter(isImage).length;
    if (count > images) throw beyond(field, count, 'images', images);
  }
}

const contentOf = (turn: unknown): unknown =>
  typeof turn === 'object' && turn !== null && 'content' in turn ? turn.content : undefined;

function partsOf(turn: unknown): readonly unknown[] {
  const content = contentOf(turn);
  return Array.isArray(content) ? content : [];
}

const isImage = (part: unknown): boolean =>
  typeof part === 'object' && part !== null && 'image_url' in part && part.image_url != null;

const beyond = (field: string, count: number, units: string, most: number) =>
  new InvalidRequestError(
    'invalid_value',
    field,
    `${field}: ${count} ${units}, and this server takes ${most} at most`,
  );
