import * as z from 'zod';

/** What every list takes. `fallback` is the limit when none is given. */
export const pageFields = (fallback: number, most: number) => ({
  after: z.string().max(512).optional().describe('The id of the object before the first.'),
  limit: z.coerce.number().int().min(1).max(most).default(fallback),
});

export const order = z.enum(['asc', 'desc']).default('desc').describe('By time of creation.');

/** A page of objects. Source: OpenAI OpenAPI 2.3.0, ListFilesResponse and its like. */
export const listOf = <T extends z.ZodType>(item: T) =>
  z.object({
    object: z.literal('list'),
    data: z.array(item),
    first_id: z.string().describe('Empty when the list is.'),
    last_id: z.string().describe('Empty when the list is.'),
    has_more: z.boolean(),
  });

export function toList<T extends { readonly id: string }>(data: T[], hasMore: boolean) {
  return {
    object: 'list' as const,
    data,
    first_id: data[0]?.id ?? '',
    last_id: data.at(-1)?.id ?? '',
    has_more: hasMore,
  };
}
