/** White_Space, and four separators of ASCII that JavaScript keeps. */
const SPACE = '[\\t-\\r\\x1c- \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const LEADING = new RegExp(`^${SPACE}+`);
const SPACE_AT_START = new RegExp(`^${SPACE}`);

/** Python's str.strip(), which is also Jinja's `trim`. */
export function strip(text: string): string {
  const start = LEADING.exec(text)?.[0].length ?? 0;
  let end = text.length;
  while (end > start && SPACE_AT_START.test(text[end - 1]!)) end--; // /\s+$/ is quadratic on runs of spaces
  return text.slice(start, end);
}
