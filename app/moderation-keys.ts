/**
 * OpenAI's categories, and the codes of Llama Guard's that mean them; the worst counts. Guard does not tell harassment,
 * threats, intent, instructions or graphic pictures apart: those are never true. Defamation (S5), specialized advice (S6),
 * privacy (S7), intellectual property (S8), elections (S13) and code interpreter abuse (S14) have no counterpart.
 *
 * Source   OpenAI OpenAPI 2.3.0, CreateModerationResponse; Llama Guard 3's model card, hazard taxonomy
 */
export const OPENAI_KEYS: Readonly<Record<string, readonly string[]>> = {
  harassment: [],
  'harassment/threatening': [],
  hate: ['S10'],
  'hate/threatening': [],
  illicit: ['S1', 'S2', 'S9'],
  'illicit/violent': ['S1', 'S9'],
  'self-harm': ['S11'],
  'self-harm/intent': [],
  'self-harm/instructions': [],
  sexual: ['S3', 'S4', 'S12'],
  'sexual/minors': ['S4'],
  violence: ['S1'],
  'violence/graphic': [],
};

/** Codes by each key of a moderation: OpenAI's, then Guard's own names, as it is told them. */
export function moderationKeys(
  categories: readonly { readonly code: string; readonly name: string }[],
): ReadonlyMap<string, readonly string[]> {
  const own = categories.map(({ code, name }): [string, string[]] => [name.replace(/\.$/, ''), [code]]);
  return new Map([...Object.entries(OPENAI_KEYS), ...own]);
}
