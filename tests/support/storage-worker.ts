/** Runs in workerd: the Worker's storage, asked over HTTP, with a clock that the test sets. */

import type { StorageBinding } from '../../edge/env.ts';
import { objectStorage } from '../../edge/object-storage.ts';
import { SqlObject } from '../../edge/sql-object.ts';
import { fromWire, toWire } from './wire.ts';

let nowMs = 0; // an object and its Worker share an isolate

export class TestStorageObject extends SqlObject {
  protected override now(): number {
    return nowMs;
  }
}

interface Call {
  readonly method: 'get' | 'list' | 'read' | 'write';
  readonly args: never[];
  readonly nowMs: number;
}

export default {
  async fetch(request: Request, env: { STORAGE: StorageBinding }): Promise<Response> {
    const call = fromWire(await request.text()) as Call;
    nowMs = call.nowMs;
    const storage = objectStorage(env.STORAGE) as unknown as Record<string, (...args: never[]) => unknown>;
    return new Response(toWire(await storage[call.method]!(...call.args)));
  },
};
