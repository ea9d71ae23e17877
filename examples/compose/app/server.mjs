/** An application that says who it is and, where CALLS is the URL of another one, what that answered. */
import { createServer } from "node:http";
import process from "node:process";

const { NAME, VERSION, CALLS, ADDRESS = "0.0.0.0" } = process.env;

async function answerOfOther() {
  const answer = await globalThis.fetch(CALLS);
  const text = await answer.text();
  return answer.ok ? JSON.parse(text) : { status: answer.status, text };
}

createServer(async (request, response) => {
  const called =
    CALLS === undefined || request.url === "/healthz"
      ? undefined
      : await answerOfOther().catch((error) => ({ error: String(error.cause ?? error) }));
  response.writeHead(200, { "content-type": "application/json" });
  response.end(`${JSON.stringify({ name: NAME, version: VERSION, called })}\n`);
}).listen(8080, ADDRESS);

process.on("SIGTERM", () => process.exit(0));
