/** A part of a text, and how many tokens it is. */
export interface Piece {
  readonly text: string;
  readonly tokens: number;
}

/** How many tokens each of the texts is. */
export type CountTokens = (texts: readonly string[]) => Promise<readonly number[]>;

/**
 * Where a text may be cut, the best places first: behind a blank line, a sentence or a line, a word. What follows is looked
 * at first, so that a long run of white space is gone through once, and not once for each of its characters.
 */
const PLACES = [
  /(?=\S)(?<=\n[^\S\n]*\n)/,
  /(?=\S)(?<=[.!?\u2026]["'\u201d\u2019)\]]*\s+|[\u3002\uff01\uff1f]|\n)/,
  /(?=\S)(?<=\s)/,
] as const;
const TOKENS_A_CHARACTER = 4; // a character of UTF-8 has as many bytes at most, and a byte is a token at most

/**
 * A text in pieces of up to `maxTokens`, as few as it takes, cut at the best places that leave them short enough. Joined,
 * they are the text again.
 */
export async function cutText(text: string, maxTokens: number, count: CountTokens): Promise<Piece[]> {
  return pack(await units([text], maxTokens, count), maxTokens);
}

/** The paragraphs of a text, each with the blank lines behind it; one that is too long, in pieces. */
export async function cutParagraphs(text: string, maxTokens: number, count: CountTokens): Promise<Piece[]> {
  const paragraphs = text.split(PLACES[0]);
  const counts = await count(paragraphs);
  const pieces: Piece[] = [];
  for (const [i, paragraph] of paragraphs.entries()) {
    const tokens = counts[i]!;
    if (tokens <= maxTokens) pieces.push({ text: paragraph, tokens });
    else for (const piece of await cutText(paragraph, maxTokens, count)) pieces.push(piece);
  }
  return pieces;
}

/** The texts, those that are too long cut at the next best places, and so on. */
async function units(
  texts: readonly string[],
  maxTokens: number,
  count: CountTokens,
  places: readonly RegExp[] = PLACES,
): Promise<Piece[]> {
  const counts = await count(texts);
  const pieces: Piece[] = [];
  for (const [i, text] of texts.entries()) {
    const tokens = counts[i]!;
    const [place, ...others] = places;
    if (tokens <= maxTokens) pieces.push({ text, tokens });
    else {
      const inside = place
        ? await units(text.split(place), maxTokens, count, others)
        : await inSlices(text, maxTokens, count);
      for (const piece of inside) pieces.push(piece); // spread, they would be too many arguments
    }
  }
  return pieces;
}

/** A word longer than a piece: whole characters, so few of them that they fit whatever they are. */
async function inSlices(text: string, maxTokens: number, count: CountTokens): Promise<Piece[]> {
  const most = Math.max(1, Math.floor(maxTokens / TOKENS_A_CHARACTER));
  const characters = [...text];
  const slices = Array.from({ length: Math.ceil(characters.length / most) }, (_, i) =>
    characters.slice(i * most, (i + 1) * most).join(''),
  );
  const counts = await count(slices);
  return slices.map((slice, i) => ({ text: slice, tokens: counts[i]! }));
}

/** Neighbours together, as long as they fit. */
function pack(units: readonly Piece[], maxTokens: number): Piece[] {
  const pieces: Piece[] = [];
  for (const unit of units) {
    const last = pieces.at(-1);
    if (last && last.tokens + unit.tokens <= maxTokens)
      pieces[pieces.length - 1] = { text: last.text + unit.text, tokens: last.tokens + unit.tokens };
    else pieces.push(unit);
  }
  return pieces;
}
