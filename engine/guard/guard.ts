/** Judges what is said. The app speaks to this and to nothing below it. */
import type { Message } from '../../models/prompts/prompt.ts';
import type { LoadProgress, ModelInfo } from '../engine.ts';

/** When something counts as unsafe. */
export interface GuardPolicy {
  /** P(unsafe) from which on it does; (0, 1]. The published figures are for 0.5. */
  readonly threshold: number;
  /** Codes of categories that are no reason: `S6`. */
  readonly excluded: readonly string[];
  /** What an answer is taken for that is neither `safe` nor `unsafe`. */
  readonly onUnknown: 'unsafe' | 'safe';
}

export const DEFAULT_POLICY: GuardPolicy = { threshold: 0.5, excluded: [], onUnknown: 'unsafe' };

/** What of a conversation is judged, when it counts as unsafe, and what is then said. */
export interface Judging {
  readonly path: 'off' | 'input' | 'output' | 'both';
  readonly policy: GuardPolicy;
  /** The whole reply to what may not be asked. */
  readonly refusal: string;
}

export interface JudgeRequest {
  /** The last turn is judged, in the light of those before. */
  readonly messages: readonly Message[];
  readonly policy: GuardPolicy;
  /** Wants the scores of all categories, also of what is safe: one more pass. */
  readonly scores: boolean;
}

export interface Verdict {
  readonly flagged: boolean;
  /**
   * `excluded`: unsafe, for excluded categories alone · `unknown`: Guard said something else · `empty`: there was nothing
   * to judge
   */
  readonly reason: 'safe' | 'unsafe' | 'excluded' | 'unknown' | 'empty';
  /** P(unsafe), of the window that has most of it; [0, 1]. */
  readonly score: number;
  /** Codes of those that Guard named, the excluded left out. */
  readonly categories: readonly string[];
  /** By code: P(unsafe) times the chance that Guard names the category; [0, 1]. 0 where it was not asked. */
  readonly categoryScores: Readonly<Record<string, number>>;
  /** How many windows were looked at: no more after one that is flagged. */
  readonly windows: number;
  readonly promptTokens: number;
}

export interface GuardInfo extends ModelInfo {
  readonly categories: readonly { readonly code: string; readonly name: string }[];
}

export interface Guard {
  readonly info: GuardInfo;
  readonly state: 'loading' | 'ready' | 'failed';
  readonly load: LoadProgress;
  /** Has done what the first judgement would wait for. Throws UnfitGuardError, and what loading throws. */
  prepare(signal: AbortSignal): Promise<void>;
  /** Throws UnfitGuardError, BusyError, ContextLengthError, LogitsError */
  judge(request: JudgeRequest, signal: AbortSignal): Promise<Verdict>;
}
