/** A thread of the Node server that runs kernels beside the main one. */
import { workerData } from 'node:worker_threads';
import { runThread, type ThreadStart } from '../kernels/wasm/thread.ts';

runThread(workerData as ThreadStart);
