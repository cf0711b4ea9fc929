import { type Context, Hono } from 'hono';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { requestId } from 'hono/request-id';
import type { Limits } from './access/access-key.ts';
import { requestEngine } from './access/request-engine.ts';
import type { Deps } from './deps.ts';
import { MethodNotAllowedError, UnknownUrlError } from './errors.ts';
import { createMetrics } from './metrics.ts';
import { authorise, isHealth } from './middleware/authorise.ts';
import { origins } from './middleware/origins.ts';
import { EXPOSED, limiterEvent, rateLimit } from './middleware/rate-limit.ts';
import { refuseWhileDraining } from './middleware/refuse-while-draining.ts';
import { requestLog } from './middleware/request-log.ts';
import { requestTrace } from './middleware/request-trace.ts';
import { securityHeaders } from './middleware/security-headers.ts';
import { openApiDocument } from './openapi.ts';
import { CONTENT_TYPE } from './prometheus.ts';
import { readinessOf } from './readiness.ts';
import type { Bounds } from './request-settings.ts';
import { cancelBatch, createBatch, listBatches, retrieveBatch } from './routes/batches.ts';
import { chatCompletions } from './routes/chat-completions.ts';
import { completions } from './routes/completions.ts';
import {
  createConversation,
  createItems,
  deleteConversation,
  deleteItem,
  listItems,
  retrieveConversation,
  retrieveItem,
  updateConversation,
} from './routes/conversations.ts';
import { embeddings } from './routes/embeddings.ts';
import { calendar, createEvent, deleteEvent, listEvents, updateEvent } from './routes/events.ts';
import { deleteFile, listFiles, retrieveContent, retrieveFile, uploadFile } from './routes/files.ts';
import { health, ready } from './routes/health.ts';
import { listRoutes } from './routes/inspect.ts';
import { listModels, retrieveModel } from './routes/models.ts';
import { listProviders, retrieveProvider } from './routes/providers.ts';
import {
  cancelResponse,
  createResponse,
  deleteResponse,
  listInputItems,
  retrieveResponse,
} from './routes/responses.ts';
import { createModeration, listShields, retrieveShield, runShield } from './routes/safety.ts';
import { rewriteText, runAssistant, summarizeText } from './routes/tasks.ts';
import { createTodo, deleteTodo, listTodos, updateTodo } from './routes/todos.ts';
import { type AppEnv, promptFieldOf, replyTo } from './run.ts';
import type { Version } from './schemas/health.ts';
import { reachableStorage } from './storage/reachable-storage.ts';
import { VERSION } from './version.ts';

export interface AppOptions {
  /** Bodies longer than this are refused with 413. 1 MiB when absent. */
  readonly maxBodyBytes?: number;
  /** The metrics need no key. */
  readonly openMetrics?: boolean;
  /** Of keys without limits of their own, and of each address where there are no keys. */
  readonly limits?: Limits;
  /** A request that takes longer gets a line of its own in the log. 0, as when absent: none does. */
  readonly slowMs?: number;
  readonly bounds?: Bounds;
  /** Origins whose pages may ask besides the server's own; `*`: all. Where keys are asked for, all when there are none. */
  readonly pages?: readonly string[];
}

/** A client's own id is taken when it is letters, digits, - _ =, and no longer: it stands in logs and headers. */
export const MAX_REQUEST_ID = 128;

const UNBOUNDED: Bounds = { messages: 2048, textLength: Number.POSITIVE_INFINITY, replyTokens: undefined };

/** The one HTTP app, the same behind every door. */
export function createApp(
  deps: Deps,
  {
    maxBodyBytes = 1 << 20,
    openMetrics = false,
    limits = {},
    bounds = UNBOUNDED,
    pages = [],
    slowMs = 0,
  }: AppOptions = {},
): Hono<AppEnv> {
  const { engine } = deps;
  const metrics = deps.metrics ?? createMetrics();
  const run = {
    ...deps,
    storage: reachableStorage(deps.storage, deps.log),
    engineFor: requestEngine(engine, { safety: deps.safety, bounds }),
    metrics,
    maxBodyBytes,
    slowMs,
  };
  const app = new Hono<AppEnv>();

  const refuse = (c: Context<AppEnv>, error: unknown): Response => {
    const promptField = promptFieldOf(c.req.path);
    const { body, status, headers } = replyTo(error, deps, { requestId: c.var.requestId, promptField });
    if (status === 429) metrics.countTurnedAway(body.error.code);
    return c.json(body, status, headers);
  };
  app.onError((error, c) => refuse(c, error));
  app.notFound((c) => refuse(c, new UnknownUrlError(c.req.method, c.req.path)));

  app.use(requestId({ generator: deps.newId, limitLength: MAX_REQUEST_ID }));
  app.use(requestTrace(deps));
  app.use(requestLog(run));
  app.use(securityHeaders());
  app.use(...origins({ keyed: deps.access !== undefined, allowed: pages, exposeHeaders: EXPOSED }));
  // Pages and documents need no key: whoever opens one has none yet.
  const isOpen = (path: string) =>
    isHealth(path) || (path === '/metrics' ? openMetrics : !/^\/v1(\/|$)/.test(path));
  app.use(authorise({ access: deps.access, isOpen }));
  app.use(
    rateLimit({ limiter: deps.limiter, limits, isOpen, onError: (error) => deps.log(limiterEvent(error)) }),
  );
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, allowed) =>
        refuse(c, new MethodNotAllowedError(c.req.method, c.req.path, allowed)),
    }),
  );
  if (deps.lifecycle) app.use(refuseWhileDraining(deps.lifecycle));

  app.post('/v1/chat/completions', chatCompletions(run));
  app.post('/v1/completions', completions(run));
  app.post('/v1/embeddings', embeddings(run));
  app.post('/v1/responses', createResponse(run));
  app.get('/v1/responses/:id', retrieveResponse(run));
  app.delete('/v1/responses/:id', deleteResponse(run));
  app.get('/v1/responses/:id/input_items', listInputItems(run));
  app.post('/v1/responses/:id/cancel', cancelResponse(run));
  app.post('/v1/conversations', createConversation(run));
  app.get('/v1/conversations/:id', retrieveConversation(run));
  app.post('/v1/conversations/:id', updateConversation(run));
  app.delete('/v1/conversations/:id', deleteConversation(run));
  app.post('/v1/conversations/:id/items', createItems(run));
  app.get('/v1/conversations/:id/items', listItems(run));
  app.get('/v1/conversations/:id/items/:item', retrieveItem(run));
  app.delete('/v1/conversations/:id/items/:item', deleteItem(run));
  app.post('/v1/batches', createBatch(run));
  app.get('/v1/batches', listBatches(run));
  app.get('/v1/batches/:id', retrieveBatch(run));
  app.post('/v1/batches/:id/cancel', cancelBatch(run));
  app.post('/v1/files', uploadFile(run));
  app.get('/v1/files', listFiles(run));
  app.get('/v1/files/:id', retrieveFile(run));
  app.delete('/v1/files/:id', deleteFile(run));
  app.get('/v1/files/:id/content', retrieveContent(run));
  app.post('/v1/tasks/summarize', summarizeText(run));
  app.post('/v1/tasks/rewrite', rewriteText(run));
  app.post('/v1/tasks/assistant', runAssistant(run));
  app.get('/v1/tasks/todos', listTodos(run));
  app.post('/v1/tasks/todos', createTodo(run));
  app.post('/v1/tasks/todos/:id', updateTodo(run));
  app.delete('/v1/tasks/todos/:id', deleteTodo(run));
  app.get('/v1/tasks/events', listEvents(run));
  app.post('/v1/tasks/events', createEvent(run));
  app.post('/v1/tasks/events/:id', updateEvent(run));
  app.delete('/v1/tasks/events/:id', deleteEvent(run));
  app.get('/v1/tasks/calendar.ics', calendar(run));
  app.post('/v1/moderations', createModeration(run));
  app.post('/v1/safety/run-shield', runShield(run));
  app.get('/v1/shields', listShields(run));
  app.get('/v1/shields/:id{.+}', retrieveShield(run));
  app.get('/v1/models', listModels(run));
  app.get('/v1/models/:id{.+}', retrieveModel(run));
  app.get('/v1/health', health(deps));
  app.get('/v1/health/live', health(deps));
  app.get('/v1/health/ready', ready(deps));
  app.get('/v1/version', (c) => c.json({ version: VERSION } satisfies Version));
  app.get('/v1/inspect/routes', listRoutes);
  app.get('/v1/providers', listProviders(deps));
  app.get('/v1/providers/:id', retrieveProvider(deps));
  app.get('/metrics', (c) => {
    const now = { stats: engine.stats(), readiness: readinessOf(deps), platform: deps.platform?.() ?? [] };
    return c.body(metrics.render(now), 200, { 'content-type': CONTENT_TYPE });
  });
  app.get('/openapi.json', (c) => c.json(openApiDocument()));

  return app;
}
