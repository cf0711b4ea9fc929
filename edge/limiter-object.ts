import { DurableObject } from 'cloudflare:workers';
import type { Limits } from '../app/access/access-key.ts';
import type { Verdict } from '../app/access/limiter.ts';
import * as quotas from '../app/access/quota.ts';
import { newQuota, type Quota } from '../app/access/quota.ts';

/** A request that has not said for so long that it lives is taken for dead, with the isolate that served it. */
const LEASE_MS = 60_000;
const FORGET_MS = 10 * 60_000; // longer than any bucket takes to fill

interface Kept {
  readonly quota: Quota;
  readonly limits: Limits;
}

/**
 * What one caller has taken, for all isolates: one object of this class for each key and each address. It is written down
 * before anyone is let in, and forgotten when nothing would be lost.
 */
export class LimiterObject extends DurableObject<unknown> {
  enter(limits: Limits, lease: string): Verdict {
    const { quota, ...verdict } = quotas.enter(this.#quota(), limits, this.now(), {
      lease,
      leaseMs: LEASE_MS,
    });
    this.#keep({ quota, limits });
    return verdict;
  }

  reserve(limits: Limits, tokens: number): Verdict {
    const { quota, ...verdict } = quotas.reserve(this.#quota(), limits, this.now(), tokens);
    this.#keep({ quota, limits });
    return verdict;
  }

  settle(limits: Limits, tokensBack: number): void {
    this.#keep({ quota: quotas.settle(this.#quota(), limits, this.now(), tokensBack), limits });
  }

  renew(limits: Limits, lease: string): void {
    this.#keep({ quota: quotas.renew(this.#quota(), limits, this.now(), lease, LEASE_MS), limits });
  }

  leave(limits: Limits, lease: string): void {
    this.#keep({ quota: quotas.leave(this.#quota(), lease), limits });
  }

  async alarm(): Promise<void> {
    const kept = this.#kept();
    if (kept && !quotas.isIdle(kept.quota, kept.limits, this.now())) await this.#wakeLater();
    else await this.ctx.storage.deleteAll();
  }

  protected now(): number {
    return Date.now();
  }

  #kept(): Kept | undefined {
    return this.ctx.storage.kv.get<Kept>('kept');
  }

  #quota(): Quota {
    return this.#kept()?.quota ?? newQuota(this.now());
  }

  #keep(kept: Kept): void {
    const isNew = this.#kept() === undefined;
    this.ctx.storage.kv.put('kept', kept);
    if (isNew) void this.#wakeLater();
  }

  #wakeLater(): Promise<void> {
    return this.ctx.storage.setAlarm(this.now() + FORGET_MS);
  }
}
