import type { Fetcher, Response as WorkersResponse } from '@cloudflare/workers-types';
import type { MiddlewareHandler } from 'hono';
import { serveStatic } from 'hono/serve-static';

/** Answers with the files of a folder that workerd serves, where no route does. */
export const servePage = (folder: Fetcher): MiddlewareHandler =>
  serveStatic({
    root: '/',
    isDir: (path) => path.endsWith('/'),
    async getContent(path) {
      const reply: WorkersResponse = await folder.fetch(`http://page${path}`);
      if (reply.ok) return reply.body as unknown as ReadableStream;
      await reply.body?.cancel();
      return null;
    },
  });
