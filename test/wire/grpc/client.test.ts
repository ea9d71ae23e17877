/** The client of commands, and servers that it did not make: grpc-js, and HTTP/2 as it is. */
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { expect, onTestFinished, test } from "vitest";
import { GrpcClient, type ServerAddress } from "../../../src/grpc/client.js";
import { statusName } from "../../../src/grpc/status-code.js";
import { temporaryDirectory } from "../../unit/ca/temporary-directory.js";

const same = (bytes: Buffer): Buffer => bytes;
const bytes = {
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
};
const ONCE = "/test.Echo/Once";
const EACH = "/test.Echo/Each";
const SERVICE = {
  Once: { path: ONCE, requestStream: false, responseStream: false, ...bytes },
  Each: { path: EACH, requestStream: true, responseStream: true, ...bytes },
};

/** Says everything again; `!` ends a call with an error, `?` is never answered. */
async function serveEcho(on = "127.0.0.1:0"): Promise<{ port: number; stop: () => void }> {
  const server = new grpc.Server();
  const stop = (): void => {
    server.forceShutdown();
  };
  onTestFinished(stop);
  const once: grpc.handleUnaryCall<Buffer, Buffer> = ({ request }, respond) => {
    const text = request.toString();
    if (text === "!") respond({ code: grpc.status.NOT_FOUND, details: "100 % of it: ü" });
    else if (text !== "?") respond(null, request);
  };
  const each: grpc.handleBidiStreamingCall<Buffer, Buffer> = (call) => {
    call.on("data", (request: Buffer) => call.write(request));
    call.on("end", () => call.end());
  };
  server.addService(SERVICE, { Once: once, Each: each });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(on, grpc.ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return { port, stop };
}

function clientOf(address: ServerAddress, maxMessageBytes = 1000): GrpcClient {
  const client = new GrpcClient(address, maxMessageBytes);
  onTestFinished(() => {
    client.close();
  });
  return client;
}

const at = (port: number): ServerAddress => ({ host: "127.0.0.1", port });

/** What is answered to some requests, and how it ended. */
function talk(
  client: GrpcClient,
  path: string,
  requests: readonly string[],
  deadlineMs = 30_000,
): Promise<readonly string[]> {
  return new Promise((resolve) => {
    const said: string[] = [];
    const call = client.begin(
      path,
      { deadlineMs },
      {
        onMessage: (message) => said.push(message.toString()),
        onEnd: (refusal) => {
          const end =
            refusal === undefined ? "OK" : `${statusName(refusal.code)}: ${refusal.message}`;
          resolve([...said, end]);
        },
      },
    );
    for (const request of requests) call.write(Buffer.from(request));
    call.halfClose();
  });
}

test("what is asked is answered, once or again and again", async () => {
  const client = clientOf(at((await serveEcho()).port));
  expect(await talk(client, ONCE, ["a"])).toEqual(["a", "OK"]);
  expect(await talk(client, EACH, ["a", "", "c"])).toEqual(["a", "", "c", "OK"]);
});

test("an error is told in the server's words", async () => {
  const client = clientOf(at((await serveEcho()).port));
  expect(await talk(client, ONCE, ["!"])).toEqual(["NOT_FOUND: 100 % of it: ü"]);
});

test("a method that a server does not have is UNIMPLEMENTED", async () => {
  const client = clientOf(at((await serveEcho()).port));
  const [end] = await talk(client, "/test.Echo/Missing", ["a"]);
  expect(end).toMatch(/^UNIMPLEMENTED: /);
});

test("an answer that takes longer than it may is not waited for", async () => {
  const client = clientOf(at((await serveEcho()).port));
  const [end] = await talk(client, ONCE, ["?"], 50);
  expect(end).toMatch(/^DEADLINE_EXCEEDED: /);
});

test("an answer of more bytes than it may have is not read", async () => {
  const client = clientOf(at((await serveEcho()).port));
  const [end] = await talk(client, ONCE, ["x".repeat(1001)]);
  expect(end).toBe("RESOURCE_EXHAUSTED: a message of 1001 bytes; at most 1000 are read");
});

test("where nobody listens, each call is told so", async () => {
  const { port, stop } = await serveEcho();
  stop();
  const client = clientOf(at(port));
  const refused = [expect.stringMatching(/^UNAVAILABLE: connect ECONNREFUSED/)];
  expect(await talk(client, ONCE, ["a"])).toEqual(refused);
  expect(await talk(client, ONCE, ["a"])).toEqual(refused);
});

test("a server that goes away ends the calls that are under way", async () => {
  const { port, stop } = await serveEcho();
  const client = clientOf(at(port));
  await talk(client, ONCE, ["a"]);
  const waits = talk(client, ONCE, ["?"]);
  stop();
  expect(await waits).toEqual([expect.stringMatching(/^(UNAVAILABLE|CANCELLED): /)]);
});

test("a server of HTTP/2 that knows no gRPC is said to be none", async () => {
  const server = createServer((_request, response) => {
    response.writeHead(404).end("nothing here");
  });
  onTestFinished(() => {
    server.close();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const client = clientOf(at((server.address() as AddressInfo).port));
  const [end] = await talk(client, ONCE, ["a"]);
  expect(end).toBe("UNAVAILABLE: it answers with status 404 of HTTP");
  client.close();
});

test("a server of another protocol is said to be none", async () => {
  const server = createHttpServer();
  onTestFinished(() => {
    server.close();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const client = clientOf(at((server.address() as AddressInfo).port));
  const [end] = await talk(client, ONCE, ["a"]);
  expect(end).toMatch(/^UNAVAILABLE: it does not speak HTTP\/2 /);
});

test("a socket is called as a port is", async () => {
  const path = join(await temporaryDirectory(), "echo.sock");
  await serveEcho(`unix:${path}`);
  expect(await talk(clientOf({ path }), ONCE, ["a"])).toEqual(["a", "OK"]);
});
