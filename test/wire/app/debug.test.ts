/** fairlead's own debug API, asked over the socket and ports of a running control plane. */
import { statSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openAuthority } from "../../../src/ca/authority/authority.js";
import type { DebugClient } from "../../../src/debug/api/client.js";
import { TYPE_URL } from "../../../src/xds/resource.js";
import { connectTo, joinAs, shareDebugged } from "./debugged.js";

const OPERATOR = { namespace: "istio-system", serviceAccount: "operator" };

const debugged = shareDebugged({ operators: [OPERATOR] });

const socketOf = (): string => join(debugged().state, "debug.sock");

const connect = (): Promise<DebugClient> => connectTo({ kind: "socket", path: socketOf() });

test("lists the proxies that are connected, and where they stand", async () => {
  await joinAs(debugged(), "payments-0");
  const client = await connect();
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

test("lists the proxies of a service's pods", async () => {
  await joinAs(debugged(), "payments-0");
  const client = await connect();
  const ids = async (service: string): Promise<readonly unknown[]> => {
    const { proxies = [] } = await client.listProxies({ service, readMask: "id" });
    return proxies.map(({ id }) => id);
  };
  await expect.poll(() => ids("payments.default")).toEqual(["payments-0.default"]);
  expect(await ids("payments.other")).toEqual([]);
  expect(await ids("payments-0.default")).toEqual([]);
});

test("lists of each proxy what is asked for", async () => {
  await joinAs(debugged(), "payments-0");
  const client = await connect();
  const { proxies } = await client.listProxies({ readMask: "id,types.shortName" });
  expect(proxies).toEqual([
    { id: "payments-0.default", types: [{ shortName: "CDS" }, { shortName: "SDS" }] },
  ]);
});

test("shows what a proxy has accepted, without its private key", async () => {
  await joinAs(debugged(), "payments-0");
  const client = await connect();
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

test("lists the pods of a name, or of a workload of it, alone", async () => {
  await joinAs(debugged(), "payments-0");
  const client = await connect();
  const named = await client.listProxies({ name: "payments-0", readMask: "id" });
  expect(named.proxies).toEqual([{ id: "payments-0.default" }]);
  expect(await client.listProxies({ name: "payments-1" })).not.toHaveProperty("proxies");
});

test("shows of what a proxy has accepted what is asked for", async () => {
  await joinAs(debugged(), "payments-0");
  const client = await connect();
  const sections = [
    { name: "ClustersConfigDump", fields: ["name", "type"], nameParts: ["|80|", "PAYMENTS"] },
  ];
  const { configDump = "" } = await client.getConfigDump({ proxy: "payments-0.default", sections });
  const { configs } = JSON.parse(configDump) as { readonly configs: readonly object[] };
  const name = "outbound|80||payments.default.svc.cluster.local";
  const cluster = { "@type": TYPE_URL.cluster, name, type: "EDS" };
  expect(configs).toEqual([
    expect.objectContaining({
      "@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump",
      dynamicActiveClusters: [expect.objectContaining({ cluster }) as object],
    }),
  ]);
});

test("says that a proxy is not connected", async () => {
  const client = await connect();
  await expect(client.getConfigDump({ proxy: "gone.default" })).rejects.toMatchObject({
    statusName: "NOT_FOUND",
    message: expect.stringContaining("no proxy gone.default is connected") as string,
  });
});

test("says how both sides of a service want to speak, and where that is written", async () => {
  await joinAs(debugged(), "payments-0");
  const client = await connect();
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
  const { plaintextPort: port } = debugged().controlPlane;
  const client = await connectTo({ kind: "plaintext", host: "127.0.0.1", port });
  expect(await client.getControlPlane()).toMatchObject({ istioVersion: "1.29.6" });
});

test("keeps its socket to the owner of the state directory", () => {
  expect((statSync(socketOf()).mode & 0o777).toString(8)).toBe("600");
});

test("tells who has accepted a resource, and in which version", async () => {
  await joinAs(debugged(), "payments-1");
  await joinAs(debugged(), "payments-2");
  const client = await connect();
  const name = "outbound|80||payments.default.svc.cluster.local";
  const { resources = [] } = await client.listResources({ typeUrl: TYPE_URL.cluster, name });
  const ours = resources.filter(({ proxy }) => /payments-[12]/.test(proxy ?? ""));
  const version = expect.stringMatching(/^[0-9a-f]{16}$/) as string;
  expect(ours).toEqual(
    ["payments-1.default", "payments-2.default"].map((proxy) => ({
      proxy,
      typeUrl: TYPE_URL.cluster,
      shortName: "CDS",
      name,
      version,
      acceptedVersion: version,
      status: "ACCEPTED",
    })),
  );
  await expect(client.listResources({})).rejects.toMatchObject({ statusName: "INVALID_ARGUMENT" });
});

test("tells what was sent to a proxy lately, and that it was accepted", async () => {
  await joinAs(debugged(), "payments-3");
  const client = await connect();
  const { events = [] } = await client.listEvents({ proxy: "payments-3.default" });
  expect(events.slice(0, 3)).toMatchObject([
    { kind: "CONNECTED", proxy: "payments-3.default" },
    { kind: "PUSHED", shortName: "CDS", resources: expect.any(Number) as number },
    { kind: "ACCEPTED", shortName: "CDS" },
  ]);
  expect(await client.listEvents({ limit: 1 })).toMatchObject({ events: [{}] });
});

test("tells what is wrong with the configuration", async () => {
  const client = await connect();
  expect(await client.getDiagnostics()).toMatchObject({
    diagnostics: [{ severity: "warning", code: "not-applied", line: 27 }],
  });
});

test("answers over TLS who was named an operator, and nobody else", async () => {
  const { controlPlane, state } = debugged();
  const authority = await openAuthority({ stateDirectory: state, now: Date.now });
  const asIdentity = async (serviceAccount: string, name?: string): Promise<DebugClient> => {
    const trustDomain = "cluster.local";
    const identity = { trustDomain, namespace: "istio-system", serviceAccount };
    const { chain, privateKey } = await authority.issueWorkload(identity);
    const certificates = await mkdtemp(join(state, "certificates-"));
    await writeFile(join(certificates, "cert-chain.pem"), chain);
    await writeFile(join(certificates, "key.pem"), privateKey.reveal());
    await writeFile(join(certificates, "root-cert.pem"), controlPlane.rootCertificates);
    const at = {
      kind: "tls",
      host: "localhost",
      port: controlPlane.tlsPort,
      certificates,
    } as const;
    return connectTo(name === undefined ? at : { ...at, authority: name });
  };
  const operator = await asIdentity("operator");
  expect(await operator.getControlPlane()).toMatchObject({ istioVersion: "1.29.6" });
  const { scopes } = await operator.setLogLevels({ levels: { ca: "info" } });
  expect(scopes).toContainEqual(expect.objectContaining({ name: "ca", level: "info" }));
  const gateway = await asIdentity("istio-ingressgateway");
  await expect(gateway.getControlPlane()).rejects.toMatchObject({
    statusName: "PERMISSION_DENIED",
    message: expect.stringContaining("--operator istio-system/istio-ingressgateway") as string,
  });
  await expect(gateway.setLogLevels({ reset: true })).rejects.toMatchObject({
    statusName: "PERMISSION_DENIED",
  });
  const byName = await asIdentity("operator", "istiod.istio-system.svc");
  expect(await byName.getControlPlane()).toMatchObject({ istioVersion: "1.29.6" });
  const byOther = await asIdentity("operator", "another.example.com");
  await expect(byOther.getControlPlane()).rejects.toMatchObject({ statusName: "UNAVAILABLE" });
});
