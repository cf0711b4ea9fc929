import * as z from 'zod';
import type { ManagedProcess } from './run-folder.ts';

const TIMEOUT_MS = 3_000;

const GatewayHealth = z.object({ backends: z.record(z.string(), z.string()) });

/** Whether a process of this machine says that it can answer. Never throws. */
export const isReady = ({ port, health }: Pick<ManagedProcess, 'port' | 'health'>): Promise<boolean> =>
  isFine(port, health);

/** Whether it says that it works, ready or not. Never throws. */
export const isLive = ({ port, live }: Pick<ManagedProcess, 'port' | 'live'>): Promise<boolean> =>
  isFine(port, live);

async function isFine(port: number, path: string): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

/** Whether the gateway finds none of its backends down. Never throws. */
export async function gatewaySeesAll({
  port,
  health,
}: Pick<ManagedProcess, 'port' | 'health'>): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}${health}`, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return !Object.values(GatewayHealth.parse(await response.json()).backends).includes('down');
  } catch {
    return false;
  }
}
