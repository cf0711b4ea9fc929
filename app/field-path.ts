/** `['messages', 0, 'content']` as `messages[0].content`. */
export function fieldPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : text + (text && '.') + String(key)),
    '',
  );
}
