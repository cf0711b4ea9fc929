import { RemovalPolicy } from 'aws-cdk-lib';
import type { Stage } from './stage.ts';

/** Outlives the stack, but goes with a first deployment that fails: else its name would be in the way of the second. */
export const KEPT = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;

/** Of what clients stored, and of logs. */
export const removalIn = ({ isKept }: Stage): RemovalPolicy => (isKept ? KEPT : RemovalPolicy.DESTROY);
