import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Bytes of an HTTP/1.1 request with a body, for a connection that stays open. */
export const postRequest = ({ host }: URL, path: string, body: string): Buffer =>
  Buffer.from(
    `POST ${path} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );

/**
 * Requests answered per second, by that many clients, each on a connection of its own and with one request at a time. Bare
 * sockets: a client as slow as the server would be what is measured. Throws at a status other than 200.
 */
export async function requestsPerSecond(
  url: URL,
  request: Buffer,
  { clients, ms }: { clients: number; ms: number },
): Promise<number> {
  const sockets = Array.from({ length: clients }, () => connect(Number(url.port), url.hostname).setNoDelay());
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  const start = performance.now();
  const end = start + ms;
  const answered = await Promise.all(sockets.map((socket) => client(socket, request, end)));
  const seconds = (performance.now() - start) / 1000;
  return answered.reduce((sum, count) => sum + count) / seconds;
}

/** Asks again and again until the end; how often it was answered. */
function client(socket: Socket, request: Buffer, end: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let count = 0;
    let text = '';
    socket.on('error', reject);
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      if (!isWhole(text)) return;
      if (!text.startsWith('HTTP/1.1 200')) return reject(new Error(text.slice(0, 500)));
      text = '';
      count++;
      if (performance.now() < end) socket.write(request);
      else socket.end(() => resolve(count));
    });
    socket.write(request);
  });
}

/** Whether all of one reply is there, by its length or its last chunk. */
function isWhole(text: string): boolean {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return false;
  const length = /^content-length: (\d+)/im.exec(text.slice(0, head));
  return length ? text.length >= head + 4 + Number(length[1]) : text.endsWith('\r\n0\r\n\r\n');
}
