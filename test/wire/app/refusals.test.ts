/** What a running control plane refuses, tried by real clients on its own ports. */

import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { expect, onTestFinished, test } from "vitest";
import { type ControlPlane, startControlPlane } from "../../../src/app.js";
import { TYPE_URL } from "../../../src/xds/resource.js";
import { notedLogger } from "../../outputs/note-output.js";
import { authorityTemplate, makeCertificate } from "../../unit/ca/make-certificate.js";
import { openAds } from "./ads-client.js";
import { joinToken } from "./join-token.js";

const { pem: ROOTS } = await makeCertificate(authorityTemplate());

const MESH = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: istio-system}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: [app.example.com]
    tls: {mode: SIMPLE, credentialName: app-tls}
---
apiVersion: v1
kind: Secret
metadata: {name: app-tls, namespace: istio-system}
stringData:
  ca.crt: |
    ${ROOTS.trimEnd().replaceAll("\n", "\n    ")}
`;

async function start(): Promise<ControlPlane> {
  const root = await mkdtemp(join(tmpdir(), "fairlead-refusals-"));
  await chmod(root, 0o700);
  await writeFile(join(root, "mesh.yaml"), MESH);
  const controlPlane = await startControlPlane({
    configDirs: [join(root, "mesh.yaml")],
    stateDir: join(root, "state"),
    address: "127.0.0.1",
    plaintextPort: 0,
    tlsPort: 0,
    httpPort: 0,
    logger: notedLogger(),
  });
  onTestFinished(async () => {
    await controlPlane.close();
    await rm(root, { recursive: true, force: true });
  });
  return controlPlane;
}

const over = (controlPlane: ControlPlane) => ({
  port: controlPlane.tlsPort,
  roots: controlPlane.rootCertificates,
});

test("refuses a token that it never made", async () => {
  const controlPlane = await start();
  const real = await joinToken(controlPlane);
  const wrong = real.slice(0, -4) + (real.endsWith("aaaa") ? "bbbb" : "aaaa");
  const client = openAds({ ...over(controlPlane), token: wrong });
  await expect(client.ask(TYPE_URL.cluster)).rejects.toMatchObject({
    code: status.UNAUTHENTICATED,
    details: expect.stringContaining("fairlead token create") as string,
  });
});

test("takes a token once, and refuses it the second time", async () => {
  const controlPlane = await start();
  const token = await joinToken(controlPlane);
  const first = openAds({ ...over(controlPlane), token });
  expect((await first.ask(TYPE_URL.cluster)).names).toContain("BlackHoleCluster");
  const second = openAds({ ...over(controlPlane), token });
  await expect(second.ask(TYPE_URL.cluster)).rejects.toMatchObject({
    code: status.UNAUTHENTICATED,
  });
});

test("refuses a client on the TLS port that shows neither token nor certificate", async () => {
  const controlPlane = await start();
  await expect(openAds(over(controlPlane)).ask(TYPE_URL.cluster)).rejects.toMatchObject({
    code: status.UNAUTHENTICATED,
  });
});

test.each([
  ["namespace", { namespace: "other" }],
  ["service account", { serviceAccount: "admin" }],
])("refuses a node that claims another %s than it proved, and names both", async (_what, claim) => {
  const controlPlane = await start();
  const token = await joinToken(controlPlane);
  const client = openAds({ ...over(controlPlane), token, ...claim });
  const { namespace = "default", serviceAccount = "default" } = claim as {
    readonly namespace?: string;
    readonly serviceAccount?: string;
  };
  await expect(client.ask(TYPE_URL.cluster)).rejects.toMatchObject({
    code: status.PERMISSION_DENIED,
    details: expect.stringMatching(
      new RegExp(`${namespace}/${serviceAccount}.*default/default`),
    ) as string,
  });
});

test("gives a proxy that proved itself its own certificate and the roots", async () => {
  const controlPlane = await start();
  const client = openAds({ ...over(controlPlane), token: await joinToken(controlPlane) });
  await client.ask(TYPE_URL.cluster);
  const { names } = await client.ask(TYPE_URL.secret, ["default", "ROOTCA"]);
  expect([...names].sort()).toEqual(["ROOTCA", "default"]);
});

test("gives no secret to anyone on the plaintext port, whatever it says of itself", async () => {
  const controlPlane = await start();
  const client = openAds({
    port: controlPlane.plaintextPort,
    token: await joinToken(controlPlane, "istio-system/default"),
    namespace: "istio-system",
    type: "router",
    labels: { istio: "ingressgateway" },
  });
  expect((await client.ask(TYPE_URL.listener)).names).toEqual(["0.0.0.0_443"]);
  const secrets = ["default", "ROOTCA", "kubernetes://app-tls"];
  expect(await client.ask(TYPE_URL.secret, secrets)).toMatchObject({ names: [] });
});

test("gives a gateway's secret to its gateway, and not to a sidecar that asks for it", async () => {
  const controlPlane = await start();
  const gateway = openAds({
    ...over(controlPlane),
    token: await joinToken(controlPlane, "istio-system/default"),
    namespace: "istio-system",
    type: "router",
    labels: { istio: "ingressgateway" },
  });
  await gateway.ask(TYPE_URL.listener);
  expect(await gateway.ask(TYPE_URL.secret, ["kubernetes://app-tls"])).toMatchObject({
    names: ["kubernetes://app-tls"],
  });
  const sidecar = openAds({
    ...over(controlPlane),
    token: await joinToken(controlPlane, "istio-system/default"),
    namespace: "istio-system",
  });
  await sidecar.ask(TYPE_URL.listener);
  expect(await sidecar.ask(TYPE_URL.secret, ["kubernetes://app-tls"])).toMatchObject({
    names: [],
    removed: ["kubernetes://app-tls"],
  });
});

test("refuses a node that follows no form of Istio's", async () => {
  const controlPlane = await start();
  const client = openAds({ port: controlPlane.plaintextPort, name: "a~b" });
  await expect(client.ask(TYPE_URL.cluster)).rejects.toMatchObject({
    code: status.INVALID_ARGUMENT,
    details: expect.stringContaining("sidecar~IP~NAME.NAMESPACE~DOMAIN") as string,
  });
});
