export const MAX_KEYWORD = 128;

/** Whether Python, and the parser, take it for the name of an argument. */
export function isKeyword(name: unknown): boolean {
  return typeof name === 'string' && name.length <= MAX_KEYWORD && /^[\p{L}_][\p{L}\p{N}_]*$/u.test(name);
}
