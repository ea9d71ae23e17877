/** The debug endpoints of a running control plane, asked over its own socket and ports. */
import { readFileSync, statSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { expect, onTestFinished, test } from "vitest";
import { type ControlPlane, startControlPlane } from "../../../src/app.js";
import { type DebugAddress, type DebugClient, openDebugClient } from "../../../src/debug/client.js";
import { TYPE_URL } from "../../../src/xds/resource.js";
import { openAds } from "./ads-client.js";

const MESH = `
apiVersion: v1
kind: Service
metadata: {name: payments, namespace: default}
spec:
  selector: {app: payments}
  ports: [{name: http, port: 80, targetPort: 8080}]
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: strict, namespace: default}
spec:
  mtls:
    mode: STRICT
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: payments, namespace: default}
spec:
  host: payments
  trafficPolicy:
    tls: {mode: DISABLE}
`;
const API = readFileSync("gen/fairlead.binpb");

interface Started {
  readonly controlPlane: ControlPlane;
  readonly socket: string;
}

async function start(): Promise<Started> {
  const root = await mkdtemp(join(tmpdir(), "fairlead-debug-"));
  await chmod(root, 0o700);
  await writeFile(join(root, "mesh.yaml"), MESH);
  const controlPlane = await startControlPlane({
    configDirs: [join(root, "mesh.yaml")],
    stateDir: join(root, "state"),
    address: "127.0.0.1",
    plaintextPort: 0,
    tlsPort: 0,
    httpPort: 0,
    logger: pino({ level: "silent" }),
  });
  onTestFinished(async () => {
    await controlPlane.close();
    await rm(root, { recursive: true, force: true });
  });
  return { controlPlane, socket: join(root, "state", "debug.sock") };
}

async function connect(address: DebugAddress): Promise<DebugClient> {
  const client = await openDebugClient(address, API);
  onTestFinished(() => {
    client.close();
  });
  return client;
}

/** A proxy that has accepted its clusters and secrets. */
async function joinAs(controlPlane: ControlPlane, name: string): Promise<void> {
  const token = await controlPlane.createToken({
    namespace: "default",
    serviceAccount: "default",
    ttlMs: 60_000,
    uses: 1,
  });
  const proxy = openAds({
    port: controlPlane.tlsPort,
    roots: controlPlane.rootCertificates,
    token,
    name,
    labels: { app: "payments" },
  });
  await proxy.ask(TYPE_URL.cluster);
  await proxy.ask(TYPE_URL.secret, ["default", "ROOTCA"]);
}

test("lists the proxies that are connected, and where they stand", async () => {
  const { controlPlane, socket } = await start();
  await joinAs(controlPlane, "payments-0");
  const client = await connect({ kind: "socket", path: socket });
  const { proxies } = await client.listProxies({});
  expect(proxies).toMatchObject([
    {
      id: "payments-0.default",
      type: "sidecar",
      identity: "spiffe://cluster.local/ns/default/sa/default",
      protocol: "delta",
      types: [
        { shortName: "CDS", status: "SYNCED" },
        { shortName: "SDS", status: "SYNCED" },
      ],
    },
  ]);
  expect(await client.listProxies({ namespace: "other" })).not.toHaveProperty("proxies");
});

test("shows what a proxy has accepted, without its private key", async () => {
  const { controlPlane, socket } = await start();
  await joinAs(controlPlane, "payments-0");
  const client = await connect({ kind: "socket", path: socket });
  const { configDump = "" } = await client.getConfigDump({ proxy: "payments-0.default" });
  const { configs } = JSON.parse(configDump) as { readonly configs: readonly object[] };
  expect(configs).toMatchObject([
    {
      "@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump",
      dynamicActiveClusters: expect.arrayContaining([
        expect.objectContaining({
          clientStatus: "ACKED",
          cluster: expect.objectContaining({
            name: "outbound|80||payments.default.svc.cluster.local",
          }) as object,
        }),
      ]) as object[],
    },
    { "@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump" },
    { "@type": "type.googleapis.com/envoy.admin.v3.RoutesConfigDump" },
    {
      "@type": "type.googleapis.com/envoy.admin.v3.SecretsConfigDump",
      dynamicActiveSecrets: [
        { name: "ROOTCA" },
        {
          name: "default",
          secret: { tlsCertificate: { privateKey: { inlineString: "[redacted]" } } },
        },
      ],
    },
    { "@type": "type.googleapis.com/envoy.admin.v3.EcdsConfigDump" },
    { "@type": "type.googleapis.com/envoy.admin.v3.EndpointsConfigDump" },
  ]);
  expect(configDump).not.toContain("PRIVATE KEY");
});

test("says that a proxy is not connected", async () => {
  const { socket } = await start();
  const client = await connect({ kind: "socket", path: socket });
  await expect(client.getConfigDump({ proxy: "gone.default" })).rejects.toMatchObject({
    statusName: "NOT_FOUND",
    message: expect.stringContaining("no proxy gone.default is connected") as string,
  });
});

test("says how both sides of a service want to speak, and where that is written", async () => {
  const { controlPlane, socket } = await start();
  await joinAs(controlPlane, "payments-0");
  const client = await connect({ kind: "socket", path: socket });
  const request = {
    proxy: "payments-0.default",
    host: "payments.default.svc.cluster.local",
  };
  // The workload of a proxy is there a moment after it has joined.
  const file = expect.stringMatching(/\/mesh\.yaml$/) as string;
  await expect
    .poll(() => client.listTlsPolicies(request))
    .toMatchObject({
      policies: [
        {
          port: 80,
          client: {
            mode: "DISABLE",
            source: { kind: "DestinationRule", name: "payments", file, line: 22 },
          },
          servers: [
            {
              workload: "payments-0.default",
              port: 8080,
              mode: "STRICT",
              source: { kind: "PeerAuthentication", name: "strict", file, line: 14 },
              hasSidecar: true,
            },
          ],
        },
      ],
    });
});

test("answers on the plaintext port of its own machine", async () => {
  const { controlPlane } = await start();
  const client = await connect({
    kind: "plaintext",
    host: "127.0.0.1",
    port: controlPlane.plaintextPort,
  });
  expect(await client.getControlPlane()).toMatchObject({ istioVersion: "1.29.6" });
});

test("keeps its socket to the owner of the state directory", async () => {
  const { socket } = await start();
  expect((statSync(socket).mode & 0o777).toString(8)).toBe("600");
});
