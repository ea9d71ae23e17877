/** What istioctl 1.29 sends, and what it reads out of the answers. */

import { fromBinary, toJson } from "@bufbuild/protobuf";
import type { Any } from "@bufbuild/protobuf/wkt";
import * as grpc from "@grpc/grpc-js";
import { expect, onTestFinished, test } from "vitest";
import type { DiscoveryResponse } from "../../../gen/types/envoy/service/discovery/v3/discovery_pb.js";
import type { ClientConfigJson } from "../../../gen/types/envoy/service/status/v3/csds_pb.js";
import { noteOutput } from "../../outputs/note-output.js";
import { run } from "../../unit/cli/run.js";
import { METHODS } from "../xds/discovery-client.js";
import { messageType, registry } from "../xds/view-server.js";
import { joinAs, shareDebugged } from "./debugged.js";

const debugged = shareDebugged();

interface StatusOf {
  readonly node: { readonly id: string };
}

const bytesOf = (field: number, content: Buffer | string): Buffer => {
  const bytes = Buffer.from(content);
  const length =
    bytes.length < 128 ? [bytes.length] : [(bytes.length & 127) | 128, bytes.length >> 7];
  return Buffer.concat([Buffer.from([(field << 3) | 2, ...length]), bytes]);
};

/** A member of a google.protobuf.Struct with a text. */
const member = (key: string, value: string): Buffer =>
  bytesOf(1, Buffer.concat([bytesOf(1, key), bytesOf(2, bytesOf(3, value))]));

/** The one request of istioctl, field by field: it names no version, and its nonce is the local time. */
function requestOf(typeUrl: string, names: readonly string[]): Buffer {
  const metadata = Buffer.concat([
    member("GENERATOR", "event"),
    member("ISTIO_VERSION", "65536.65536.65536"),
    member("NAMESPACE", "istio-system"),
    member("SERVICE_ACCOUNT", "default"),
  ]);
  const id = "sidecar~192.0.2.7~test-1.default~default.svc.cluster.local";
  return Buffer.concat([
    bytesOf(2, Buffer.concat([bytesOf(1, id), bytesOf(3, metadata)])),
    ...names.map((name) => bytesOf(3, name)),
    bytesOf(4, typeUrl),
    bytesOf(5, "2026-11-25 21:00:00.000000000 +0000 UTC m=+0.1"),
  ]);
}

interface Answer {
  readonly typeUrl: string;
  readonly identifier: string;
  readonly resources: readonly Any[];
}

/** Sends the request and reads one response, as istioctl does; rejects with the status of a stream that is ended. */
async function ask(typeUrl: string, names: readonly string[] = []): Promise<Answer> {
  const { plaintextPort } = debugged().controlPlane;
  const client = new grpc.Client(`127.0.0.1:${plaintextPort}`, grpc.credentials.createInsecure());
  const call = client.makeBidiStreamRequest<Buffer, Buffer>(
    METHODS.sotw,
    (bytes) => bytes,
    (bytes) => bytes,
  );
  onTestFinished(() => {
    call.cancel();
    client.close();
  });
  const answered = new Promise<Buffer>((resolve, reject) => {
    call.once("data", resolve);
    call.once("error", reject);
  });
  call.on("error", () => undefined);
  call.write(requestOf(typeUrl, names));
  const schema = messageType("envoy.service.discovery.v3.DiscoveryResponse");
  const bytes = await answered;
  noteOutput(typeUrl, bytes.toString("latin1"));
  const response = fromBinary(schema, bytes) as unknown as DiscoveryResponse;
  return {
    typeUrl: response.typeUrl,
    identifier: response.controlPlane?.identifier ?? "",
    resources: response.resources,
  };
}

function jsonOf({ typeUrl, value }: Any): unknown {
  const schema = messageType(typeUrl.slice("type.googleapis.com/".length));
  return toJson(schema, fromBinary(schema, value), { registry });
}

const textOf = async (path: string): Promise<string> => {
  const { resources } = await ask("istio.io/debug", [path]);
  expect(resources.map(({ typeUrl }) => typeUrl)).toEqual(["istio.io/debug"]);
  return Buffer.from(resources[0]?.value ?? []).toString("utf8");
};

test("proxy-status: a client status for each proxy, and none for istioctl itself", async () => {
  await joinAs(debugged(), "payments-0");
  const { typeUrl, identifier, resources } = await ask("istio.io/debug/syncz");
  expect(typeUrl).toBe("istio.io/debug/syncz");
  expect(JSON.parse(identifier)).toEqual({
    Component: "fairlead",
    ID: expect.any(String) as string,
    Info: { version: "1.29.6" },
  });
  // Proxies of other tests may not be gone yet.
  const ids = resources.map(jsonOf).map((one) => (one as ClientConfigJson).node?.id);
  expect(ids.filter((id) => id?.startsWith("payments-") !== true)).toEqual([]);
  const updated = expect.stringMatching(/^\d{4}-.*Z$/) as string;
  expect(resources.map(jsonOf)).toContainEqual({
    node: {
      id: "payments-0.default",
      metadata: { CLUSTER_ID: "Kubernetes", NAMESPACE: "default", ISTIO_VERSION: "" },
    },
    genericXdsConfigs: [
      {
        typeUrl: "type.googleapis.com/envoy.config.cluster.v3.Cluster",
        configStatus: "SYNCED",
        lastUpdated: updated,
      },
      {
        typeUrl: "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
        configStatus: "SYNCED",
        lastUpdated: updated,
      },
    ],
  });
});

test("proxy-status: our own command tells programs of each proxy what istioctl is told", async () => {
  await joinAs(debugged(), "payments-3");
  const told = async (): Promise<unknown> => {
    const { stdout } = await run(["proxy-status", "-o", "json", "--state", debugged().state]);
    const { resources } = JSON.parse(stdout) as { readonly resources: readonly StatusOf[] };
    return resources.find(({ node }) => node.id === "payments-3.default");
  };
  const { resources } = await ask("istio.io/debug/syncz");
  const asked = resources.find((one) => (jsonOf(one) as StatusOf).node.id === "payments-3.default");
  expect(await told()).toEqual({
    "@type": asked?.typeUrl,
    ...(asked && (jsonOf(asked) as object)),
  });
});

test("proxy-status of one proxy: the sections of its dump in istiod's order", async () => {
  await joinAs(debugged(), "payments-1");
  const { resources } = await ask("istio.io/debug/config_dump", ["payments-1.default"]);
  expect(resources.map(({ typeUrl }) => typeUrl)).toEqual(
    [
      "BootstrapConfigDump",
      "ClustersConfigDump",
      "ListenersConfigDump",
      "ScopedRoutesConfigDump",
      "RoutesConfigDump",
      "SecretsConfigDump",
      "EcdsConfigDump",
    ].map((name) => `type.googleapis.com/envoy.admin.v3.${name}`),
  );
  const [bootstrap, clusters, ...others] = resources.map(jsonOf);
  expect(bootstrap).toEqual({});
  expect(clusters).toMatchObject({
    versionInfo: expect.any(String) as string,
    dynamicActiveClusters: expect.arrayContaining([
      {
        versionInfo: expect.any(String) as string,
        lastUpdated: expect.any(String) as string,
        cluster: expect.objectContaining({ name: "BlackHoleCluster" }) as object,
      },
    ]) as object[],
  });
  expect(others).toEqual([{}, {}, {}, {}, {}]);
});

test("proxy-status of a proxy that is not connected: no section at all", async () => {
  const { resources } = await ask("istio.io/debug/config_dump", ["gone.default"]);
  expect(resources).toEqual([]);
});

test("internal-debug: a list, and the text of each path", async () => {
  await joinAs(debugged(), "payments-2");
  expect(JSON.parse(await textOf("list"))).toEqual([
    "/debug/adsz",
    "/debug/config_dump",
    "/debug/configz",
    "/debug/connections",
    "/debug/edsz",
    "/debug/endpointz",
    "/debug/list",
    "/debug/registryz",
    "/debug/syncz",
  ]);
  const nonce = expect.any(String) as string;
  expect(JSON.parse(await textOf("syncz"))).toContainEqual({
    cluster_id: "Kubernetes",
    proxy: "payments-2.default",
    proxy_type: "sidecar",
    proxy_version: "",
    istio_version: "",
    cluster_sent: nonce,
    cluster_acked: nonce,
  });
  expect(JSON.parse(await textOf("configz"))).toEqual([
    "DestinationRule payments.default",
    "PeerAuthentication strict.default",
    "ProxyConfig slow.default",
    "Service payments.default",
  ]);
  const dump = await textOf("config_dump?proxyID=payments-2.default");
  expect(dump).toContain("outbound|80||payments.default.svc.cluster.local");
  expect(dump).toContain("[redacted]");
  expect(dump).not.toContain("PRIVATE KEY");
});

test.each([
  ["nonsense", "404 page not found\n"],
  ["edsz", "You must provide a proxyID in the query string\n"],
  ["edsz?proxyID=gone.default", "Proxy not connected to this control plane\n"],
])("internal-debug %s: the words by which istioctl knows it", async (path, words) => {
  expect(await textOf(path)).toBe(words);
});

test("internal-debug: exactly one path", async () => {
  await expect(ask("istio.io/debug", ["list", "syncz"])).rejects.toMatchObject({
    code: grpc.status.INVALID_ARGUMENT,
  });
});
