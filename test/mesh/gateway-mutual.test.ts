/** Gateways that ask clients for certificates, that refuse old TLS, and that read secrets of other namespaces. */
import { dirname } from "node:path";
import { expect, test } from "vitest";
import type { DevelopmentCertificate } from "../../src/up/made/development-certificates.js";
import { revocationListOf } from "../unit/ca/make-revocation-list.js";
import { fingerprint, openCertificates } from "./harness/certificates.js";
import { application, documents, httpsGateway, meshConfiguration } from "./harness/manifests.js";
import { type Answer, callTls, type Question } from "./harness/requests.js";
import { shareServedMesh } from "./harness/served-mesh.js";

const certificates = await openCertificates();
const SERVER = await certificates.certificateFor(["*.example.com"]);
const CLIENT = await certificates.certificateFor(["client.example.org"]);
const REVOKED = await certificates.certificateFor(["revoked.example.org"]);
const STRANGER = await (await openCertificates()).certificateFor(["client.example.org"]);
/** Another authority, whose clients are taken by what names its roots alone. */
const CLIENTS = await (await openCertificates()).certificateFor(["client.example.org"]);
const LIST = await revocationListOf(dirname(certificates.rootFile), [REVOKED.certificate]);

const server = (name: string, mode: string, rest = `credentialName: ${name}-tls`): string => `
  - port: { number: 443, name: https-${name}, protocol: HTTPS }
    hosts: [${name}.example.com]
    tls: { mode: ${mode}, ${rest} }`;

const GATEWAY = httpsGateway(
  [
    server("beside", "MUTUAL"),
    server("apart", "MUTUAL"),
    server("optional", "OPTIONAL_MUTUAL"),
    server(
      "mapped",
      "MUTUAL",
      "credentialName: kubernetes://istio-system/optional-tls, caCertCredentialName: configmap://istio-system/roots",
    ),
    server("granted", "SIMPLE", "credentialName: shop/granted-tls"),
    server("older", "SIMPLE", "credentialName: optional-tls, minProtocolVersion: TLSV1_2"),
  ].join(""),
);

const NEW_TLS = meshConfiguration({ tlsDefaults: { minProtocolVersion: "TLSV1_3" } });

const GRANT = `
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: { name: edge, namespace: shop }
spec:
  from: [{ group: networking.istio.io, kind: Gateway, namespace: istio-system }]
  to: [{ group: "", kind: Secret, name: granted-tls }]
`;

const ROOTS = `
apiVersion: v1
kind: ConfigMap
metadata: { name: roots, namespace: istio-system }
data: { ca.crt: ${JSON.stringify(CLIENTS.root)} }
`;

const pair = (folder: string): Readonly<Record<string, string>> => ({
  [`${folder}/tls.crt`]: SERVER.certificate,
  [`${folder}/tls.key`]: SERVER.key,
});

const mesh = shareServedMesh(
  {
    "apps.yaml": documents(application("my-service")),
    "gateway.yaml": GATEWAY,
    "mesh.yaml": NEW_TLS,
    "roots.yaml": ROOTS,
  },
  {
    secrets: {
      ...pair("istio-system/beside-tls"),
      "istio-system/beside-tls/ca.crt": SERVER.root,
      "istio-system/beside-tls/ca.crl": LIST,
      ...pair("istio-system/apart-tls"),
      "istio-system/apart-tls-cacert/ca.crt": SERVER.root,
      ...pair("istio-system/optional-tls"),
      "istio-system/optional-tls/ca.crt": SERVER.root,
      ...pair("shop/granted-tls"),
    },
  },
);

function get(
  name: string,
  client?: DevelopmentCertificate,
  rest: Pick<Question, "maxVersion"> = {},
): Promise<Answer> {
  const at = { address: mesh().gateway().addresses.pod, port: 8443 };
  const question = { ca: SERVER.root, ...(client && { client }), ...rest };
  return callTls(at, `https://${name}.example.com/`, question);
}

test.each([
  ["whose roots are beside its key", "beside"],
  ["whose roots are in NAME-cacert", "apart"],
])(
  "a MUTUAL server %s lets in who shows a certificate of these, and nobody else",
  async (_where, name) => {
    expect((await get(name, CLIENT)).status).toBe(200);
    await expect(get(name)).rejects.toThrow();
    await expect(get(name, STRANGER)).rejects.toThrow();
  },
);

test("a MUTUAL server with roots in a ConfigMap lets in who shows a certificate of these alone", async () => {
  expect((await get("mapped", CLIENTS)).status).toBe(200);
  await expect(get("mapped")).rejects.toThrow();
  await expect(get("mapped", CLIENT)).rejects.toThrow();
});

test("a certificate on the list beside the roots is refused", async () => {
  await expect(get("beside", REVOKED)).rejects.toThrow();
  expect((await get("apart", REVOKED)).status).toBe(200);
});

test("an OPTIONAL_MUTUAL server takes clients without a certificate, and none with one of strangers", async () => {
  expect((await get("optional", CLIENT)).status).toBe(200);
  expect((await get("optional")).status).toBe(200);
  await expect(get("optional", STRANGER)).rejects.toThrow();
});

test("a server refuses older TLS than the mesh's minimum, unless it has a minimum of its own", async () => {
  const old = { maxVersion: "TLSv1.2" } as const;
  await expect(get("optional", undefined, old)).rejects.toThrow(/protocol version/);
  expect((await get("optional")).status).toBe(200);
  expect((await get("older", undefined, old)).status).toBe(200);
});

test("a secret of another namespace is served while a ReferenceGrant there lets the gateway have it", async () => {
  const complaints = (): readonly string[] =>
    mesh()
      .controlPlane()
      .snapshot()
      .diagnostics.map(({ message }) => message)
      .filter((message) => message.includes("shop/granted-tls"));
  await expect(get("granted")).rejects.toThrow();
  expect(complaints()).toEqual([
    'no ReferenceGrant lets Gateways of namespace istio-system read Secret "shop/granted-tls"',
  ]);
  await mesh().write("grant.yaml", GRANT);
  await expect
    .poll(async () => (await get("granted")).certificate?.fingerprint256, { timeout: 10_000 })
    .toBe(fingerprint(SERVER));
  expect(complaints()).toEqual([]);
});
