/** As much as @hono/node-server reads for the same reason. */
const MOST_BYTES = 64 << 20;

/**
 * `response`, once what it has left unread of its request has been read and thrown away, as of a body that is too large.
 * workerd closes a connection over unread bytes, and a client that is still sending then finds it broken, not the answer.
 * A body that goes on and on is read no further.
 *
 * Source   RFC 9112, 9.6
 */
export async function afterReading(request: Request, response: Response): Promise<Response> {
  if (request.body === null || request.bodyUsed) return response;
  const reader = request.body.getReader();
  try {
    for (let left = MOST_BYTES; left > 0; ) {
      const { done, value } = await reader.read();
      if (done) return response;
      left -= value.length;
    }
    await reader.cancel();
  } catch {
    // the client has left
  }
  return response;
}
