/** A server of files for tests, which may be a registry of images. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { onTestFinished } from "vitest";

/** What is answered at a path. */
export interface Served {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Whether more of it would follow, which never comes. */
  readonly isUnfinished?: boolean;
}

/** One that answers until the test is over. */
export interface FileServer {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly port: number;
  /** The path of each question, behind what it showed as its authorization. */
  readonly asked: readonly string[];
  /** Answers a path with a file, or with what depends on who asks, from now on. */
  readonly put: (path: string, served: Served | ((request: IncomingMessage) => Served)) => void;
  /** From now on nobody is answered. */
  readonly close: () => void;
}

/** Starts one that knows no path yet; over TLS with a key. */
export async function startFileServer(tls?: {
  readonly certificate: string;
  readonly key: string;
}): Promise<FileServer> {
  const files = new Map<string, Served | ((request: IncomingMessage) => Served)>();
  const asked: string[] = [];
  const answer: RequestListener = (request, response) => {
    const { url = "", headers } = request;
    asked.push(`${headers.authorization ?? "nothing"} ${url}`);
    const file = files.get(url.replace(/\?.*$/, "")) ?? { status: 404 };
    const served = typeof file === "function" ? file(request) : file;
    const { status = 200, headers: own = {}, body = "", isUnfinished = false } = served;
    response.writeHead(status, own);
    if (isUnfinished) response.write(body);
    else response.end(body);
  };
  const server =
    tls === undefined
      ? createServer(answer)
      : createTlsServer({ cert: tls.certificate, key: tls.key }, answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  onTestFinished(close);
  const { port } = server.address() as AddressInfo;
  const put: FileServer["put"] = (path, served) => {
    files.set(path, served);
  };
  return { host: `127.0.0.1:${String(port)}`, port, asked, put, close };
}

export const WASM_LAYER = "application/vnd.module.wasm.content.layer.v1+wasm";
export const OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";
export const DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/** A part of an image. */
export interface Layer {
  readonly mediaType: string;
  readonly body: Uint8Array;
}

export const digestOf = (body: Uint8Array | string): string =>
  `sha256:${createHash("sha256").update(body).digest("hex")}`;

/** Puts an image into a registry under a tag and its digest, and returns that. */
export function putImage(
  { put }: FileServer,
  name: string,
  layers: readonly Layer[],
  tag = "latest",
): string {
  const manifest = JSON.stringify({
    schemaVersion: 2,
    layers: layers.map(({ mediaType, body }) => ({
      mediaType,
      digest: digestOf(body),
      size: body.length,
    })),
  });
  for (const { body } of layers) put(`/v2/${name}/blobs/${digestOf(body)}`, { body });
  put(`/v2/${name}/manifests/${tag}`, { body: manifest });
  put(`/v2/${name}/manifests/${digestOf(manifest)}`, { body: manifest });
  return digestOf(manifest);
}

/** Files in a tar archive that is compressed. */
export async function archiveOf(files: Readonly<Record<string, Uint8Array>>): Promise<Buffer> {
  const archive = pack();
  for (const [name, body] of Object.entries(files)) archive.entry({ name }, Buffer.from(body));
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive as AsyncIterable<Buffer>) chunks.push(chunk);
  return gzipSync(Buffer.concat(chunks));
}
