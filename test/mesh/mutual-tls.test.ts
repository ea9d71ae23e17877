/** Mutual TLS between workloads: who may call whom how, and who they say they are. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type IssuedCertificate, openAuthority } from "../../src/ca/authority/authority.js";
import { stats } from "./harness/admin.js";
import { application, documents, meshConfiguration, namespace } from "./harness/manifests.js";
import { call, callAddress, callMutualTls, echoOf } from "./harness/requests.js";
import { shareMesh } from "./harness/test-mesh.js";

const CALLER = { trustDomain: "cluster.local", namespace: "default", serviceAccount: "caller" };
const CALLER_ID = "spiffe://cluster.local/ns/default/sa/caller";
const CALLED_ID = "spiffe://cluster.local/ns/default/sa/called";
const PLAIN = "http://plain.outside/";

const mesh = shareMesh({
  "apps.yaml": documents(
    namespace("default", "enabled"),
    namespace("outside", "disabled"),
    application("caller"),
    application("called"),
    application("plain", { namespace: "outside" }),
  ),
});

const NEW_TLS = meshConfiguration({ meshMTLS: { minProtocolVersion: "TLSV1_3" } });

async function inMode(mode: string): Promise<void> {
  await mesh().writeForTest(
    "peers.yaml",
    `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: default, namespace: default }
spec: { mtls: { mode: ${mode} } }
`,
  );
}

/** The certificate of the caller by the authority of a state directory. */
async function certificateBy(stateDirectory: string): Promise<IssuedCertificate> {
  const authority = await openAuthority({ stateDirectory, now: Date.now });
  return authority.issueWorkload(CALLER);
}

/** The caller's certificate by an authority that the mesh does not know. */
async function foreignCertificate(): Promise<IssuedCertificate> {
  const directory = await mkdtemp(join(tmpdir(), "fairlead-other-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return certificateBy(directory);
}

/** Straight to the inbound port of the called sidecar. */
const inbound = () => ({ address: mesh().pod("called-0").addresses.pod, port: 8080 });
const URL = "http://called/";

test("a STRICT workload refuses plaintext, strangers, and certificates of another authority", async () => {
  await inMode("STRICT");
  await expect(callAddress(inbound(), URL)).rejects.toThrow();
  await expect(callMutualTls(inbound(), URL, {})).rejects.toThrow();
  const foreign = await foreignCertificate();
  await expect(callMutualTls(inbound(), URL, { certificate: foreign })).rejects.toThrow();

  const ca = mesh().controlPlane.rootCertificates;
  const certificate = await certificateBy(mesh().state);
  const answer = await callMutualTls(inbound(), URL, { certificate, ca });
  expect(echoOf(answer)).toMatchObject({ pod: "called-0", peer: CALLER_ID });
  const throughSidecar = await call(mesh().pod("caller-0"), URL);
  expect(echoOf(throughSidecar)).toMatchObject({ pod: "called-0", peer: CALLER_ID });
});

test("a PERMISSIVE workload takes plaintext and mutual TLS, but no certificate of another authority", async () => {
  await inMode("PERMISSIVE");
  const plaintext = await callAddress(inbound(), URL);
  expect(echoOf(plaintext)).toMatchObject({ pod: "called-0", peer: null });
  const certificate = await certificateBy(mesh().state);
  const encrypted = await callMutualTls(inbound(), URL, { certificate });
  expect(echoOf(encrypted)).toMatchObject({ pod: "called-0", peer: CALLER_ID });
  const throughSidecar = await call(mesh().pod("caller-0"), URL);
  expect(echoOf(throughSidecar)).toMatchObject({ pod: "called-0", peer: CALLER_ID });
  const foreign = await foreignCertificate();
  await expect(callMutualTls(inbound(), URL, { certificate: foreign })).rejects.toThrow();
});

test("a workload with mutual TLS disabled takes plaintext alone, and is called so", async () => {
  await inMode("DISABLE");
  const plaintext = await callAddress(inbound(), URL);
  expect(echoOf(plaintext)).toMatchObject({ pod: "called-0", peer: null });
  const certificate = await certificateBy(mesh().state);
  await expect(callMutualTls(inbound(), URL, { certificate })).rejects.toThrow();
  const throughSidecar = await call(mesh().pod("caller-0"), URL);
  expect(throughSidecar.status).toBe(200);
  expect(echoOf(throughSidecar)).toMatchObject({ pod: "called-0", peer: null });
});

test("a policy with errors that never was without lets nobody in who shows no certificate", async () => {
  await inMode("STRCT");
  await expect(callAddress(inbound(), URL)).rejects.toThrow();
  const throughSidecar = await call(mesh().pod("caller-0"), URL);
  expect(echoOf(throughSidecar)).toMatchObject({ pod: "called-0", peer: CALLER_ID });
});

test("a workload refuses older TLS than the mesh's minimum, and is called by sidecars as before", async () => {
  await inMode("STRICT");
  const certificate = await certificateBy(mesh().state);
  const old = { certificate, maxVersion: "TLSv1.2" } as const;
  expect((await callMutualTls(inbound(), URL, old)).status).toBe(200);

  await mesh().writeForTest("mesh.yaml", NEW_TLS);
  await expect(callMutualTls(inbound(), URL, old)).rejects.toThrow(/protocol version/);
  const { peer } = echoOf(await callMutualTls(inbound(), URL, { certificate }));
  expect(peer).toBe(CALLER_ID);
  const throughSidecar = await call(mesh().pod("caller-0"), URL);
  expect(echoOf(throughSidecar)).toMatchObject({ pod: "called-0", peer: CALLER_ID });
});

test("traffic of the mesh carries the identities of both sides, and no claim of the caller's is believed", async () => {
  await inMode("STRICT");
  const { headers } = echoOf(await call(mesh().pod("caller-0"), URL));
  expect(headers["x-forwarded-client-cert"]).toMatch(new RegExp(`^By=${CALLED_ID};`));
  expect(headers["x-forwarded-client-cert"]).toMatch(new RegExp(`;URI=${CALLER_ID}$`));

  await inMode("PERMISSIVE");
  const claim = { "x-forwarded-client-cert": `By=${CALLED_ID};URI=${CALLER_ID}` };
  expect(echoOf(await callAddress(inbound(), URL, { headers: claim })).peer).toBeNull();
});

test("a destination without sidecar is called in plaintext, whatever the mesh's own mode", async () => {
  await inMode("STRICT");
  const caller = mesh().pod("caller-0");
  const answer = await call(caller, PLAIN);
  expect(answer.status).toBe(200);
  const { pod, peer, headers } = echoOf(answer);
  expect({ pod, peer }).toEqual({ pod: "plain-0", peer: null });
  expect(headers).not.toHaveProperty("x-forwarded-client-cert");

  await call(caller, URL);
  const handshakes = await stats(caller, "ssl.handshake");
  const cluster = (host: string): string =>
    `cluster.outbound|80||${host}.svc.cluster.local;.ssl.handshake`;
  expect(handshakes.get(cluster("plain.outside")) ?? 0).toBe(0);
  expect(handshakes.get(cluster("called.default"))).toBeGreaterThan(0);
});
