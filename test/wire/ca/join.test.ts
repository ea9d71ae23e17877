/** Real gRPC clients over real TLS: who gets in, and what the server knows of them. */

import { once } from "node:events";
import { connect as connectPlain } from "node:net";
import { connect } from "node:tls";
import {
  type ClientDuplexStream,
  credentials,
  Metadata,
  makeGenericClientConstructor,
  type ServiceDefinition,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../../src/base/clock.js";
import { type Authority, openAuthority } from "../../../src/ca/authority/authority.js";
import {
  type Authenticate,
  type Authentication,
  createAuthenticator,
} from "../../../src/ca/caller/authenticate.js";
import { authorizeNode } from "../../../src/ca/caller/authorize-node.js";
import { createGuessLimit } from "../../../src/ca/caller/guess-limit.js";
import { presentedBy } from "../../../src/ca/caller/presented-by.js";
import { type ServerTls, startServerTls } from "../../../src/ca/issue/server-credentials.js";
import type { WorkloadIdentity } from "../../../src/ca/spiffe-id.js";
import { createToken, openTokenStore, type TokenStore } from "../../../src/ca/token/token-store.js";
import type { HostedCall } from "../../../src/grpc/hosted-call.js";
import { addService } from "../../../src/grpc/hosted-service.js";
import { GrpcServer, type TlsSource } from "../../../src/grpc/server.js";
import { SERVER_LIMITS } from "../../../src/xds/limits.js";
import { fakeClock } from "../../unit/base/fake-clock.js";
import { authorityTemplate, makeCertificate } from "../../unit/ca/make-certificate.js";
import { temporaryDirectory } from "../../unit/ca/temporary-directory.js";

const HOUR = 3_600_000;
const PAYMENTS = { trustDomain: "cluster.local", namespace: "default", serviceAccount: "payments" };
const pass = (bytes: Buffer): Buffer => bytes;

/** A stream that takes a node's claim, `namespace/service-account`, and answers who the server knows it to be. */
const SERVICE = {
  Who: {
    path: "/test.Identity/Who",
    requestStream: true,
    responseStream: true,
    ...{ requestSerialize: pass, requestDeserialize: pass },
    ...{ responseSerialize: pass, responseDeserialize: pass },
  },
} satisfies ServiceDefinition;

let authority: Authority;
let tokens: TokenStore;
let authenticate: Authenticate;
const refusals: string[] = [];

beforeEach(async () => {
  const state = await temporaryDirectory();
  refusals.length = 0;
  authority = await openAuthority({ stateDirectory: state, now: Date.now });
  tokens = await openTokenStore(state, Date.now);
  const guesses = createGuessLimit({ now: Date.now, capacity: 5, refillPerSecond: 0 });
  authenticate = createAuthenticator({ authority, tokens, guesses, now: Date.now });
});

function answer(result: Authentication, claim: string): string {
  if (result.kind !== "proved") return result.kind;
  const [namespace = "", serviceAccount = ""] = claim.split("/");
  const authorization = authorizeNode(result.proof, { namespace, serviceAccount, labels: {} });
  if (authorization.kind === "denied") throw Object.assign(new Error(), authorization);
  return `${result.proof.method} ${result.proof.namespace}/${result.proof.serviceAccount}`;
}

async function serve(call: HostedCall<Buffer, Buffer>): Promise<void> {
  const result = await authenticate(presentedBy(call.caller));
  if (result.kind === "refused") {
    const { code, message, reason } = result.refusal;
    refusals.push(reason);
    call.emit("error", { code, details: message });
    return;
  }
  call.on("data", (claim: Buffer) => {
    try {
      call.write(Buffer.from(answer(result, claim.toString())));
    } catch (error) {
      const { code, message } = error as { code: status; message: string };
      call.emit("error", { code, details: message });
    }
  });
  call.on("end", () => {
    call.end();
  });
}

async function listen(tls?: TlsSource): Promise<number> {
  const server = new GrpcServer(SERVER_LIMITS, tls);
  onTestFinished(() => server.close());
  addService(server, SERVICE, {
    Who: (call: HostedCall<Buffer, Buffer>) => void serve(call),
  });
  return server.listen({ host: "127.0.0.1", port: 0 });
}

async function startTls(
  changed: Partial<Parameters<typeof startServerTls>[0]> = {},
): Promise<ServerTls> {
  const onError = (error: unknown): never => {
    throw error;
  };
  const tls = await startServerTls({ authority, clock: systemClock, onError, ...changed });
  onTestFinished(tls.stop);
  return tls;
}

async function startServer(): Promise<number> {
  return listen((await startTls()).source);
}

interface Client {
  readonly token?: string;
  /** PEM of a certificate and its key. */
  readonly certificate?: readonly [string, string];
  readonly claim?: string;
  readonly roots?: readonly string[];
  readonly plaintext?: boolean;
}

/** What the server answers, or `CODE: details`. */
async function call(port: number, client: Client = {}): Promise<string> {
  const roots = Buffer.from((client.roots ?? authority.roots).join(""));
  const [chain, key] = (client.certificate ?? []).map((pem) => Buffer.from(pem));
  const channel =
    client.plaintext === true
      ? credentials.createInsecure()
      : credentials.createSsl(roots, key ?? null, chain ?? null);
  const constructor = makeGenericClientConstructor(SERVICE, "Identity");
  const stub = new constructor(`127.0.0.1:${port}`, channel, {
    // Names are checked, and TLS has no word for asking by an address.
    "grpc.ssl_target_name_override": "localhost",
  });
  const metadata = new Metadata();
  if (client.token !== undefined) metadata.set("authorization", `Bearer ${client.token}`);
  const open = stub["Who"] as unknown as (metadata: Metadata) => ClientDuplexStream<Buffer, Buffer>;
  const stream = open.call(stub, metadata);
  try {
    return await new Promise((resolve) => {
      stream.on("data", (message: Buffer) => {
        resolve(message.toString());
      });
      stream.on("error", ({ code, details }: ServiceError) => {
        resolve(`${status[code]}: ${details}`);
      });
      stream.write(Buffer.from(client.claim ?? "default/payments"));
    });
  } finally {
    stream.cancel();
    stub.close();
  }
}

async function newToken(uses = 1): Promise<string> {
  const request = { namespace: "default", serviceAccount: "payments", ttlMs: HOUR, uses };
  return (await createToken(tokens, request)).text.reveal();
}

async function certificateOf(
  from: Authority,
  identity: WorkloadIdentity = PAYMENTS,
): Promise<readonly [string, string]> {
  const { chain, privateKey } = await from.issueWorkload(identity);
  return [chain, privateKey.reveal()];
}

describe("a client with a token", () => {
  test("is known by it once, and refused the second time", async () => {
    const port = await startServer();
    const token = await newToken();
    expect(await call(port, { token })).toBe("token default/payments");
    expect(await call(port, { token })).toMatch(/^UNAUTHENTICATED: the join token is not taken/);
    expect(refusals).toEqual(["token-used-up"]);
  });

  test("that is used by several at once is known once", async () => {
    const port = await startServer();
    const token = await newToken();
    const answers = await Promise.all(Array.from({ length: 8 }, () => call(port, { token })));
    expect(answers.filter((answer) => answer === "token default/payments")).toHaveLength(1);
    expect(refusals).toEqual(Array.from({ length: 7 }, () => "token-used-up"));
  });

  test("that is wrong is refused, without a word why", async () => {
    const port = await startServer();
    const token = await newToken();
    const used = await newToken();
    await call(port, { token: used });
    const wrong = token.slice(0, -1) + (token.endsWith("a") ? "b" : "a");
    const answers = await Promise.all([call(port, { token: wrong }), call(port, { token: used })]);
    expect(answers[0]).toBe(answers[1]);
    expect(refusals.sort()).toEqual(["token-used-up", "token-wrong-secret"]);
  });

  test("is refused when too many others from its address guessed", async () => {
    const port = await startServer();
    for (let i = 0; i < 6; i++) await call(port, { token: "fairlead" });
    expect(await call(port, { token: await newToken() })).toMatch(/^UNAUTHENTICATED/);
    expect(refusals.at(-1)).toBe("too-many-guesses");
  });

  test("may not claim another identity", async () => {
    const port = await startServer();
    const answers = [
      await call(port, { token: await newToken(), claim: "prod/payments" }),
      await call(port, { token: await newToken(), claim: "default/orders" }),
    ];
    expect(answers).toEqual([
      expect.stringMatching(/^PERMISSION_DENIED: .*prod\/payments.*default\/payments/),
      expect.stringMatching(/^PERMISSION_DENIED: .*default\/orders.*default\/payments/),
    ]);
  });

  test("does not send it to a server whose certificate it does not trust", async () => {
    const port = await startServer();
    const token = await newToken();
    const other = await openAuthority({
      stateDirectory: await temporaryDirectory(),
      now: Date.now,
    });
    expect(await call(port, { token, roots: other.roots })).toMatch(/^UNAVAILABLE/);
    expect(await call(port, { token })).toBe("token default/payments");
  });
});

describe("a client with a certificate", () => {
  test("of our authority is known by it, as often as it comes", async () => {
    const port = await startServer();
    const certificate = await certificateOf(authority);
    const token = await newToken();
    expect(await call(port, { certificate })).toBe("certificate default/payments");
    expect(await call(port, { certificate, token })).toBe("certificate default/payments");
    expect(await call(port, { token })).toBe("token default/payments");
  });

  test("may not claim another identity", async () => {
    const port = await startServer();
    const certificate = await certificateOf(authority);
    expect(await call(port, { certificate, claim: "prod/payments" })).toMatch(/^PERMISSION_DENIED/);
  });

  test("of another authority is nobody", async () => {
    const port = await startServer();
    const other = await openAuthority({
      stateDirectory: await temporaryDirectory(),
      now: Date.now,
    });
    const certificate = await certificateOf(other);
    expect(await call(port, { certificate })).toMatch(/^UNAUTHENTICATED: no credential/);
  });

  test("that has ended is nobody", async () => {
    const state = await temporaryDirectory();
    const before = Date.now() - 2 * HOUR;
    const old = await openAuthority({
      stateDirectory: state,
      now: () => before,
      workloadTtlMs: HOUR,
    });
    authority = await openAuthority({ stateDirectory: state, now: Date.now });
    const port = await startServer();
    expect(await call(port, { certificate: await certificateOf(old) })).toMatch(/^UNAUTHENTICATED/);
    expect(await call(port, { certificate: await certificateOf(authority) })).toMatch(
      /^certificate/,
    );
  });

  test("that signed itself in our root's name is nobody", async () => {
    const port = await startServer();
    const forged = await makeCertificate(authorityTemplate());
    expect(await call(port, { certificate: [forged.pem, forged.keyPem] })).toMatch(
      /^UNAUTHENTICATED/,
    );
  });

  test("of another trust domain with the same root is refused", async () => {
    const port = await startServer();
    const certificate = await certificateOf(authority, { ...PAYMENTS, trustDomain: "elsewhere" });
    expect(await call(port, { certificate })).toMatch(/^UNAUTHENTICATED/);
    expect(refusals).toEqual(["certificate-trust-domain"]);
  });
});

test("a client with nothing is told how to join", async () => {
  const port = await startServer();
  expect(await call(port)).toMatch(/^UNAUTHENTICATED: no credential: .*fairlead token create/);
});

test("on the plaintext port nobody is anyone, and no token is used up", async () => {
  const port = await listen();
  const token = await newToken();
  expect(await call(port, { token, plaintext: true })).toBe("anonymous");
  expect(await call(await startServer(), { token })).toBe("token default/payments");
});

describe("the server's own TLS", () => {
  /** What a handshake shows of the server; the error's code when there is none. */
  function handshake(port: number, options: object = {}): Promise<{ serial: string } | string> {
    return new Promise((resolve) => {
      const socket = connect({
        ...{ port, host: "127.0.0.1", ca: authority.roots.join(""), ALPNProtocols: ["h2"] },
        ...options,
      });
      socket.once("secureConnect", () => {
        resolve({ serial: socket.getPeerCertificate().serialNumber });
        socket.destroy();
      });
      socket.once("error", (error: NodeJS.ErrnoException) => {
        resolve(error.code ?? error.message);
      });
    });
  }

  test.each([
    "istiod.istio-system.svc",
    "istiod.istio-system",
    "fairlead",
    "localhost",
    "mesh.example.com",
  ])("has the name %s", async (servername) => {
    const tls = await startTls({ names: ["mesh.example.com", "192.0.2.7"] });
    const port = await listen(tls.source);
    expect(await handshake(port, { servername })).toHaveProperty("serial");
  });

  test("does not have other names", async () => {
    expect(await handshake(await startServer(), { servername: "example.com" })).toBe(
      "ERR_TLS_CERT_ALTNAME_INVALID",
    );
  });

  test("does not go below TLS 1.2", async () => {
    const port = await startServer();
    const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "ALL@SECLEVEL=0" };
    expect(await handshake(port, old)).toMatch(/^(ERR_SSL|ECONNRESET)/);
    expect(await handshake(port, { maxVersion: "TLSv1.2" })).toHaveProperty("serial");
  });

  test("gets a new certificate while it serves", async () => {
    const clock = fakeClock(Date.now());
    let renewed: () => void = () => undefined;
    const renewal = new Promise<void>((resolve) => (renewed = resolve));
    let issued = 0;
    const counting: Authority = {
      ...authority,
      issueServer: async (names) => {
        const certificate = await authority.issueServer(names);
        issued += 1;
        // The server takes it over after this has returned.
        if (issued === 2) setImmediate(renewed);
        return certificate;
      },
    };
    const port = await listen((await startTls({ authority: counting, clock })).source);
    const before = await handshake(port);
    await clock.turnTo(clock.due()[0]!);
    await renewal;
    const after = await handshake(port);
    expect(before).toHaveProperty("serial");
    expect(after).toHaveProperty("serial");
    expect(after).not.toEqual(before);
  });

  test("keeps no server from ending that waits for a handshake", async () => {
    const server = new GrpcServer(SERVER_LIMITS, (await startTls()).source);
    const port = await server.listen({ host: "127.0.0.1", port: 0 });
    const silent = connectPlain({ port, host: "127.0.0.1" });
    await once(silent, "connect");
    // Connections are taken in their order.
    expect(await handshake(port)).toHaveProperty("serial");
    const closed = once(silent, "close");
    silent.resume();
    await server.close();
    await closed;
  });

  test("takes other roots for clients while it serves", async () => {
    const tls = await startTls();
    const port = await listen(tls.source);
    const other = await openAuthority({
      stateDirectory: await temporaryDirectory(),
      now: Date.now,
    });
    const certificate = await certificateOf(other);
    expect(await call(port, { certificate })).toMatch(/^UNAUTHENTICATED/);
    tls.trust([...authority.roots, ...other.roots]);
    expect(await call(port, { certificate })).toBe("certificate default/payments");
    tls.trust(authority.roots);
    expect(await call(port, { certificate })).toMatch(/^UNAUTHENTICATED/);
  });
});
