/** Certificates in files of the proxy's machine, which Gateways, Sidecars and DestinationRules name by their paths. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { buildCaSlot, parseSlotFile } from "../../src/ca/authority/ca-slot.js";
import { redact } from "../../src/ca/redacted.js";
import type { DevelopmentCertificate } from "../../src/up/made/development-certificates.js";
import { leafTemplate, makeCertificate } from "../unit/ca/make-certificate.js";
import { revocationListOf } from "../unit/ca/make-revocation-list.js";
import { fingerprint, openCertificates } from "./harness/certificates.js";
import { application, documents, httpsGateway, tlsOfTheirOwn } from "./harness/manifests.js";
import { writeAtOnce } from "./harness/places.js";
import { call, callTls } from "./harness/requests.js";
import { shareServedMesh } from "./harness/served-mesh.js";

const certificates = await openCertificates();
const others = await openCertificates();
const NAMES = ["app.example.com", "mutual.example.com", "secret.example.com"];
const SERVER = await certificates.certificateFor(NAMES);
const CLIENT = await certificates.certificateFor(["client.example.com"]);
const STOLEN = await certificates.certificateFor(["stolen.example.com"]);

const folder = await mkdtemp(join(tmpdir(), "fairlead-files-"));
afterAll(() => rm(folder, { recursive: true }));

const file = (name: string): string => join(folder, name);

/** Puts a certificate and its key in the place of those that there were. */
async function place(name: string, { certificate, key }: DevelopmentCertificate): Promise<void> {
  await writeAtOnce(file(`${name}.crt`), certificate);
  await writeAtOnce(file(`${name}.key`), key);
}

await place("gateway", SERVER);
await place("sidecar", SERVER);
await place("client", CLIENT);
await writeAtOnce(file("roots.crt"), SERVER.root);
await writeAtOnce(file("clients.crt"), SERVER.root);

/** Puts the list of the certificates that the authority has revoked in the place of another. */
async function revoke(name: string, ...revoked: readonly DevelopmentCertificate[]): Promise<void> {
  const chains = revoked.map(({ certificate }) => certificate);
  const list = await revocationListOf(dirname(certificates.rootFile), chains);
  await writeAtOnce(file(`${name}.crl`), list);
}

await revoke("clients");
await revoke("servers");

const serverFiles = (name: string): string =>
  `serverCertificate: ${file(`${name}.crt`)}, privateKey: ${file(`${name}.key`)}`;

const GATEWAY = httpsGateway(`
  - port: { number: 443, name: https, protocol: HTTPS }
    hosts: [app.example.com]
    tls: { mode: SIMPLE, ${serverFiles("gateway")} }
  - port: { number: 443, name: https-mutual, protocol: HTTPS }
    hosts: [mutual.example.com]
    tls: { mode: MUTUAL, ${serverFiles("gateway")}, caCertificates: ${file("roots.crt")}, caCrl: ${file("clients.crl")} }
  - port: { number: 443, name: https-secret, protocol: HTTPS }
    hosts: [secret.example.com]
    tls: { mode: MUTUAL, credentialNames: [own], caCertCredentialName: clients, caCrl: ${file("clients.crl")} }
  - port: { number: 443, name: https-mesh, protocol: HTTPS }
    hosts: [mesh.example.com]
    tls: { mode: ISTIO_MUTUAL, caCrl: ${file("workloads.crl")} }`);

const secret = (name: string, data: Readonly<Record<string, string>>): string => `
apiVersion: v1
kind: Secret
metadata: { name: ${name}, namespace: istio-system }
stringData: ${JSON.stringify(data)}
`;

const SECRETS = documents(
  secret("own", { "tls.crt": SERVER.certificate, "tls.key": SERVER.key }),
  secret("clients", { "ca.crt": SERVER.root }),
);

const CLIENT_FILES = `clientCertificate: ${file("client.crt")}, privateKey: ${file("client.key")}, caCertificates: ${file("roots.crt")}`;

const TLS_OF_THEIR_OWN = tlsOfTheirOwn(
  `${serverFiles("sidecar")}, caCertificates: ${file("clients.crt")}`,
  `${CLIENT_FILES}, caCrl: ${file("servers.crl")}, sni: app.example.com`,
);

const mesh = shareServedMesh({
  "apps.yaml": documents(application("my-service"), application("called"), application("caller")),
  "gateway.yaml": documents(GATEWAY, SECRETS),
  "tls.yaml": TLS_OF_THEIR_OWN,
});

const statusOfCall = async (): Promise<number> =>
  (await call(mesh().pod("caller-0"), "http://called/")).status;

test.each([
  ["a gateway", "gateway", () => ({ pod: mesh().gateway(), port: 8443 })],
  ["a sidecar", "sidecar", () => ({ pod: mesh().pod("called-0"), port: 8080 })],
])(
  "%s shows the certificate that takes the place of another in its files",
  async (_who, name, where) => {
    const { pod, port } = where();
    const at = { address: pod.addresses.pod, port };
    const question = { ca: SERVER.root, client: CLIENT };
    const shown = async (): Promise<string | undefined> =>
      (await callTls(at, "https://app.example.com/", question)).certificate?.fingerprint256;
    expect(await shown()).toBe(fingerprint(SERVER));
    const next = await certificates.certificateFor([...NAMES, `${name}.example.com`]);
    await place(name, next);
    await expect.poll(shown).toBe(fingerprint(next));
  },
);

test("a server's roots and a client's certificate are those that take the place of others in their files", async () => {
  expect(await statusOfCall()).toBe(200);
  const next = await others.certificateFor(["client.example.com"]);
  await writeAtOnce(file("clients.crt"), next.root);
  await expect.poll(statusOfCall).toBe(503);
  await place("client", next);
  await expect.poll(statusOfCall).toBe(200);
});

/** The status of an answer of the gateway, or that the certificate was refused. */
function outcomeAt(url: string, question: NonNullable<Parameters<typeof callTls>[2]>) {
  const at = { address: mesh().gateway().addresses.pod, port: 8443 };
  return callTls(at, url, question).then(
    ({ status }) => status,
    () => "refused" as const,
  );
}

test.each([
  ["in a file as well", "mutual.example.com"],
  ["in a Secret", "secret.example.com"],
])(
  "a client's certificate is refused from when it is on the list that takes the place of another in its file, where roots are %s",
  async (_roots, host) => {
    const outcomeOf = (client: DevelopmentCertificate) =>
      outcomeAt(`https://${host}/`, { ca: SERVER.root, client });
    expect([await outcomeOf(CLIENT), await outcomeOf(STOLEN)]).toEqual([200, 200]);
    await revoke("clients", STOLEN);
    await expect.poll(() => outcomeOf(STOLEN)).toBe("refused");
    expect(await outcomeOf(CLIENT)).toBe(200);
    await revoke("clients");
    await expect.poll(() => outcomeOf(STOLEN)).toBe(200);
  },
);

test("a server's certificate is refused by its callers likewise", async () => {
  await place("sidecar", SERVER);
  await writeAtOnce(file("clients.crt"), SERVER.root);
  await place("client", CLIENT);
  await expect.poll(statusOfCall).toBe(200);
  await revoke("servers", SERVER);
  await expect.poll(statusOfCall).toBe(503);
  await revoke("servers");
  await expect.poll(statusOfCall).toBe(200);
});

test("so is a workload's, where the roots are the mesh's", async () => {
  const state = mesh().state;
  const text = await readFile(join(state, "ca", "current.pem"), "utf8");
  const { keys, certificate } = await buildCaSlot(parseSlotFile(redact(text)), Date.now());
  const workload = async (serialNumber: string) => {
    const issuer = { privateKey: keys.privateKey, certificate };
    const { pem, keyPem } = await makeCertificate(leafTemplate({ serialNumber }), issuer);
    return { certificate: pem, key: keyPem };
  };
  const [good, stolen] = [await workload("0a01"), await workload("0a02")];
  const revokeWorkloads = async (...pems: readonly string[]): Promise<void> => {
    await writeAtOnce(file("workloads.crl"), await revocationListOf(state, pems));
  };
  const outcomeOf = (client: typeof good) => outcomeAt("https://mesh.example.com/", { client });
  // Until there is a list nobody can say who is not on it.
  await revokeWorkloads();
  await expect.poll(() => outcomeOf(stolen), { timeout: 40_000 }).toBe(200);
  await revokeWorkloads(stolen.certificate);
  await expect.poll(() => outcomeOf(stolen)).toBe("refused");
  expect(await outcomeOf(good)).toBe(200);
  await revokeWorkloads();
  await expect.poll(() => outcomeOf(stolen)).toBe(200);
});
