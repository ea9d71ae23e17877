import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, expect, test } from "vitest";
import WebSocket from "ws";
import { createFailureCounter } from "../../../../src/up/echo/echo-controls.js";
import {
  type EchoListener,
  type EchoServer,
  listenEcho,
} from "../../../../src/up/echo/echo-server.js";

const LISTENER: EchoListener = {
  address: "127.0.0.1",
  port: 0,
  identity: { pod: "payments-v1-0", namespace: "default", version: "v1", serviceAccount: "pay" },
};

const running: EchoServer[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

async function start(): Promise<EchoServer> {
  const server = await listenEcho(LISTENER, createFailureCounter(10));
  running.push(server);
  return server;
}

const urlOf = ({ address, port }: EchoServer, path: string): string =>
  `http://${address}:${port}${path}`;

test("describes the request and itself over HTTP/1.1", async () => {
  const server = await start();
  const response = await fetch(urlOf(server, "/a?b=c"), {
    method: "POST",
    body: "12345",
    headers: { "x-forwarded-client-cert": "By=spiffe://me;URI=spiffe://caller", "x-role": "admin" },
  });
  expect(response.headers.get("x-echo-pod")).toBe("payments-v1-0");
  expect(response.headers.get("x-echo-version")).toBe("v1");
  expect(await response.json()).toEqual({
    pod: "payments-v1-0",
    namespace: "default",
    version: "v1",
    serviceAccount: "pay",
    peer: "spiffe://caller",
    method: "POST",
    path: "/a?b=c",
    authority: `127.0.0.1:${server.port}`,
    protocol: "HTTP/1.1",
    bodyBytes: 5,
    headers: expect.objectContaining({ "x-role": "admin" }),
  });
});

test("says that nobody proved who they are", async () => {
  const response = await fetch(urlOf(await start(), "/"));
  expect(await response.json()).toMatchObject({ peer: null });
});

test("answers HTTP/2 with prior knowledge on the same port", async () => {
  const server = await start();
  const session = connectHttp2(urlOf(server, ""));
  const stream = session.request({ ":path": "/a" });
  const body: unknown = JSON.parse(await text(stream));
  session.close();
  expect(body).toMatchObject({ path: "/a", protocol: "HTTP/2.0", headers: {} });
});

test("echoes bytes that are no HTTP", async () => {
  const { address, port } = await start();
  const socket = connect({ host: address, port });
  socket.write("hello\n");
  const [echo] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  expect(echo.toString()).toBe("hello\n");
});

test("echoes WebSocket messages, text as text", async () => {
  const { address, port } = await start();
  const socket = new WebSocket(`ws://${address}:${port}/chat`);
  await once(socket, "open");
  socket.send("hello");
  const [data, isBinary] = (await once(socket, "message")) as [Buffer, boolean];
  socket.close();
  expect([data.toString(), isBinary]).toEqual(["hello", false]);
});

test("fails twice and then answers, as a client sees that repeats one request", async () => {
  const server = await start();
  const statuses: number[] = [];
  for (let i = 0; i < 3; i++) {
    const headers = { "x-request-id": "one" };
    statuses.push((await fetch(urlOf(server, "/?fail=2"), { headers })).status);
  }
  expect(statuses).toEqual([503, 503, 200]);
});

test("streams a large body back", async () => {
  const server = await start();
  const call = httpRequest(urlOf(server, "/echo"), { method: "POST" });
  const chunk = Buffer.alloc(2 ** 20, "0123456789abcdef");
  const answered = once(call, "response") as Promise<[AsyncIterable<Buffer>]>;
  for (let i = 0; i < 8; i++) call.write(chunk);
  call.end();
  const [response] = await answered;
  let bytes = 0;
  for await (const part of response) bytes += part.length;
  expect(bytes).toBe(8 * 2 ** 20);
});

test("sends as many bytes as asked for", async () => {
  const response = await fetch(urlOf(await start(), "/bytes/100001"));
  expect((await response.arrayBuffer()).byteLength).toBe(100_001);
});

test("ends open connections when it is closed", async () => {
  const server = await start();
  const socket = connect({ host: server.address, port: server.port });
  socket.write("hello");
  await once(socket, "data");
  const closed = once(socket, "close");
  await server.close();
  await closed;
  expect(socket.destroyed).toBe(true);
});

test("survives a caller that goes away in the middle of an answer", async () => {
  const server = await start();
  const controller = new AbortController();
  const response = await fetch(urlOf(server, "/bytes/1000000000"), { signal: controller.signal });
  controller.abort();
  await expect(response.arrayBuffer()).rejects.toThrow();
  expect((await fetch(urlOf(server, "/"))).status).toBe(200);
});
