#!/usr/bin/env node
// Stands in for Envoy: reads a bootstrap of `{ admin: { address, port }, readyAfter, endWith }` and answers /ready with 200
// from the `readyAfter`th time on (0: never), or ends at once with `endWith`. At /arguments it says how it was started.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import process from "node:process";

const file = process.argv[process.argv.indexOf("--config-path") + 1];
const { admin, readyAfter = 1, endWith } = JSON.parse(readFileSync(file, "utf8"));
if (endWith !== undefined) {
  process.stderr.write("bad configuration\n");
  process.exit(endWith);
}
let asked = 0;
createServer((request, response) => {
  if (request.url === "/arguments") {
    response.end(process.argv.join(" "));
    return;
  }
  if (request.url === "/ready") asked += 1;
  const ready = readyAfter > 0 && asked >= readyAfter;
  response.writeHead(ready ? 200 : 503).end(ready ? "LIVE\n" : "PRE_INITIALIZING\n");
}).listen(admin.port, admin.address);
