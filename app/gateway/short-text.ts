/** What a backend says of itself, or of why not, is short: no more of it is held. */
const MOST_BYTES = 64 * 1024;

/** The body as text. Throws Error when it is longer than 64 KiB, and leaves the rest. */
export async function shortText({ body }: Response): Promise<string> {
  if (body === null) return '';
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let text = '';
  let length = 0;
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    length += read.value.length;
    if (length > MOST_BYTES) {
      await reader.cancel();
      throw new Error(`it says more than ${MOST_BYTES} bytes`);
    }
    text += decoder.decode(read.value, { stream: true });
  }
  return text + decoder.decode();
}
