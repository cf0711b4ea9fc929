/**
 * Fills the local R2: GET says what is under a key, PUT puts it there, DELETE takes it away. It runs in workerd, because
 * the bucket can then check the sha256 itself and take the file as a stream.
 */
export default {
  async fetch(request, { WEIGHTS }) {
    const key = decodeURIComponent(new URL(request.url).pathname.slice(1));
    if (request.method === 'PUT') {
      // The request comes in chunks of unknown number; R2 wants to know the length beforehand.
      const { readable, writable } = new FixedLengthStream(Number(request.headers.get('x-size')));
      const sha256 = request.headers.get('x-sha256') ?? undefined;
      await Promise.all([request.body.pipeTo(writable), WEIGHTS.put(key, readable, { sha256 })]);
    }
    if (request.method === 'DELETE') await WEIGHTS.delete(key);
    const object = await WEIGHTS.head(key);
    return Response.json(object && { size: object.size, ...object.checksums.toJSON() });
  },
};
