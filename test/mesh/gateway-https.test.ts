/**
 * HTTPS at a gateway. Its servers share a port and have their certificates in different ways; that of one is missing and
 * that of another broken from the beginning, so that all tests see whether that harms the others.
 */
import { rename, symlink } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Diagnostic } from "../../src/base/diagnostic.js";
import type { DevelopmentCertificate } from "../../src/up/made/development-certificates.js";
import { fingerprint, openCertificates } from "./harness/certificates.js";
import { failures, type Load, startLoad } from "./harness/load.js";
import { application, documents, httpsGateway } from "./harness/manifests.js";
import { writeAtOnce } from "./harness/places.js";
import { type Answer, callTls, echoOf, keepAliveAgent, type Question } from "./harness/requests.js";
import { shareServedMesh } from "./harness/served-mesh.js";

const certificates = await openCertificates();
const FILED = await certificates.certificateFor(["filed.example.com"]);
const WRITTEN = await certificates.certificateFor(["written.example.com"]);
const MOUNTED = await certificates.certificateFor(["mounted.example.com"]);
const LATE = await certificates.certificateFor(["late.example.com"]);
const BROKEN = await certificates.certificateFor(["broken.example.com"]);

const GATEWAY_ID = "spiffe://cluster.local/ns/istio-system/sa/istio-ingressgateway";
const NAMES = ["filed", "written", "mounted", "late", "broken"];

const SERVERS = NAMES.map(
  (name) => `
  - port: { number: 443, name: https-${name}, protocol: HTTPS }
    hosts: [${name}.example.com]
    tls:
      mode: SIMPLE
      credentialName: ${name}-tls`,
);

const GATEWAY = documents(
  httpsGateway(SERVERS.join("")),
  `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: default }
spec: { mtls: { mode: STRICT } }
`,
);

/** A Secret in YAML. */
function secret(name: string, { certificate, key }: DevelopmentCertificate): string {
  const block = (text: string): string => text.trimEnd().replaceAll("\n", "\n    ");
  return `apiVersion: v1
kind: Secret
metadata: { name: ${name}, namespace: istio-system }
type: kubernetes.io/tls
stringData:
  tls.crt: |
    ${block(certificate)}
  tls.key: |
    ${block(key)}
`;
}

const BROKEN_SECRET = secret("broken-tls", { ...BROKEN, key: LATE.key });

const mesh = shareServedMesh(
  {
    "apps.yaml": documents(application("my-service")),
    "gateway.yaml": GATEWAY,
    "written-tls.yaml": secret("written-tls", WRITTEN),
    "broken-tls.yaml": BROKEN_SECRET,
  },
  {
    secrets: {
      "istio-system/filed-tls/tls.crt": FILED.certificate,
      "istio-system/filed-tls/tls.key": FILED.key,
      "istio-system/mounted-tls/..first/tls.crt": MOUNTED.certificate,
      "istio-system/mounted-tls/..first/tls.key": MOUNTED.key,
    },
    // As Kubernetes mounts a secret: the files are links into a folder that is changed as a whole.
    serving: async ({ secrets }) => {
      const folder = join(secrets, "istio-system", "mounted-tls");
      await symlink("..first", join(folder, "..data"));
      for (const file of ["tls.crt", "tls.key"]) {
        await symlink(join("..data", file), join(folder, file));
      }
      return {};
    },
  },
);

const secretFile = (name: string, file: string): string =>
  join(mesh().secrets, "istio-system", name, file);

function get(url: string, question: Question = {}): Promise<Answer> {
  const at = { address: mesh().gateway().addresses.pod, port: 8443 };
  return callTls(at, url, { ca: FILED.root, ...question });
}

/** The line of a text on which some words are, from 1. */
const lineOf = (text: string, words: string): number =>
  text.split("\n").findIndex((line) => line.includes(words)) + 1;

/** Which of the servers answer, by their names. */
async function serving(): Promise<readonly string[]> {
  const answers = await Promise.allSettled(
    NAMES.map((name) => get(`https://${name}.example.com/`)),
  );
  return NAMES.filter((_name, i) => answers[i]?.status === "fulfilled");
}

/** What the user is told about a file or a resource. */
function told(about: string): readonly Diagnostic[] {
  const { diagnostics } = mesh().controlPlane().snapshot();
  return diagnostics.filter(({ message }) => message.includes(about));
}

/** Constant requests to a server: some go on on their connections, the others make a new one each. */
async function loadServer(name: string): Promise<Load> {
  const agent = keepAliveAgent("tls");
  const url = `https://${name}.example.com/`;
  let count = 0;
  const send = (): Promise<Answer> => {
    count += 1;
    return count % 2 === 0 ? get(url, { agent }) : get(url);
  };
  const load = startLoad(4, send);
  onTestFinished(async () => {
    await load.stop();
  });
  await load.more(20);
  return load;
}

/** How long it takes until new connections are shown a certificate, in milliseconds. */
async function untilShown(name: string, wanted: DevelopmentCertificate): Promise<number> {
  const began = performance.now();
  const shown = async (): Promise<string | undefined> =>
    (await get(`https://${name}.example.com/`)).certificate?.fingerprint256;
  await expect.poll(shown, { timeout: 10_000, interval: 10 }).toBe(fingerprint(wanted));
  return performance.now() - began;
}

test("it answers with the certificate of the secret, and calls on by mutual TLS as itself", async () => {
  for (const [name, expected] of [
    ["filed", FILED],
    ["written", WRITTEN],
    ["mounted", MOUNTED],
  ] as const) {
    const answer = await get(`https://${name}.example.com/`);
    expect(answer.status).toBe(200);
    expect(answer.certificate?.fingerprint256).toBe(fingerprint(expected));
    expect(echoOf(answer)).toMatchObject({ pod: "my-service-0", peer: GATEWAY_ID });
  }
});

test("a client cannot say by X-Forwarded-Client-Cert who it is: the workload sees the gateway alone", async () => {
  const claim =
    "By=spiffe://cluster.local/ns/default/sa/my-service;URI=spiffe://cluster.local/ns/default/sa/admin";
  const headers = { "x-forwarded-client-cert": claim };
  const echo = echoOf(await get("https://filed.example.com/", { headers }));
  expect(echo.peer).toBe(GATEWAY_ID);
  expect(echo.headers["x-forwarded-client-cert"]).toMatch(/^By=[^,]*$/);
  expect(echo.headers["x-forwarded-client-cert"]).not.toContain("admin");
});

test("it refuses a server name that it does not serve, and knows no other host behind one that it does", async () => {
  await expect(get("https://unknown.example.com/")).rejects.toMatchObject({ code: "ECONNRESET" });
  const other = await get("https://filed.example.com/", { headers: { host: "other.example.org" } });
  expect(other).toMatchObject({ status: 404, body: "" });
});

test("a missing secret is named, harms no other server, and takes effect as soon as it is there", async () => {
  expect(await serving()).not.toContain("late");
  expect(told("late-tls")).toMatchObject([
    {
      code: "IST0101",
      position: {
        file: expect.stringMatching(/gateway\.yaml$/),
        line: lineOf(GATEWAY, "late-tls"),
      },
    },
  ]);
  expect(await serving()).toEqual(["filed", "written", "mounted"]);
  await writeAtOnce(secretFile("late-tls", "tls.crt"), LATE.certificate);
  await writeAtOnce(secretFile("late-tls", "tls.key"), LATE.key);
  const written = performance.now();
  await expect.poll(serving, { timeout: 10_000, interval: 10 }).toContain("late");
  expect(performance.now() - written).toBeLessThan(1000);
  expect(told("late-tls")).toEqual([]);
});

test("a broken secret is named, harms no other server, and takes effect as soon as it is mended", async () => {
  expect(await serving()).not.toContain("broken");
  expect(told("is not the key of the certificate")).toMatchObject([
    {
      code: "mismatched-key",
      resource: "Secret broken-tls.istio-system",
      position: {
        file: expect.stringMatching(/broken-tls\.yaml$/),
        line: lineOf(BROKEN_SECRET, "BEGIN PRIVATE KEY"),
      },
    },
  ]);
  await mesh().write("broken-tls.yaml", secret("broken-tls", BROKEN));
  expect(await untilShown("broken", BROKEN)).toBeLessThan(1000);
  expect(told("is not the key of the certificate")).toEqual([]);
});

const PATIENCE = { timeout: 10_000, interval: 10 };

test("a secret that breaks while it is in use stays as it was", async () => {
  await mesh().write("written-tls.yaml", secret("written-tls", { ...WRITTEN, key: LATE.key }));
  const mismatches = (): readonly (string | undefined)[] =>
    told("is not the key of the certificate").map(({ resource }) => resource);
  // What settles first may be an edit of before.
  await expect.poll(mismatches, PATIENCE).toContain("Secret written-tls.istio-system");
  const answer = await get("https://written.example.com/");
  expect(answer.certificate?.fingerprint256).toBe(fingerprint(WRITTEN));
  await mesh().write("written-tls.yaml", secret("written-tls", WRITTEN));
  await expect.poll(mismatches, PATIENCE).not.toContain("Secret written-tls.istio-system");
});

/** Renews the certificate of a server in one of the ways in which that is done. */
const RENEWALS: readonly (readonly [string, string, (next: DevelopmentCertificate) => unknown])[] =
  [
    [
      "files that are replaced",
      "filed",
      async (next) => {
        await writeAtOnce(secretFile("filed-tls", "tls.crt"), next.certificate);
        await writeAtOnce(secretFile("filed-tls", "tls.key"), next.key);
      },
    ],
    [
      "YAML that is edited",
      "written",
      (next) =>
        writeAtOnce(join(mesh().directory, "written-tls.yaml"), secret("written-tls", next)),
    ],
    [
      "a directory behind a link that is swapped",
      "mounted",
      async (next) => {
        await writeAtOnce(secretFile("mounted-tls", "..next/tls.crt"), next.certificate);
        await writeAtOnce(secretFile("mounted-tls", "..next/tls.key"), next.key);
        const link = secretFile("mounted-tls", "..data");
        await symlink("..next", `${link}_new`);
        await rename(`${link}_new`, link);
      },
    ],
  ];

test.each(RENEWALS)(
  "renewed by %s, new connections have it within a second and no request fails",
  async (_way, name, renew) => {
    // Another for the same names would be the one that there is.
    const next = await certificates.certificateFor([`${name}.example.com`, "renewed.example.com"]);
    const before = await get(`https://${name}.example.com/`);
    expect(before.certificate?.fingerprint256).not.toBe(fingerprint(next));
    const load = await loadServer(name);
    await renew(next);
    expect(await untilShown(name, next)).toBeLessThan(1000);
    await load.more(100);
    expect(failures(await load.stop())).toEqual([]);
  },
);
