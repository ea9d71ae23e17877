import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import type { RequestListener } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { fetchDocument } from "../../../src/oidc/fetch-document.js";
import {
  type DevelopmentCertificates,
  openDevelopmentCertificates,
} from "../../../src/up/made/development-certificates.js";

const shared: { directory?: string; certificates?: DevelopmentCertificates } = {};

beforeAll(async () => {
  shared.directory = await mkdtemp(join(tmpdir(), "fairlead-documents-"));
  shared.certificates = await openDevelopmentCertificates(shared.directory);
});

afterAll(() => rm(shared.directory ?? "", { recursive: true, force: true }));

/** Where a server on the loopback address answers, and the root of its certificate. */
async function serve(
  answer: RequestListener,
  names: readonly string[] = ["localhost", "127.0.0.1"],
): Promise<{ readonly port: number; readonly root: string }> {
  if (shared.certificates === undefined) throw new Error("it runs only while tests do");
  const { certificate, key, root } = await shared.certificates.certificateFor(names);
  const server: Server = createServer({ cert: certificate, key }, answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, root };
}

const LONG = { signal: new AbortController().signal, timeoutMs: 60_000 };

test("a document is what the server answers, by a certificate for its name", async () => {
  const asked: string[] = [];
  const { port, root } = await serve(({ url = "", headers }, response) => {
    asked.push(`${String(headers.host)}${url}`);
    response.end("héllo");
  });
  const url = new URL(`https://localhost:${String(port)}/a/b`);
  expect(await fetchDocument(url, { mayBePrivate: true, roots: [root], ...LONG })).toBe("héllo");
  expect(asked).toEqual([`localhost:${String(port)}/a/b`]);
});

test("a server at a private address is not called when it may not be there", async () => {
  const { port, root } = await serve((_request, response) => response.end("secret"));
  const url = new URL(`https://localhost:${String(port)}/`);
  const options = { mayBePrivate: false, roots: [root], ...LONG };
  await expect(fetchDocument(url, options)).rejects.toThrow(
    /is no address of the public internet$/,
  );
});

test("a server with a certificate of an unknown authority is not believed", async () => {
  const { port } = await serve((_request, response) => response.end("secret"));
  const url = new URL(`https://localhost:${String(port)}/`);
  await expect(fetchDocument(url, { mayBePrivate: true, ...LONG })).rejects.toThrow(
    /^it cannot be called: (SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT_LOCALLY)$/,
  );
});

test("a server with a certificate for another name is not believed", async () => {
  const { port, root } = await serve(
    (_request, response) => response.end("secret"),
    ["other.example.com"],
  );
  const url = new URL(`https://localhost:${String(port)}/`);
  await expect(fetchDocument(url, { mayBePrivate: true, roots: [root], ...LONG })).rejects.toThrow(
    "it cannot be called: ERR_TLS_CERT_ALTNAME_INVALID",
  );
});

test("a redirect is not followed", async () => {
  const asked: string[] = [];
  const { port, root } = await serve(({ url = "" }, response) => {
    asked.push(url);
    response.writeHead(302, { location: "/elsewhere" }).end();
  });
  const url = new URL(`https://localhost:${String(port)}/here`);
  await expect(fetchDocument(url, { mayBePrivate: true, roots: [root], ...LONG })).rejects.toThrow(
    "it answers with status 302",
  );
  expect(asked).toEqual(["/here"]);
});

test("an answer without end is not read to it", async () => {
  const { port, root } = await serve((_request, response) => {
    const more = (): void => {
      while (!response.destroyed && response.write("x".repeat(16_384)));
      response.once("drain", more);
    };
    more();
  });
  const url = new URL(`https://localhost:${String(port)}/`);
  await expect(fetchDocument(url, { mayBePrivate: true, roots: [root], ...LONG })).rejects.toThrow(
    "its answer has more than 65536 bytes",
  );
});

test("a server that does not answer is given up on", async () => {
  const { port, root } = await serve(() => undefined);
  const url = new URL(`https://localhost:${String(port)}/`);
  await expect(
    fetchDocument(url, { mayBePrivate: true, roots: [root], ...LONG, timeoutMs: 50 }),
  ).rejects.toThrow("it did not answer in time");
});

test("a server that nobody runs cannot be called", async () => {
  const url = new URL("https://127.0.0.1:1/");
  await expect(fetchDocument(url, { mayBePrivate: true, ...LONG })).rejects.toThrow(
    "it cannot be called: ECONNREFUSED",
  );
});
