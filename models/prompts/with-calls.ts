/** What an assistant said, and the calls it made, each of which may be empty. */
export function withCalls(content: string, calls: string): string {
  return [content, calls].filter((text) => text !== '').join('\n');
}
