/** Modules as they come from servers of files and from registries of images. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, test } from "vitest";
import { parseAllowedHost } from "../../../src/net/allowed-host.js";
import {
  type DevelopmentCertificates,
  openDevelopmentCertificates,
} from "../../../src/up/made/development-certificates.js";
import {
  type FetchedModule,
  fetchModule,
  type ModuleSource,
} from "../../../src/wasm/fetch-module.js";
import {
  archiveOf,
  DOCKER_LAYER,
  digestOf,
  type FileServer,
  OCI_LAYER,
  putImage,
  startFileServer,
  WASM_LAYER,
} from "../../wasm/file-server.js";
import { minimalPlugin } from "../../wasm/wat-module.js";

const shared: { code: Uint8Array; directory?: string; certificates?: DevelopmentCertificates } = {
  code: new Uint8Array(),
};

beforeAll(async () => {
  shared.code = await minimalPlugin();
  shared.directory = await mkdtemp(join(tmpdir(), "fairlead-modules-"));
  shared.certificates = await openDevelopmentCertificates(shared.directory);
});

afterAll(() => rm(shared.directory ?? "", { recursive: true, force: true }));

const MIB = 1024 * 1024;

interface Where {
  readonly allowed: readonly string[];
  readonly roots?: readonly string[];
  readonly timeoutMs?: number;
}

function fetched(
  source: Partial<ModuleSource> & { readonly url: string },
  { allowed, roots, timeoutMs = 30_000 }: Where,
): Promise<FetchedModule> {
  return fetchModule({ sha256: "", ...source }, new AbortController().signal, {
    hosts: allowed.flatMap((text) => parseAllowedHost(text) ?? []),
    timeoutMs,
    ...(roots && { roots }),
  });
}

const from = (server: FileServer, url: string, more: Partial<ModuleSource> = {}) =>
  fetched({ url, ...more }, { allowed: [server.host] });

async function startTls(): Promise<{ readonly server: FileServer; readonly root: string }> {
  if (shared.certificates === undefined) throw new Error("it runs only while tests do");
  const { root, ...tls } = await shared.certificates.certificateFor(["127.0.0.1", "localhost"]);
  return { server: await startFileServer(tls), root };
}

/** Has all memory given back that nobody can reach. */
function collectGarbage(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}

const module = (): FetchedModule => ({
  code: expect.objectContaining({ length: shared.code.length }) as Uint8Array,
  sha256: digestOf(shared.code).slice("sha256:".length),
});

describe("a module of a server of files", () => {
  it.each([
    ["as it is", () => shared.code],
    ["compressed", () => gzipSync(shared.code)],
    ["in an archive", () => archiveOf({ "filter.wasm": shared.code })],
  ])("is found %s", async (_how, body) => {
    const server = await startFileServer();
    server.put("/filter.wasm", { body: await body() });
    expect(await from(server, `http://${server.host}/filter.wasm`)).toEqual(module());
  });

  it("has the SHA-256 that the plugin says, or is none", async () => {
    const server = await startFileServer();
    server.put("/filter.wasm", { body: shared.code });
    const url = `http://${server.host}/filter.wasm`;
    const { sha256 } = module();
    expect(await from(server, url, { sha256 })).toEqual(module());
    await expect(from(server, url, { sha256: "0".repeat(64) })).rejects.toThrow(
      `the SHA-256 of what is there is ${sha256} and not ${"0".repeat(64)}`,
    );
  });

  it("is read no further than 64 MiB, unpacked or not", async () => {
    const server = await startFileServer();
    server.put("/long", { body: Buffer.alloc(64 * MIB + 1) });
    server.put("/packed", { body: gzipSync(Buffer.alloc(64 * MIB + 1)) });
    await expect(from(server, `http://${server.host}/long`)).rejects.toThrow(
      "its answer has more than 67108864 bytes",
    );
    await expect(from(server, `http://${server.host}/packed`)).rejects.toThrow(
      "it has more than 64 MiB when it is unpacked",
    );
  });

  it("is waited for no longer than it may take in all, whatever is collected as garbage meanwhile", async () => {
    const server = await startFileServer();
    server.put("/filter.wasm", { status: 302, headers: { location: "/more" } });
    server.put("/more", { body: "begun", isUnfinished: true });
    const url = `http://${server.host}/filter.wasm`;
    const collecting = setInterval(collectGarbage(), 20);
    onTestFinished(() => {
      clearInterval(collecting);
    });
    await expect(fetched({ url }, { allowed: [server.host], timeoutMs: 300 })).rejects.toThrow(
      "it did not answer in time",
    );
  });

  it("is none when the server has none, or something else", async () => {
    const server = await startFileServer();
    server.put("/page", { body: "<html>" });
    await expect(from(server, `http://${server.host}/filter.wasm`)).rejects.toThrow(
      "its server answers with status 404",
    );
    await expect(from(server, `http://${server.host}/page`)).rejects.toThrow(
      "what is there is no WebAssembly module",
    );
  });
});

describe("a redirect", () => {
  const target = (server: FileServer) => {
    server.put("/filter.wasm", { body: shared.code });
    return `http://${server.host}/filter.wasm`;
  };

  it("is followed to a host that is allowed", async () => {
    const [first, second] = [await startFileServer(), await startFileServer()];
    first.put("/a", { status: 307, headers: { location: target(second) } });
    const url = `http://${first.host}/a`;
    expect(await fetched({ url }, { allowed: [first.host, second.host] })).toEqual(module());
  });

  it("leads to no host that nobody allowed, but by https to a public address", async () => {
    const [first, second, { server: third, root }] = [
      await startFileServer(),
      await startFileServer(),
      await startTls(),
    ];
    third.put("/filter.wasm", { body: shared.code });
    first.put("/plain", { status: 302, headers: { location: target(second) } });
    first.put("/address", {
      status: 302,
      headers: { location: `https://${third.host}/filter.wasm` },
    });
    first.put("/name", {
      status: 302,
      headers: { location: `https://localhost:${String(third.port)}/filter.wasm` },
    });
    const where = { allowed: [first.host], roots: [root] };
    const at = (path: string) => fetched({ url: `http://${first.host}${path}` }, where);
    await expect(at("/plain")).rejects.toThrow(
      `it leads to http://${second.host} without TLS, and nobody allowed that: start with --fetch-modules ${second.host}`,
    );
    for (const path of ["/address", "/name"]) {
      await expect(at(path)).rejects.toThrow("is no address of the public internet");
    }
    expect([...second.asked, ...third.asked]).toEqual([]);
  });

  it("never leads out of https", async () => {
    const { server, root } = await startTls();
    const plain = await startFileServer();
    server.put("/a", { status: 302, headers: { location: target(plain) } });
    const where = { allowed: [server.host, plain.host], roots: [root] };
    await expect(fetched({ url: `https://${server.host}/a` }, where)).rejects.toThrow(
      "it redirects from https:// to http://",
    );
    expect(plain.asked).toEqual([]);
  });

  it("is followed five times and no more", async () => {
    const server = await startFileServer();
    for (let i = 0; i < 6; i++) {
      server.put(`/${String(i)}`, { status: 301, headers: { location: `/${String(i + 1)}` } });
    }
    server.put("/6", { body: shared.code });
    expect(await from(server, `http://${server.host}/1`)).toEqual(module());
    await expect(from(server, `http://${server.host}/0`)).rejects.toThrow(
      "it redirects more than 5 times",
    );
  });
});

describe("a module of an image", () => {
  it("is a layer of a type of its own", async () => {
    const server = await startFileServer();
    putImage(server, "filters/a", [
      { mediaType: WASM_LAYER, body: shared.code },
      { mediaType: "application/vnd.module.wasm.config.v1+json", body: Buffer.from("{}") },
    ]);
    expect(await from(server, `oci://${server.host}/filters/a`)).toEqual(module());
  });

  it.each([OCI_LAYER, DOCKER_LAYER])("is plugin.wasm in a last layer of type %s", async (type) => {
    const server = await startFileServer();
    putImage(
      server,
      "a",
      [
        { mediaType: type, body: await archiveOf({ "plugin.wasm": Buffer.from("below") }) },
        {
          mediaType: type,
          body: await archiveOf({ "other.wasm": Buffer.from("x"), "./plugin.wasm": shared.code }),
        },
      ],
      "v1",
    );
    expect(await from(server, `oci://${server.host}/a:v1`)).toEqual(module());
  });

  it("is that of the first image of an index that is of a platform", async () => {
    const server = await startFileServer();
    const digest = putImage(server, "a", [{ mediaType: WASM_LAYER, body: shared.code }], "own");
    const index = JSON.stringify({
      manifests: [
        { digest: `sha256:${"0".repeat(64)}`, platform: { architecture: "unknown" } },
        { digest, platform: { architecture: "amd64" } },
      ],
    });
    server.put("/v2/a/manifests/latest", { body: index });
    const url = `oci://${server.host}/a`;
    for (const one of [digest, digestOf(index)]) {
      expect(await from(server, url, { sha256: one.slice("sha256:".length) })).toEqual(module());
    }
  });

  it("is of the digest that the URL and the plugin say, or there is none", async () => {
    const server = await startFileServer();
    const digest = putImage(server, "a", [{ mediaType: WASM_LAYER, body: shared.code }]);
    const other = `sha256:${"0".repeat(64)}`;
    server.put(`/v2/a/manifests/${other}`, { body: '{"layers":[]}' });
    const url = `oci://${server.host}/a`;
    expect(await from(server, `${url}:latest@${digest}`)).toEqual(module());
    await expect(from(server, `${url}@${other}`)).rejects.toThrow(`and not ${other}`);
    await expect(from(server, url, { sha256: "0".repeat(64) })).rejects.toThrow(
      `the digest of its image is ${digest} and not ${other}`,
    );
  });

  it("is none when a registry has something else for its digest", async () => {
    const server = await startFileServer();
    putImage(server, "a", [{ mediaType: WASM_LAYER, body: shared.code }]);
    server.put(`/v2/a/blobs/${digestOf(shared.code)}`, { body: "something else" });
    await expect(from(server, `oci://${server.host}/a`)).rejects.toThrow(
      `what its registry has for ${digestOf(shared.code)} is something else`,
    );
  });

  it.each([
    ["no JSON", "the manifest of its image is no JSON object"],
    ['{"layers":[]}', "its image has no layers"],
    [
      `{"layers":[{"mediaType":"text/plain","digest":"sha256:${"0".repeat(64)}"}]}`,
      'the last layer of its image is of type "text/plain", in which no module is',
    ],
    ['{"layers":[{"mediaType":"x","digest":"../../secret"}]}', "its image has no layers"],
    [`{"x":"${" ".repeat(4 * MIB)}"}`, "its answer has more than 4194304 bytes"],
  ])("is none when the manifest is %.40s", async (manifest, problem) => {
    const server = await startFileServer();
    server.put("/v2/a/manifests/latest", { body: manifest });
    await expect(from(server, `oci://${server.host}/a`)).rejects.toThrow(problem);
  });

  it("is none when its layer has no plugin.wasm, or is no archive", async () => {
    const server = await startFileServer();
    putImage(server, "a", [{ mediaType: OCI_LAYER, body: await archiveOf({ a: shared.code }) }]);
    putImage(server, "b", [{ mediaType: OCI_LAYER, body: shared.code }]);
    await expect(from(server, `oci://${server.host}/a`)).rejects.toThrow(
      "the layer of its image has no file plugin.wasm",
    );
    await expect(from(server, `oci://${server.host}/b`)).rejects.toThrow(
      "what is packed by gzip cannot be unpacked",
    );
  });
});

const docker = (host: string, entry: object): string =>
  JSON.stringify({ auths: { [host]: entry } });
const BASIC = `Basic ${Buffer.from("ann:secret").toString("base64")}`;
const ANN = { username: "ann", password: "secret" };

describe("a registry", () => {
  it("that wants a token is shown one of where it says, whoever asks", async () => {
    const server = await startFileServer();
    putImage(server, "a", [{ mediaType: WASM_LAYER, body: shared.code }]);
    wantToken(server, `http://${server.host}/token`);
    server.put("/token", { body: '{"token":"t0"}' });
    expect(await from(server, `oci://${server.host}/a`)).toEqual(module());
    expect(server.asked.map((one) => one.slice(0, 60))).toEqual([
      "nothing /v2/a/manifests/latest",
      "nothing /token?service=registry&scope=repository%3Aa%3Apull",
      "Bearer t0 /v2/a/manifests/latest",
      `Bearer t0 /v2/a/blobs/${digestOf(shared.code)}`.slice(0, 60),
    ]);
  });

  it("has its token given for the credentials of the pull secret", async () => {
    const server = await startFileServer();
    putImage(server, "a", [{ mediaType: WASM_LAYER, body: shared.code }]);
    wantToken(server, `http://${server.host}/token`);
    server.put("/token", ({ headers }) =>
      headers.authorization === BASIC ? { body: '{"access_token":"t1"}' } : { status: 401 },
    );
    const url = `oci://${server.host}/a`;
    const credentials = docker(`http://${server.host}/v1/`, ANN);
    expect(await from(server, url, { credentials })).toEqual(module());
    await expect(from(server, url)).rejects.toThrow(
      "who gives tokens for its registry gave none: status 401",
    );
  });

  it("that wants a password is shown that of its own and no other", async () => {
    const server = await startFileServer();
    const digest = putImage(server, "a", [{ mediaType: WASM_LAYER, body: shared.code }]);
    const manifest = {
      body: JSON.stringify({ layers: [{ mediaType: WASM_LAYER, digest: digestOf(shared.code) }] }),
    };
    server.put("/v2/a/manifests/latest", ({ headers }) =>
      headers.authorization === BASIC
        ? manifest
        : { status: 401, headers: { "www-authenticate": 'Basic realm="x"' } },
    );
    const url = `oci://${server.host}/a`;
    expect(digest).toMatch(/^sha256:/);
    const auth = Buffer.from("ann:secret").toString("base64");
    expect(await from(server, url, { credentials: docker(server.host, { auth }) })).toEqual(
      module(),
    );
    await expect(from(server, url, { credentials: docker("other.io", ANN) })).rejects.toThrow(
      "its registry answers with status 401 when it is asked for manifests/latest; if it wants credentials, name a Secret that has them as imagePullSecret",
    );
  });

  it("that redirects has another host told no credentials", async () => {
    const [server, other] = [await startFileServer(), await startFileServer()];
    putImage(server, "a", [{ mediaType: WASM_LAYER, body: shared.code }]);
    other.put("/blob", { body: shared.code });
    server.put(`/v2/a/blobs/${digestOf(shared.code)}`, {
      status: 307,
      headers: { location: `http://${other.host}/blob` },
    });
    const credentials = docker(server.host, { registrytoken: "t2" });
    const where = { allowed: [server.host, other.host] };
    expect(await fetched({ url: `oci://${server.host}/a`, credentials }, where)).toEqual(module());
    expect(server.asked).toContain("Bearer t2 /v2/a/manifests/latest");
    expect(other.asked).toEqual(["nothing /blob"]);
  });

  it("over TLS has no token asked for without", async () => {
    const { server, root } = await startTls();
    const plain = await startFileServer();
    wantToken(server, `http://${plain.host}/token`);
    const where = { allowed: [server.host, plain.host], roots: [root] };
    await expect(fetched({ url: `oci://${server.host}/a` }, where)).rejects.toThrow(
      `its registry wants a token of "http://${plain.host}/token"`,
    );
    expect(plain.asked).toEqual([]);
  });

  it("of this machine may be over TLS as any other", async () => {
    const { server, root } = await startTls();
    putImage(server, "a", [{ mediaType: WASM_LAYER, body: shared.code }]);
    const where = { allowed: [server.host], roots: [root] };
    expect(await fetched({ url: `oci://${server.host}/a` }, where)).toEqual(module());
  });
});

/** Has all that is below a registry's repository `a` want a token, which is any. */
function wantToken(server: FileServer, realm: string): void {
  const { put } = server;
  const challenge = `Bearer realm="${realm}",service="registry",scope="repository:a:pull"`;
  const layer = { mediaType: WASM_LAYER, digest: digestOf(shared.code) };
  put("/v2/a/manifests/latest", ({ headers }) =>
    /^Bearer t\d$/.test(headers.authorization ?? "")
      ? { body: JSON.stringify({ layers: [layer] }) }
      : { status: 401, headers: { "www-authenticate": challenge } },
  );
}

test("what Envoy cannot run is no module", async () => {
  const server = await startFileServer();
  server.put("/filter.wasm", { body: await minimalPlugin({ without: "malloc" }) });
  await expect(from(server, `http://${server.host}/filter.wasm`)).rejects.toThrow(
    "it exports neither of malloc, proxy_on_memory_allocate",
  );
});
