import * as z from 'zod';

/** How those who run it see what it does. */
export const observability = z.strictObject({ serviceMonitor: z.boolean().default(false) });
