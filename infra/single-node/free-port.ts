import { createServer } from 'node:net';

/** Undefined when a program may listen there, else why not. */
export async function whyTaken(host: string, port: number): Promise<string | undefined> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
    await new Promise((resolve) => server.close(resolve));
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'EADDRINUSE' ? `${host}:${port} is taken` : `${host}:${port}: ${message}`;
  }
}
