/** A piece of a prompt. Only `control` may become special token ids; whatever a user typed is `text`. */
export type Segment = { readonly control: string } | { readonly text: string };

/** The same prompt with texts that meet made one, and empty ones left out. */
export function joinTexts(segments: readonly Segment[]): Segment[] {
  const joined: Segment[] = [];
  for (const segment of segments) {
    const last = joined.at(-1);
    if ('control' in segment) joined.push(segment);
    else if (last !== undefined && 'text' in last)
      joined[joined.length - 1] = { text: last.text + segment.text };
    else if (segment.text !== '') joined.push(segment);
  }
  return joined;
}
