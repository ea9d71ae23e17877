/** A server of gRPC and clients that it did not make: grpc-js, and HTTP/2 as it is. */
import { once } from "node:events";
import * as http2 from "node:http2";
import { connect } from "node:net";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { expect, onTestFinished, test } from "vitest";
import type { Caller } from "../../../src/grpc/caller.js";
import { frameHead } from "../../../src/grpc/framing.js";
import type { HostedCall } from "../../../src/grpc/hosted-call.js";
import { addService, type HandleUnary } from "../../../src/grpc/hosted-service.js";
import { messageOf } from "../../../src/grpc/message.js";
import { GrpcServer, type ListenOn, type ServerLimits } from "../../../src/grpc/server.js";
import type { ServerCall } from "../../../src/grpc/server-call.js";
import { OK } from "../../../src/grpc/status.js";
import { temporaryDirectory } from "../../unit/ca/temporary-directory.js";

const LIMITS: ServerLimits = {
  maxMessageBytes: 1000,
  closeMs: 60_000,
  maxStreams: 4,
  maxCalls: 100,
  maxConnections: 100,
  idleMs: 60_000,
  crumbBurst: 1000,
  crumbsPerSecond: 100,
  maxPartBytes: 1_000_000,
  pingEveryMs: 60_000,
  pingTimeoutMs: 60_000,
  handshakeMs: 60_000,
};

const text = {
  requestSerialize: (value: string) => Buffer.from(value),
  requestDeserialize: (bytes: Buffer) => {
    if (bytes.length === 0) throw new Error("nothing in it");
    return bytes.toString();
  },
  responseSerialize: (value: string) => Buffer.from(value),
  responseDeserialize: (bytes: Buffer) => bytes.toString(),
};

const SERVICE = {
  Once: { path: "/test.Echo/Once", requestStream: false, responseStream: false, ...text },
  Each: { path: "/test.Echo/Each", requestStream: true, responseStream: true, ...text },
  Missing: { path: "/test.Echo/Missing", requestStream: false, responseStream: false, ...text },
};

interface Served {
  readonly port: number;
  /** Paths of the calls that were told to be over. */
  readonly cancelled: string[];
  readonly callers: Caller[];
}

const LOOPBACK: ListenOn = { host: "127.0.0.1", port: 0 };

/** Says everything twice; `!` ends a call with an error. */
async function serveEcho(limits: Partial<ServerLimits> = {}, on = LOOPBACK): Promise<Served> {
  const server = new GrpcServer({ ...LIMITS, ...limits });
  onTestFinished(() => server.close());
  const [cancelled, callers]: [string[], Caller[]] = [[], []];
  const once: HandleUnary<string, string> = ({ request, caller }, respond) => {
    callers.push(caller);
    if (request === "!") respond({ code: grpc.status.NOT_FOUND, details: "100 % of it: ü" });
    else respond(null, request + request);
  };
  addService(server, SERVICE, {
    Once: once,
    Each: (call: HostedCall<string, string>) => {
      call.on("cancelled", () => cancelled.push("Each"));
      call.on("data", (request: string) => call.write(request + request));
      call.once("end", () => call.end());
    },
  });
  return { port: await server.listen(on), cancelled, callers };
}

function clientOf(address: string): grpc.Client & Record<string, unknown> {
  const client = new grpc.Client(address, grpc.credentials.createInsecure());
  onTestFinished(() => {
    client.close();
  });
  return client as grpc.Client & Record<string, unknown>;
}

/** What is answered to one request, or `CODE: details`. */
function ask(
  address: string,
  request: string,
  method: keyof typeof SERVICE = "Once",
  options: grpc.CallOptions = {},
): Promise<string> {
  const { path, requestSerialize, responseDeserialize } = SERVICE[method];
  return new Promise((resolve) => {
    clientOf(address).makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      options,
      (error, value) => {
        resolve(error === null ? String(value) : `${grpc.status[error.code]}: ${error.details}`);
      },
    );
  });
}

/** A client of HTTP/2, without gRPC. */
function session(port: number): http2.ClientHttp2Session {
  const client = http2.connect(`http://127.0.0.1:${port}`);
  client.on("error", () => undefined);
  onTestFinished(() => {
    client.destroy();
  });
  return client;
}

const HEADERS = { ":method": "POST", "content-type": "application/grpc", te: "trailers" };

test("a request is answered", async () => {
  const { port } = await serveEcho();
  expect(await ask(`127.0.0.1:${port}`, "ab")).toBe("abab");
});

test("an error has its code and its details, whatever their letters", async () => {
  const { port } = await serveEcho();
  expect(await ask(`127.0.0.1:${port}`, "!")).toBe("NOT_FOUND: 100 % of it: ü");
});

test("a request that cannot be decoded is an error of that call", async () => {
  const { port } = await serveEcho();
  expect(await ask(`127.0.0.1:${port}`, "")).toBe("INTERNAL: the request cannot be decoded");
  expect(await ask(`127.0.0.1:${port}`, "a")).toBe("aa");
});

test("a method without a handler is not implemented", async () => {
  const { port } = await serveEcho();
  expect(await ask(`127.0.0.1:${port}`, "a", "Missing")).toBe(
    "UNIMPLEMENTED: there is no method /test.Echo/Missing",
  );
});

test("a request that is too long is refused", async () => {
  const { port } = await serveEcho();
  const long = "a".repeat(1001);
  expect(await ask(`127.0.0.1:${port}`, long)).toMatch(/^RESOURCE_EXHAUSTED: .* at most 1000/);
});

test("each request of a stream is answered, and its end by an end", async () => {
  const { port } = await serveEcho();
  const { path, requestSerialize, responseDeserialize } = SERVICE.Each;
  const stream = clientOf(`127.0.0.1:${port}`).makeBidiStreamRequest(
    path,
    requestSerialize,
    responseDeserialize,
  );
  for (let index = 0; index < 100; index += 1) stream.write(`${index},`);
  stream.end();
  const answers = await stream.toArray();
  expect(answers).toEqual(Array.from({ length: 100 }, (_, index) => `${index},${index},`));
});

test("a handler may iterate over requests, and end the call when there are no more", async () => {
  const server = new GrpcServer(LIMITS);
  onTestFinished(() => server.close());
  const answerEach = async (call: HostedCall<string, string>): Promise<void> => {
    for await (const request of call) call.write(`${request}!`);
    call.end("the end");
  };
  addService(server, SERVICE, {
    Each: (call: HostedCall<string, string>) => void answerEach(call),
  });
  const { path, requestSerialize, responseDeserialize } = SERVICE.Each;
  const stream = clientOf(`127.0.0.1:${await server.listen(LOOPBACK)}`).makeBidiStreamRequest(
    path,
    requestSerialize,
    responseDeserialize,
  );
  stream.write("a");
  stream.end();
  const status = once(stream, "status");
  expect(await stream.toArray()).toEqual(["a!", "the end"]);
  expect(await status).toMatchObject([{ code: grpc.status.OK }]);
});

test("a call whose client is gone is told so", async () => {
  const { port, cancelled } = await serveEcho();
  const client = session(port);
  const stream = client.request({ ...HEADERS, ":path": "/test.Echo/Each" });
  stream.on("error", () => undefined);
  stream.write(Buffer.concat([frameHead(1), Buffer.from("a")]));
  await once(stream, "data");
  client.destroy();
  await expect.poll(() => cancelled).toEqual(["Each"]);
});

test("what is no gRPC is refused by HTTP's own code", async () => {
  const { port } = await serveEcho();
  const stream = session(port).request({ ":path": "/test.Echo/Once", ":method": "GET" });
  const [headers] = (await once(stream, "response")) as [http2.IncomingHttpHeaders];
  expect(headers[":status"]).toBe(415);
});

test("a call without a request is an error", async () => {
  const { port } = await serveEcho();
  const stream = session(port).request({ ...HEADERS, ":path": "/test.Echo/Once" });
  stream.end();
  const [headers] = (await once(stream, "response")) as [http2.IncomingHttpHeaders];
  expect(headers["grpc-status"]).toBe(String(grpc.status.INVALID_ARGUMENT));
});

test("streams that are one too many of a connection are refused", async () => {
  const { port } = await serveEcho({ maxStreams: 2 });
  const client = session(port);
  await once(client, "remoteSettings");
  expect(client.remoteSettings.maxConcurrentStreams).toBe(2);
});

test("a caller on a Unix socket has no address, and others have theirs", async () => {
  const path = join(await temporaryDirectory(), "socket");
  const onSocket = await serveEcho({}, { path });
  expect(await ask(`unix:${path}`, "a")).toBe("aa");
  expect(onSocket.callers).toMatchObject([{ address: "", name: "a Unix socket" }]);
  const onPort = await serveEcho();
  expect(await ask(`127.0.0.1:${onPort.port}`, "a")).toBe("aa");
  expect(onPort.callers).toMatchObject([
    { address: "127.0.0.1", name: expect.stringMatching(/^127\.0\.0\.1:\d+$/) },
  ]);
});

/** The first call of a server that does nothing with its calls. */
async function oneCall(
  limits: Partial<ServerLimits> = {},
): Promise<{ readonly port: number; readonly call: Promise<ServerCall> }> {
  const server = new GrpcServer({ ...LIMITS, ...limits });
  onTestFinished(() => server.close());
  const call = new Promise<ServerCall>((resolve) => {
    server.addMethod("/test.Raw/Call", resolve);
  });
  return { port: await server.listen(LOOPBACK), call };
}

const IGNORED = {
  onMessage: () => undefined,
  onHalfClosed: () => undefined,
  onClosed: () => undefined,
};

test("a call ends when its caller waits no more", async () => {
  const { port } = await oneCall();
  const headers = { ...HEADERS, ":path": "/test.Raw/Call", "grpc-timeout": "50m" };
  const stream = session(port).request(headers);
  const [answer] = (await once(stream, "response")) as [http2.IncomingHttpHeaders];
  expect(answer["grpc-status"]).toBe(String(grpc.status.DEADLINE_EXCEEDED));
});

test("a message of many parts, long or short, comes as one", async () => {
  const { port, call } = await oneCall();
  const stream = clientOf(`127.0.0.1:${port}`).makeBidiStreamRequest(
    "/test.Raw/Call",
    text.requestSerialize,
    (bytes) => bytes,
  );
  const served = await call;
  served.start(IGNORED);
  const parts = Array.from({ length: 300 }, (_, index) => Buffer.alloc(index * 7, index));
  let written = 0;
  const count = (): void => {
    written += 1;
  };
  for (const some of [parts, parts.slice(0, 3), [], parts]) served.write(messageOf(some), count);
  served.end(OK);
  const whole = Buffer.concat(parts);
  const expected = [whole, Buffer.concat(parts.slice(0, 3)), Buffer.alloc(0), whole];
  expect(await stream.toArray()).toEqual(expected);
  expect(written).toBe(4);
});

test("who does not read how his call ended is waited for no longer", async () => {
  const { port, call } = await oneCall({ closeMs: 50 });
  session(port).request({ ...HEADERS, ":path": "/test.Raw/Call" });
  const served = await call;
  const closed = new Promise<void>((resolve) => {
    served.start({ ...IGNORED, onClosed: resolve });
  });
  served.write(messageOf([Buffer.alloc(1024 * 1024)]));
  served.end(OK);
  await closed;
});

test("messages that come in while a call is paused wait, in their order", async () => {
  const { port, call } = await oneCall();
  const stream = session(port).request({ ...HEADERS, ":path": "/test.Raw/Call" });
  const served = await call;
  const told: string[] = [];
  const halfClosed = new Promise<void>((resolve) => {
    served.start({
      ...IGNORED,
      onMessage: (bytes) => {
        told.push(bytes.toString());
        if (told.length === 1) {
          served.pause();
          setImmediate(() => {
            told.push("pause is over");
            served.resume();
          });
        }
      },
      onHalfClosed: resolve,
    });
  });
  const message = (letter: string): Buffer => Buffer.concat([frameHead(1), Buffer.from(letter)]);
  stream.end(Buffer.concat(["a", "b", "c"].map(message)));
  await halfClosed;
  expect(told).toEqual(["a", "pause is over", "b", "c"]);
});

test("a connection whose other side does not answer is ended", async () => {
  const { port } = await serveEcho({ pingEveryMs: 20, pingTimeoutMs: 20 });
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => {
    socket.destroy();
  });
  socket.on("error", () => undefined);
  // The preface and empty settings: a client that then says nothing.
  socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
  socket.resume();
  await once(socket, "close");
});

test("a connection whose other side answers stays", async () => {
  const { port } = await serveEcho({ pingEveryMs: 5, pingTimeoutMs: 10_000 });
  const client = session(port);
  let pings = 0;
  await new Promise<void>((resolve) => {
    client.on("ping", () => {
      pings += 1;
      if (pings === 5) resolve();
    });
  });
  expect(client.closed).toBe(false);
});

test("a connection is ended over which messages come in crumbs, and a message in a few is read", async () => {
  const { port } = await serveEcho({ crumbBurst: 20, crumbsPerSecond: 0 });
  const client = session(port);
  const bytes = Buffer.concat([frameHead(15), Buffer.alloc(15, "a")]);
  const crumbs = async (): Promise<http2.ClientHttp2Stream> => {
    const stream = client.request({ ...HEADERS, ":path": "/test.Echo/Each" });
    stream.on("error", () => undefined);
    // Each is a frame of its own.
    for (const byte of bytes)
      await new Promise((resolve) => stream.write(Buffer.of(byte), resolve));
    return stream;
  };
  const [answer] = (await once(await crumbs(), "data")) as [Buffer];
  expect(answer.subarray(5).toString()).toBe("a".repeat(30));
  const goaway = once(client, "goaway");
  await crumbs();
  const [code] = (await goaway) as [number];
  expect(code).toBe(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM);
  expect(await ask(`127.0.0.1:${port}`, "a")).toBe("aa");
});

test("a connection without a call is ended after a while, and one with a call stays", async () => {
  const { port } = await serveEcho({ pingEveryMs: 20, idleMs: 60 });
  const [busy, idle] = [session(port), session(port)];
  const stream = busy.request({ ...HEADERS, ":path": "/test.Echo/Each" });
  stream.write(Buffer.concat([frameHead(1), Buffer.from("a")]));
  const goaway = once(idle, "goaway");
  await once(idle, "close");
  const [code] = (await goaway) as [number];
  expect(code).toBe(http2.constants.NGHTTP2_NO_ERROR);
  expect(busy.closed).toBe(false);
});

test("a connection is not kept by what is no call, though its client never ends that", async () => {
  const { port } = await serveEcho({ pingEveryMs: 20, idleMs: 60 });
  const idle = session(port);
  const stream = idle.request({ ":method": "POST", ":path": "/test.Echo/Each" });
  stream.on("error", () => undefined);
  await once(stream, "response");
  await once(idle, "close");
});

test("connections that are too many are closed, and those before them are not", async () => {
  const { port } = await serveEcho({ maxConnections: 1 });
  const first = session(port);
  await once(first, "remoteSettings");
  const second = connect(port, "127.0.0.1");
  second.on("error", () => undefined).resume();
  await once(second, "close");
  expect(first.closed).toBe(false);
});

test("calls that are too many in all are refused, until one ends", async () => {
  const { port } = await serveEcho({ maxCalls: 1 });
  const first = session(port).request({ ...HEADERS, ":path": "/test.Echo/Each" });
  first.write(Buffer.concat([frameHead(1), Buffer.from("a")]));
  await once(first, "data");
  expect(await ask(`127.0.0.1:${port}`, "a")).toBe("RESOURCE_EXHAUSTED: too many calls");
  first.end();
  await expect.poll(() => ask(`127.0.0.1:${port}`, "a")).toBe("aa");
});

test("a call whose request does not come is ended", async () => {
  const server = new GrpcServer(LIMITS);
  onTestFinished(() => server.close());
  addService(server, SERVICE, { Once: () => undefined, Each: () => undefined }, 50);
  const client = session(await server.listen(LOOPBACK));
  for (const method of ["Once", "Each"]) {
    const stream = client.request({ ...HEADERS, ":path": `/test.Echo/${method}` });
    const [answer] = (await once(stream, "response")) as [http2.IncomingHttpHeaders];
    expect(answer["grpc-status"]).toBe(String(grpc.status.DEADLINE_EXCEEDED));
  }
});

test("calls whose messages come in part are refused when these take too much memory, and others are served", async () => {
  const { port } = await serveEcho({ maxMessageBytes: 100_000, maxPartBytes: 100_000 });
  const client = session(port);
  const part = Buffer.concat([frameHead(100_000), Buffer.alloc(60_000)]);
  const streams = [0, 1].map(() => client.request({ ...HEADERS, ":path": "/test.Echo/Each" }));
  const answers = Promise.race(streams.map((stream) => once(stream, "response")));
  for (const stream of streams) stream.write(part);
  const [answer] = (await answers) as [http2.IncomingHttpHeaders];
  expect(answer["grpc-status"]).toBe(String(grpc.status.RESOURCE_EXHAUSTED));
  expect(await ask(`127.0.0.1:${port}`, "a")).toBe("aa");
});

test("to close a server ends its calls, and frees its port", async () => {
  const server = new GrpcServer(LIMITS);
  const closed = new Promise<void>((resolve) => {
    server.addMethod("/test.Raw/Call", (call) => {
      call.start({ ...IGNORED, onClosed: resolve });
      void server.close();
    });
  });
  const port = await server.listen(LOOPBACK);
  const stream = session(port).request({ ...HEADERS, ":path": "/test.Raw/Call" });
  stream.on("error", () => undefined);
  await closed;
  const other = new GrpcServer(LIMITS);
  onTestFinished(() => other.close());
  expect(await other.listen({ host: "127.0.0.1", port })).toBe(port);
});

test("a port that is taken is told by its code", async () => {
  const { port } = await serveEcho();
  const other = new GrpcServer(LIMITS);
  await expect(other.listen({ host: "127.0.0.1", port })).rejects.toMatchObject({
    code: "EADDRINUSE",
  });
});
