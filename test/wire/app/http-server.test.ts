/** The HTTP port, and clients that send without a look at the answers. */
import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createHttpServer } from "../../../src/app/ports/http-server.js";

/** A server whose metrics take so long; how often they were made. */
async function serve(ms: number): Promise<{ readonly port: number; readonly made: () => number }> {
  let made = 0;
  const server = createHttpServer({
    ready: () => true,
    metrics: async () => {
      made += 1;
      await new Promise((resolve) => setTimeout(resolve, ms));
      return `made ${made}\n`;
    },
    metricsType: "text/plain",
    version: {},
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { port: (server.address() as AddressInfo).port, made: () => made };
}

function open(port: number): Socket {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  onTestFinished(() => {
    socket.destroy();
  });
  return socket;
}

const GET = "GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n";

/** All that comes until the server ends the connection. */
async function allOf(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  await new Promise((resolve) => socket.once("close", resolve));
  return Buffer.concat(chunks).toString();
}

test("metrics are made once for all who ask at the same time, and anew for who asks later", async () => {
  const { port, made } = await serve(5);
  const answers = Array.from({ length: 20 }, () => {
    const socket = open(port);
    socket.write(GET.repeat(10));
    return once(socket, "data");
  });
  await Promise.all(answers);
  expect(made()).toBe(1);
  const ask = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  await expect.poll(ask).toBe("made 2\n");
});

test("who sends thousands of requests without a look at the answers is cut off", async () => {
  const { port } = await serve(0);
  const socket = open(port);
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.write(GET.repeat(5000));
  await closed;
});

test("who sends some at once is answered each", async () => {
  const { port } = await serve(0);
  const socket = open(port);
  socket.write(GET.repeat(99) + GET.replace("host", "connection: close\r\nhost"));
  expect((await allOf(socket)).split("HTTP/1.1 200").length - 1).toBe(100);
});

test("who sends a body without end is answered, and his connection is ended", async () => {
  const { port } = await serve(0);
  const socket = open(port);
  socket.write("POST /metrics HTTP/1.1\r\nhost: x\r\ncontent-length: 100000000000\r\n\r\n");
  socket.write(Buffer.alloc(100_000));
  expect(await allOf(socket)).toMatch(/^HTTP\/1.1 405 /);
});
