import * as z from 'zod';
import type { ManagedProcess } from './run-folder.ts';

const TIMEOUT_MS = 3_000;

const GatewayHealth = z.object({ backends: z.record(z.string(), z.string()) });

/** Whether a process of this machine says that it is well. Never throws. */
export async function isHealthy({ port, health }: Pick<ManagedProcess, 'port' | 'health'>): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}${health}`, {
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
