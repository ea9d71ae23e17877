/** The commands that run until they are ended: the bundle has them as one script, see `load-long-running.ts`. */
export { runServe } from "./run-serve.js";
export { runUp } from "./run-up.js";
