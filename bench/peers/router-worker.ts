/** router-app.ts as a Worker. */
import { routerApp } from './router-app.ts';

export default { fetch: routerApp((event) => console.log(JSON.stringify(event))) };
