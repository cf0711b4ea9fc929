/** A kernel thread in a browser: says that it is there, then works until it is dismissed. */
import { runThread, type ThreadStart } from '../../kernels/wasm/thread.ts';

addEventListener('message', ({ data }: MessageEvent<ThreadStart>) => {
  postMessage('ready');
  runThread(data);
  close();
});
