import type { Engine } from '../../engine/engine.ts';
import type { Judging } from '../../engine/guard/guard.ts';
import { NoGuardError, type Safety } from '../safety.ts';

/** An engine before a guard, which is told how to judge. Without one nothing passes that should be judged. */
export const judgedEngine = (engine: Engine, judging: Judging, safety: Safety | undefined): Engine => ({
  ...engine,
  async start(request, signal) {
    if (!safety && judging.path !== 'off') throw new NoGuardError();
    return engine.start({ ...request, judging }, signal);
  },
});
