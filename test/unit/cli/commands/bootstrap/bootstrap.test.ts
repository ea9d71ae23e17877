import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pem } from "../../../../../src/ca/certificate/pem.js";
import { workloadOfPod } from "../../../../../src/up/pods/workloads.js";
import { WORKLOAD } from "../../../up/fixtures.js";
import { run } from "../../run.js";

const SHOP = join(import.meta.dirname, "../../../../../examples/shop");

const DEPLOYMENT = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: a }
spec:
  selector: { matchLabels: { app: a } }
  template:
    metadata:
      labels: { app: a }
      annotations:
        proxy.istio.io/config: |
          proxyMetadata: { ISTIO_META_ZONE: z, ISTIO_META_NAME: other }
          gatewayTopology: { numTrustedProxies: 1 }
    spec: { nodeName: node-1, containers: [{ name: a, image: a }] }
`;

const ENTRY = `
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: { name: vm-1, labels: { tier: back } }
spec: { address: 10.0.0.1, serviceAccount: billing, labels: { app: billing } }
`;

const GROUP = `
apiVersion: networking.istio.io/v1
kind: WorkloadGroup
metadata: { name: vms }
spec:
  metadata:
    labels: { tier: back }
    annotations: { proxy.istio.io/config: "proxyMetadata: { ISTIO_META_ZONE: z }" }
  template: { serviceAccount: billing, labels: { app: billing } }
`;

const FILTERS = `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: mine }
spec:
  workloadSelector: { labels: { app: a } }
  configPatches:
  - applyTo: BOOTSTRAP
    match: { context: GATEWAY, proxy: { metadata: { ZONE: z } } }
    patch:
      operation: MERGE
      value:
        stats_flush_interval: 7s
        node: { metadata: { ADDED: "yes" } }
        static_resources: { clusters: [{ name: collector, connect_timeout: 1s }] }
  - applyTo: BOOTSTRAP
    patch: { operation: MERGE, value: { stats_flush_interval: -1s } }
  - applyTo: BOOTSTRAP
    match: { proxy: { proxyVersion: "^1[.]2[.].*" } }
    patch: { operation: MERGE, value: { stats_flush_interval: 8s } }
---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: of-others }
spec:
  workloadSelector: { labels: { app: b } }
  configPatches:
  - applyTo: BOOTSTRAP
    patch: { operation: MERGE, value: { stats_flush_interval: 9s } }
`;

interface Bootstrap {
  readonly staticResources: {
    readonly clusters: readonly { readonly name: string }[];
    readonly listeners: readonly { readonly address: { readonly socketAddress: object } }[];
  };
  readonly node: { readonly id: string; readonly metadata: Readonly<Record<string, unknown>> };
  readonly admin: { readonly address: { readonly socketAddress: object } };
}

let directory: string;
let rootFile: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "fairlead-bootstrap-"));
  rootFile = join(directory, "root.pem");
  writeFileSync(rootFile, pem("CERTIFICATE", Buffer.from("the root")));
});

afterAll(() => {
  rmSync(directory, { recursive: true });
});

async function bootstrap(...args: string[]): Promise<{ value: Bootstrap; text: string }> {
  const { code, stdout, stderr } = await run(["bootstrap", ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return { value: JSON.parse(stdout) as Bootstrap, text: stdout };
}

const joining = (): string[] => ["--root-cert", rootFile, "--token-file", "token"];

test("has the root in it, and the token by the whole path of its file", async () => {
  const { text } = await bootstrap("--workload", "a-0.shop", ...joining());
  const root = readFileSync(rootFile, "utf8");
  expect(text).toContain(`"inlineString": ${JSON.stringify(root)}`);
  expect(text).toContain(`"filename": ${JSON.stringify(join(process.cwd(), "token"))}`);
});

test("takes labels and service account from the Deployment of which the pod is a replica", async () => {
  const { value } = await bootstrap(
    ...["--workload", "my-service-7c9d.default", "--config", SHOP],
    ...joining(),
  );
  expect(value.node.metadata).toMatchObject({
    NAME: "my-service-7c9d",
    NAMESPACE: "default",
    WORKLOAD_NAME: "my-service",
    SERVICE_ACCOUNT: "my-service",
    LABELS: { app: "my-service" },
  });
});

test("has the node metadata that the files have for its proxy, and that it is told", async () => {
  const config = join(directory, "config");
  mkdirSync(config);
  writeFileSync(join(config, "mesh.yaml"), DEPLOYMENT);
  const declared = await bootstrap("--workload", "a-0", "--config", config, ...joining());
  expect(declared.value.node.metadata).toMatchObject({
    NAME: "a-0",
    NODE_NAME: "node-1",
    ZONE: "z",
    PROXY_CONFIG: { gatewayTopology: { numTrustedProxies: 1 } },
  });
  expect(declared.value.node.metadata).not.toHaveProperty("ON_DEMAND_DISCOVERY");
  const told = await bootstrap("--workload", "a-0", "--on-demand", ...joining());
  expect(told.value.node.metadata).toMatchObject({ ON_DEMAND_DISCOVERY: "true" });
});

test("is of a WorkloadGroup, and as the files say of that", async () => {
  const config = join(directory, "groups");
  mkdirSync(config);
  writeFileSync(join(config, "group.yaml"), GROUP);
  const args = ["--workload", "vm-1.default", "--group", "vms", ...joining()];
  const { value } = await bootstrap(...args, "--config", config);
  expect(value).toMatchObject({ hdsConfig: { apiType: "GRPC" } });
  expect(value.node.metadata).toMatchObject({
    NAME: "vm-1",
    AUTO_REGISTER_GROUP: "vms",
    WORKLOAD_NAME: "vms",
    SERVICE_ACCOUNT: "billing",
    ZONE: "z",
    LABELS: { app: "billing", tier: "back" },
  });
  const untold = await bootstrap(...args);
  expect(untold.value.node.metadata).toMatchObject({ AUTO_REGISTER_GROUP: "vms" });
  const other = ["bootstrap", "--workload", "vm-1.other", "--group", "vms", "--config", config];
  expect(await run([...other, ...joining()])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("no WorkloadGroup vms in namespace other") as string,
  });
});

test("is as the files say of its WorkloadEntry", async () => {
  const config = join(directory, "entries");
  mkdirSync(config);
  writeFileSync(join(config, "entry.yaml"), ENTRY);
  const { value } = await bootstrap("--workload", "vm-1.default", "--config", config, ...joining());
  expect(value.node.metadata).toMatchObject({
    NAME: "vm-1",
    WORKLOAD_NAME: "vm-1",
    SERVICE_ACCOUNT: "billing",
    LABELS: { app: "billing", tier: "back" },
  });
});

test("is as the EnvoyFilters for it change it, but for what Envoy would refuse", async () => {
  const config = join(directory, "filters");
  mkdirSync(config);
  writeFileSync(join(config, "mesh.yaml"), DEPLOYMENT);
  writeFileSync(join(config, "filters.yaml"), FILTERS);
  const args = ["--workload", "a-0", "--config", config, ...joining()];
  const { code, stdout, stderr } = await run(["bootstrap", ...args]);
  expect(code).toBe(0);
  const value = JSON.parse(stdout) as Bootstrap;
  const untouched = (await bootstrap("--workload", "a-0", ...joining())).value;
  expect(value).toMatchObject({
    statsFlushInterval: "7s",
    node: { id: untouched.node.id, metadata: { ADDED: "yes", NAME: "a-0" } },
  });
  expect(value.staticResources.clusters.map(({ name }) => name)).toEqual([
    ...untouched.staticResources.clusters.map(({ name }) => name),
    "collector",
  ]);
  expect(stderr).toMatch(/filters\.yaml:\d+:\d+: error\[refused-by-envoy\]: .*the bootstrap/);
  expect(stderr.match(/refused-by-envoy/g)).toHaveLength(1);
});

test("prefers what it is told to what the Deployment says", async () => {
  const { value } = await bootstrap(
    ...["--workload", "my-service-0", "--config", SHOP],
    ...["--service-account", "other", "--labels", "version=v9", ...joining()],
  );
  expect(value.node.metadata).toMatchObject({
    SERVICE_ACCOUNT: "other",
    LABELS: { app: "my-service", version: "v9" },
  });
});

test("serves health and statistics on all addresses of the family of its own", async () => {
  const placesOf = async (address: string) => {
    const { value } = await bootstrap("--workload", "a-0", "--address", address, ...joining());
    return value.staticResources.listeners.map(({ address: { socketAddress } }) => socketAddress);
  };
  expect(await placesOf("fd00::9")).toEqual([
    { address: "::", portValue: 15021 },
    { address: "::", portValue: 15090 },
  ]);
  expect(await placesOf("10.0.0.9")).toEqual([
    { address: "0.0.0.0", portValue: 15021 },
    { address: "0.0.0.0", portValue: 15090 },
  ]);
});

test("keeps to a loopback address that is the proxy's own", async () => {
  const { value } = await bootstrap(
    ...["--workload", "a-0.shop", "--address", "127.30.0.9", "--mode", "NONE"],
    ...["--app-address", "127.31.0.9", "--egress-address", "127.32.0.9", ...joining()],
  );
  expect(value.node.id).toBe("sidecar~127.30.0.9~a-0.shop~shop.svc.cluster.local");
  expect(value.node.metadata).toMatchObject({
    INTERCEPTION_MODE: "NONE",
    APP_ADDRESS: "127.31.0.9",
    EGRESS_ADDRESS: "127.32.0.9",
  });
  expect(value.admin.address.socketAddress).toEqual({ address: "127.30.0.9", portValue: 15000 });
});

test("is a gateway's when it is told so, without TLS when it is told so", async () => {
  const { value, text } = await bootstrap(
    ...["--workload", "edge-0.istio-system", "--gateway", "--plaintext"],
    ...["--address", "10.0.0.7", "--locality", "eu/eu-1"],
  );
  expect(value.node.id).toBe("router~10.0.0.7~edge-0.istio-system~istio-system.svc.cluster.local");
  expect(value.node).toMatchObject({ locality: { region: "eu", zone: "eu-1" } });
  expect(text).not.toContain("join-token");
});

test("trusts the root of a state directory, the same one each time", async () => {
  const state = join(directory, "state");
  const args = ["--workload", "a-0", "--token-file", "token", "--state", state];
  const first = await bootstrap(...args);
  expect(first.text).toContain("-----BEGIN CERTIFICATE-----");
  expect((await bootstrap(...args)).text).toBe(first.text);
});

test("with the directory of an agent it joins by what that keeps, and needs neither a token nor a root", async () => {
  const { value, text } = await bootstrap("--workload", "a-0", "--identity", directory);
  expect(text).toContain(`"path": "${join(directory, "identity.json")}"`);
  expect(text).toContain(`"path": "${join(directory, "roots.json")}"`);
  expect(text).not.toMatch(/join-token|BEGIN/);
  expect(value.node.metadata).toMatchObject({ IDENTITY_CLUSTER: "xds-identity" });
});

test.each(["--plaintext", "--token-file=token"])(
  "an agent's directory and %s are not both taken",
  async (other) => {
    const args = ["bootstrap", "--workload", "a-0", "--identity", directory, other];
    const { code, stderr } = await run(args);
    expect(code).toBe(2);
    expect(stderr).toContain("'--identity <dir>' cannot be used with option");
  },
);

test.each([
  ["without a token", [], /^error: a proxy proves who it is by a join token\n {2}make one/],
  [
    "with a root that is not there",
    ["--token-file", "t", "--root-cert", "/nowhere/root.pem"],
    /^error: \/nowhere\/root\.pem cannot be read: ENOENT.*\n {2}--root-cert is/,
  ],
  [
    "with a root that is none",
    ["--token-file", "t", "--root-cert", "package.json"],
    /^error: package\.json has no certificate\n {2}--root-cert is/,
  ],
  [
    "for a workload that is not declared",
    ["--token-file", "t", "--config", SHOP],
    /no Deployment, StatefulSet, DaemonSet, Pod or WorkloadEntry for a-0\.default\n {2}leave --config out/,
  ],
])("%s there is none, but what to do", async (_, args, message) => {
  const { code, stdout, stderr } = await run(["bootstrap", "--workload", "a-0", ...args]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(message);
});

describe("the workload of a pod", () => {
  const workloads = ["payments", "payments-v1", "pay"].map((name) => ({ ...WORKLOAD, name }));
  const find = (name: string, namespace = "default"): string | undefined =>
    workloadOfPod(workloads, { name, namespace })?.name;

  test("is the one with the longest name that the pod's begins with", () => {
    expect(find("payments-v1-0")).toBe("payments-v1");
    expect(find("payments-7c9d-x2")).toBe("payments");
    expect(find("payments")).toBe("payments");
  });

  test("is none when the names only look alike, or in another namespace", () => {
    expect(find("payments2")).toBeUndefined();
    expect(find("payments-v1-0", "shop")).toBeUndefined();
  });
});
