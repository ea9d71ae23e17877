/** The thread of the echo applications; see echo.ts for what it is told and answers. */
import { parentPort } from "node:worker_threads";
import type { EchoReply, EchoRequest } from "./echo.js";
import { createEchoListeners } from "./echo-listeners.js";

const applications = createEchoListeners();

parentPort?.on("message", ({ id, listeners }: EchoRequest) => {
  void applications.set(listeners).then((failures) => {
    parentPort?.postMessage({ id, failures } satisfies EchoReply);
  });
});
