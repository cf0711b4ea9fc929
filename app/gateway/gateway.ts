/** One door before several servers: who answers what is in `routes`. Knows no platform. */
import { type Context, Hono } from 'hono';
import { requestId } from 'hono/request-id';
import { UnknownModelError } from '../../engine/errors.ts';
import type { Access } from '../access/access.ts';
import type { Limits } from '../access/access-key.ts';
import { ModelNotAllowedError } from '../access/errors.ts';
import type { Limiter } from '../access/limiter.ts';
import { BodyTooLargeError, InvalidRequestError } from '../errors.ts';
import { follow } from '../follow.ts';
import { type Lifecycle, ShuttingDownError } from '../lifecycle.ts';
import { authorise, isHealth } from '../middleware/authorise.ts';
import { origins } from '../middleware/origins.ts';
import { EXPOSED, limiterEvent, rateLimit } from '../middleware/rate-limit.ts';
import { refuseWhileDraining } from '../middleware/refuse-while-draining.ts';
import { requestTrace } from '../middleware/request-trace.ts';
import { securityHeaders } from '../middleware/security-headers.ts';
import { parse } from '../parse.ts';
import { CONTENT_TYPE, createCounter } from '../prometheus.ts';
import { readJson } from '../read-json.ts';
import { type AppEnv, promptFieldOf, replyTo } from '../run.ts';
import { type ModelList, toModel } from '../schemas/models.ts';
import { Asked } from './asked.ts';
import { awake } from './awake.ts';
import { type AskedBounds, checkAsked } from './check-asked.ts';
import { conditions, healthOf } from './conditions.ts';
import { countTokens, tokensOf } from './count-tokens.ts';
import { ModelStartingError, NoBackendError, UploadRequiredError, UpstreamError } from './errors.ts';
import { type Answer, askOne, forward } from './forward.ts';
import { headersFor } from './headers-for.ts';
import { hold } from './hold.ts';
import { allowImages, type ImagePolicy } from './images.ts';
import { drawOf, orderOf } from './order.ts';
import { passOn } from './pass-on.ts';
import { createPeer, type Peer, type PeerDeps } from './peer.ts';
import { presign } from './presign.ts';
import type { Route, Routes } from './schema.ts';

export interface GatewayDeps extends PeerDeps {
  readonly routes: Routes;
  /** Who may come in; anybody when absent. */
  readonly access?: Access | undefined;
  /** Counts requests, and those at once; a server behind it counts tokens. */
  readonly limiter?: Limiter;
  /** Of keys without limits of their own, and of each address where there are no keys. */
  readonly limits?: Limits;
  /** The metrics need no key: who scrapes them may have none. */
  readonly openMetrics?: boolean;
  readonly newId: () => string;
  readonly random: () => number; // [0, 1)
  /** Rejects when the signal is aborted. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly images: ImagePolicy;
  readonly maxBodyBytes: number;
  readonly bounds?: AskedBounds;
  /** Origins whose pages may ask besides its own; `*`: all. Where keys are asked for, all when there are none. */
  readonly pages?: readonly string[];
  readonly timeoutMs: number; // until an answer begins
  readonly lifecycle?: Lifecycle;
  /** How long a stream waits for a model that is being started. */
  readonly startMs: number;
}

export interface Gateway {
  readonly app: Hono<AppEnv>;
  /** Asks every backend how it is: to be called every few seconds. Never throws. */
  probe(): Promise<void>;
}

/** Asking twice does no harm there: nothing is kept. */
const SAFE = [
  ...['/v1/chat/completions', '/v1/completions', '/v1/embeddings'],
  ...['/v1/tasks/summarize', '/v1/tasks/rewrite'],
];
/** Kept by one of the servers. */
const KEPT = ['/v1/responses', '/v1/conversations', '/v1/files', '/v1/batches', '/v1/tasks'];
/** Of those, what asks a model. */
const KEPT_BY_MODEL = ['/v1/responses', '/v1/tasks/assistant'];

/** Judged by the guard of one of them. */
const JUDGED = ['/v1/moderations', '/v1/safety', '/v1/shields'];
/** Whatever is asked there. */
const METHODS = ['GET', 'POST', 'DELETE'];

const UNBOUNDED: AskedBounds = { messages: 2048, images: Number.POSITIVE_INFINITY };

/** What is left to say that the model has not started. */
const DEADLINE_MARGIN_MS = 1_000;

/** Of a body that is passed on as it comes, with the answer's beginning. */
const LONGEST_UPLOAD_MS = 3_600_000;

export function createGateway(deps: GatewayDeps): Gateway {
  const { routes, access, limiter, limits = {}, openMetrics = false, images, lifecycle } = deps;
  const { nowMs, pause, log, maxBodyBytes, timeoutMs, bounds = UNBOUNDED, pages = [] } = deps;
  const startedAt = Math.floor(deps.nowMs() / 1000);
  const peers = new Map(routes.backends.map((backend) => [backend.name, createPeer(backend, deps)]));
  const peerOf = (name: string): Peer => peers.get(name)!; // the schema has checked that it exists
  const answers = createCounter('cria_gateway_answers_total', 'Answers passed on, by backend and status.');
  const app = new Hono<AppEnv>();

  const replyFor = (c: Context<AppEnv>, error: unknown) =>
    replyTo(error, deps, { requestId: c.var.requestId, promptField: promptFieldOf(c.req.path) });

  app.onError((error, c) => {
    const { body, status, headers } = replyFor(c, error);
    return c.json(body, status, headers);
  });
  app.use(requestId({ generator: deps.newId }));
  app.use(requestTrace({ now: deps.nowMs }));
  app.use(securityHeaders());
  const exposeHeaders = [...EXPOSED, 'x-cria-backend'];
  app.use(...origins({ keyed: access !== undefined, allowed: pages, exposeHeaders }));
  const isOpen = (path: string) => isHealth(path) || (openMetrics && path === '/metrics');
  app.use(authorise({ access, isOpen }));
  app.use(rateLimit({ limiter, limits, isOpen, onError: (error) => log(limiterEvent(error)) }));
  const health = () => healthOf(routes, peers, lifecycle?.isDraining ?? false);
  app.get('/v1/health', (c) => c.json(health(), health().status === 'OK' ? 200 : 503));
  app.get('/v1/health/live', (c) => c.json(health())); // it loads nothing, so nothing fails for good
  app.get('/v1/health/ready', (c) => {
    const { status, state } = health();
    return c.json(health(), status === 'OK' && state === 'ready' ? 200 : 503);
  });
  app.get('/metrics', (c) =>
    c.body(answers.render() + conditions(peers), 200, { 'content-type': CONTENT_TYPE }),
  );
  if (lifecycle) app.use(refuseWhileDraining(lifecycle));

  app.get('/v1/models', (c) =>
    c.json({
      object: 'list',
      data: routesFor(c).map((route) => modelOf(route, startedAt)),
    } satisfies ModelList),
  );
  app.get('/v1/models/:id{.+}', (c) => c.json(modelOf(routeOf(c, c.req.param('id')), startedAt)));
  for (const path of SAFE) app.post(path, byModel);
  if (images.uploads) app.post('/v1/uploads/presign', presign(images.uploads, deps));
  const passed = [
    { paths: KEPT, to: routes.keeper },
    { paths: JUDGED, to: routes.judge ?? routes.keeper },
  ];
  for (const { paths, to } of passed)
    for (const path of paths) app.on(METHODS, [path, `${path}/*`], (c) => passTo(c, to));
  app.notFound((c) => passTo(c, routes.keeper));

  /** Those of models that the caller may use. */
  function routesFor({ var: { access } }: Context<AppEnv>): readonly Route[] {
    const allowed = access.key?.models;
    return allowed ? routes.routes.filter(({ model }) => allowed.includes(model)) : routes.routes;
  }

  function routeOf(c: Context<AppEnv>, model: string): Route {
    const known = routesFor(c);
    const found = known.find((route) => route.model === model);
    if (found) return found;
    const names = known.map((route) => route.model);
    if (c.var.access.key?.models && c.req.method === 'POST') throw new ModelNotAllowedError(model, names);
    throw new UnknownModelError(model, names);
  }

  /** What one keeps, its model computes: batches, too, in whose files nobody looks here. */
  function checkKept(c: Context<AppEnv>, name: string): void {
    const known = routesFor(c);
    const serves = ({ to, overflow }: Route) =>
      to.some(({ backend }) => backend === name) || overflow.includes(name);
    if (c.var.access.key?.models && name === routes.keeper && !known.some(serves))
      throw new ModelNotAllowedError(
        peerOf(name).backend.model,
        known.map(({ model }) => model),
      );
  }

  async function byModel(c: Context<AppEnv>): Promise<Response> {
    const asked = await readAsked(c);
    const { model } = asked;
    const route = routeOf(c, model);
    const key = asked.prompt_cache_key ?? asked.safety_identifier ?? asked.user;
    const draw = key ? drawOf(key) : deps.random();
    const orderNow = () => orderOf(route, (name) => peerOf(name).condition(), draw);
    const { backends, asleep } = orderNow();
    const sleeper = backends.length === 0 && asleep[0] !== undefined ? peerOf(asleep[0]) : undefined;
    const waits = asked.stream === true;
    if (sleeper && !waits) {
      await sleeper.start();
      throw new ModelStartingError(model);
    }
    const untilMs = Math.min(nowMs() + deps.startMs, (c.env?.deadlineMs ?? Infinity) - DEADLINE_MARGIN_MS);

    const answer = (signal: AbortSignal) =>
      forClient(c, signal, async (client) => {
        if (sleeper) await awake(sleeper, { signal: client.signal, nowMs, pause, untilMs, model });
        const { backends, chosen } = orderNow();
        const found = await forward(
          backends.map(peerOf),
          {
            path: c.req.path.slice('/v1'.length),
            method: 'POST',
            headers: headersFor(c),
            bodyFor: ({ backend }) => JSON.stringify({ ...asked, model: backend.model }),
          },
          { signal: client.signal, timeoutMs },
        );
        if (!found) throw new NoBackendError(model);
        if (found.peer.backend.name !== chosen) await wakeForLater(peerOf(chosen));
        return finish(c, found, client);
      });
    const { signal } = c.req.raw;
    return metered(c, asked, () =>
      waits ? hold(answer, { signal, pause, describe: (error) => replyFor(c, error).body }) : answer(signal),
    );
  }

  /** Takes the tokens of what is asked, as far as they can be told from outside, and corrects them by the answer. */
  async function metered(c: Context<AppEnv>, asked: Asked, work: () => Promise<Response>): Promise<Response> {
    const { prompt, reply } = tokensOf(asked);
    const settle = await c.var.reserve?.(prompt + reply);
    try {
      const response = await work();
      return settle ? countTokens(response, prompt, settle) : response;
    } catch (error) {
      await settle?.(0);
      throw error;
    }
  }

  async function wakeForLater(peer: Peer): Promise<void> {
    if (peer.condition() === 'asleep') await peer.start(); // nothing goes on behind an answer where a platform freezes
    if (peer.condition() === 'cold') void peer.wake();
  }

  /** What is done for one client ends when he leaves, and when this server has to. */
  async function forClient(
    { var: { trace } }: Context<AppEnv>,
    left: AbortSignal,
    work: (client: Client) => Promise<Response>,
  ): Promise<Response> {
    const controller = new AbortController();
    follow(left, controller);
    const release = trace.hold();
    const forget = lifecycle?.enter(controller);
    const leave = () => {
      release();
      forget?.();
    };
    try {
      return await work({ signal: controller.signal, leave });
    } catch (error) {
      leave();
      throw endOf(controller.signal) ?? error;
    }
  }

  /** Asks one, once: what it does may not be done twice. */
  async function passTo(c: Context<AppEnv>, name: string | undefined): Promise<Response> {
    if (name === undefined) throw new NoBackendError(`for ${c.req.path}`);
    checkKept(c, name);
    const peer = peerOf(name);
    if (peer.condition() === 'asleep') {
      await peer.start();
      throw new ModelStartingError(peer.backend.model);
    }
    const asked =
      KEPT_BY_MODEL.includes(c.req.path) && c.req.method === 'POST' ? await readAsked(c) : undefined;
    if (!asked) return passBody(c, peer, c.req.raw.body);
    checkServed(c, asked, name);
    const body = JSON.stringify({ ...asked, model: peer.backend.model });
    return metered(c, asked, () => passBody(c, peer, body));
  }

  async function passBody(c: Context<AppEnv>, peer: Peer, given: BodyInit | null): Promise<Response> {
    if (!peer.circuit.enter()) throw new NoBackendError(peer.backend.model);
    const { method } = c.req;
    const body = method === 'GET' || method === 'HEAD' ? null : given;
    const url = new URL(c.req.url);
    const path = url.pathname.startsWith('/v1/') ? url.pathname.slice('/v1'.length) : `/..${url.pathname}`;
    const isUpload = body instanceof ReadableStream; // which takes the time that the client's line takes
    return forClient(c, c.req.raw.signal, async (client) => {
      const answer = await askOne(
        peer,
        `${path}${url.search}`,
        { method, headers: headersFor(c), body, ...(isUpload ? { duplex: 'half' } : {}) } as RequestInit,
        { signal: client.signal, timeoutMs: isUpload ? LONGEST_UPLOAD_MS : timeoutMs },
      );
      peer.circuit.succeed();
      return finish(c, answer, client);
    });
  }

  /** Throws InvalidRequestError when who keeps what comes of it does not serve the model. */
  function checkServed(c: Context<AppEnv>, { model }: Asked, keeper: string): void {
    const { to, overflow } = routeOf(c, model);
    if ([...to.map(({ backend }) => backend), ...overflow].includes(keeper)) return;
    throw new InvalidRequestError(
      'invalid_value',
      'model',
      `what ${c.req.path} keeps is kept by ${keeper}, which does not serve '${model}'`,
    );
  }

  function finish(c: Context<AppEnv>, answer: Answer, { signal, leave }: Client): Response {
    const { peer, response } = answer;
    const { requestId: id } = c.var;
    const backend = peer.backend.name;
    answers.add({ backend, status: String(response.status) });
    c.var.trace.span.setAttribute('cria.backend', backend);
    log({
      event: 'answer',
      requestId: id,
      method: c.req.method,
      path: c.req.path,
      backend,
      status: response.status,
    });
    return passOn(answer, {
      describe: (error) => replyFor(c, endOf(signal) ?? new UpstreamError(backend, error)).body,
      onEnd: (error) => {
        leave();
        if (error !== undefined && !signal.aborted) peer.circuit.fail();
      },
      onLeave: leave,
    });
  }

  /** The body, with images as a backend may have them. */
  async function readAsked(c: Context<AppEnv>): Promise<Asked> {
    const body = await readJson(c.req.raw, maxBodyBytes).catch((error: unknown) => {
      throw images.uploads && error instanceof BodyTooLargeError
        ? new UploadRequiredError(maxBodyBytes)
        : error;
    });
    const asked = parse(Asked, body);
    checkAsked(asked, bounds);
    return allowImages(asked, images, c.var.access.id);
  }

  return {
    app,
    async probe() {
      await Promise.all([...peers.values()].map((peer) => peer.probe()));
    },
  };
}

/** Whom something is asked for. */
interface Client {
  readonly signal: AbortSignal;
  /** All that was for him is done. */
  readonly leave: () => void;
}

const endOf = ({ reason }: AbortSignal): Error | undefined =>
  reason instanceof ShuttingDownError ? reason : undefined;

const modelOf = ({ model, contextLength, licence }: Route, created: number) =>
  toModel({ id: model, created, ownedBy: model.split('/')[0]!, contextLength, licence });
