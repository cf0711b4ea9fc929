/** Whether a value of JSON is nested no deeper, and its keys and texts are together no longer, than allowed. */
export function jsonFits(
  root: unknown,
  { depth, characters }: { readonly depth: number; readonly characters: number },
): boolean {
  const open = [{ value: root, level: 1 }];
  let left = characters;
  for (let next = open.pop(); next; next = open.pop()) {
    const { value, level } = next;
    left -= typeof value === 'string' ? value.length : 1;
    if (typeof value === 'object' && value !== null) {
      if (level > depth) return false;
      for (const [key, inside] of Object.entries(value)) {
        left -= key.length;
        open.push({ value: inside, level: level + 1 });
      }
    }
    if (left < 0) return false;
  }
  return true;
}
