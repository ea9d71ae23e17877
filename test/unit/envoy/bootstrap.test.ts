import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { type Authority, openAuthority } from "../../../src/ca/authority/authority.js";
import type { ProxyStatistics } from "../../../src/config/mesh-config/proxy-statistics.js";
import {
  type Bootstrap,
  type BootstrapOptions,
  buildBootstrap,
} from "../../../src/envoy/bootstrap/bootstrap.js";
import {
  buildIdentityCluster,
  type ControlPlaneAddress,
  identityClusterAddress,
} from "../../../src/envoy/bootstrap/control-plane-cluster.js";
import {
  buildIdentityFile,
  buildJoinTokenFile,
  buildRootsFile,
  type IdentityFiles,
} from "../../../src/envoy/bootstrap/join-credential.js";
import { createEncoder } from "../../../src/envoy/resource/encoder.js";
import { findEnvoy } from "../../../src/up/envoy/envoy-binary.js";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const TOKEN = "fairlead-abcdefghij-abcdefghijklmnopqrstuvwxyz234567";
const ADDRESS: ControlPlaneAddress = {
  ...{ host: "192.0.2.1", port: 15012, subjectAltName: "istiod.istio-system.svc" },
};

const base: BootstrapOptions = {
  node: {
    ...{ type: "sidecar", name: "payments-v1-0", namespace: "default" },
    ...{ addresses: ["192.0.2.7"], serviceAccount: "payments", workloadName: "payments-v1" },
    labels: { app: "payments", version: "v1" },
  },
  controlPlane: {
    transport: "tls",
    ...ADDRESS,
    rootCertificates: { file: "/etc/fairlead/root.pem" },
    token: { inline: TOKEN },
  },
};

const STATISTICS: ProxyStatistics = {
  kept: {
    prefixes: ["http.{pod_ip}_", "server"],
    suffixes: ["upstream_rq_total"],
    regexps: ["cluster.*_ms"],
  },
  statsd: { address: "192.0.2.9", port: 8125 },
};

const tls = (changed: object): BootstrapOptions["controlPlane"] => ({
  ...base.controlPlane,
  ...changed,
});

const byIdentity = (identity: IdentityFiles): BootstrapOptions["controlPlane"] => ({
  ...{ transport: "tls", ...ADDRESS, identity },
});

test("with a certificate that an agent keeps there is no token, nor a key, in it", () => {
  const controlPlane = byIdentity({ certificate: "/a/identity.json", roots: "/a/roots.json" });
  const bootstrap = buildBootstrap({ ...base, controlPlane });
  const text = JSON.stringify(bootstrap);
  expect(text).not.toMatch(/token|credential_injector|PRIVATE KEY|BEGIN/);
  expect(bootstrap).not.toHaveProperty("staticResources.secrets");
  const [, xds, join] = (bootstrap as unknown as WithClusters).staticResources.clusters;
  expect(xds).toMatchObject({
    name: "xds-grpc",
    clusterType: { typedConfig: { clusters: ["xds-identity", "xds-join"] } },
  });
  expect(join).toMatchObject({
    name: "xds-join",
    transportSocket: {
      typedConfig: {
        sni: ADDRESS.subjectAltName,
        commonTlsContext: {
          tlsCertificateSdsSecretConfigs: [
            { sdsConfig: { pathConfigSource: { path: "/a/identity.json" } } },
          ],
          combinedValidationContext: {
            defaultValidationContext: {
              matchTypedSubjectAltNames: [{ matcher: { exact: ADDRESS.subjectAltName } }],
            },
            validationContextSdsSecretConfig: {
              sdsConfig: { pathConfigSource: { path: "/a/roots.json" } },
            },
          },
        },
      },
    },
  });
});

interface WithClusters {
  readonly staticResources: { readonly clusters: readonly object[] };
}

interface Parsed {
  readonly node: {
    readonly id: string;
    readonly cluster: string;
    readonly locality?: object;
    readonly metadata: Readonly<Record<string, unknown>>;
  };
}

function nodeOf(options: BootstrapOptions): Parsed["node"] {
  return (buildBootstrap(options) as unknown as Parsed).node;
}

describe("the node", () => {
  test.each([
    ["its label", { labels: { app: "a" } }, "a.default"],
    ["its workload without one", { labels: {} }, "payments-v1.default"],
    ["the settings", { naming: { serviceCluster: "mine" } }, "mine"],
    [
      "its label where the settings say nothing",
      { naming: { serviceCluster: "istio-proxy" } },
      "payments.default",
    ],
    ["its canonical name", { naming: { tracingServiceName: "CANONICAL_NAME_ONLY" } }, "payments"],
    [
      "its canonical name and namespace",
      {
        labels: { app: "a", "service.istio.io/canonical-name": "b" },
        naming: { tracingServiceName: "CANONICAL_NAME_AND_NAMESPACE" },
      },
      "b.default",
    ],
    [
      "its label again",
      { naming: { tracingServiceName: "APP_LABEL_AND_NAMESPACE" } },
      "payments.default",
    ],
  ] as const)("is called by %s", (_by, changed, expected) => {
    expect(nodeOf({ ...base, node: { ...base.node, ...changed } }).cluster).toBe(expected);
  });

  test("is named and described as Istio's agent does it", () => {
    expect(nodeOf(base)).toEqual({
      id: "sidecar~192.0.2.7~payments-v1-0.default~default.svc.cluster.local",
      cluster: "payments.default",
      metadata: {
        CLUSTER_ID: "Kubernetes",
        ENVOY_PROMETHEUS_PORT: 15090,
        ENVOY_STATUS_PORT: 15021,
        IDENTITY_CLUSTER: "xds-identity",
        INSTANCE_IPS: "192.0.2.7",
        INTERCEPTION_MODE: "REDIRECT",
        ISTIO_VERSION: "1.29.6",
        LABELS: {
          app: "payments",
          "service.istio.io/canonical-name": "payments",
          "service.istio.io/canonical-revision": "v1",
          version: "v1",
        },
        MESH_ID: "cluster.local",
        NAME: "payments-v1-0",
        NAMESPACE: "default",
        PILOT_SAN: ["istiod.istio-system.svc"],
        PROXY_CONFIG: {
          controlPlaneAuthPolicy: "MUTUAL_TLS",
          discoveryAddress: "192.0.2.1:15012",
          drainDuration: "45s",
          proxyAdminPort: 15000,
          serviceCluster: "istio-proxy",
          statNameLength: 189,
          statusPort: 15021,
          terminationDrainDuration: "5s",
        },
        SERVICE_ACCOUNT: "payments",
        WORKLOAD_NAME: "payments-v1",
      },
    });
  });

  test("of a gateway is a router", () => {
    const options: BootstrapOptions = { ...base, node: { ...base.node, type: "router" } };
    expect(nodeOf(options).id).toMatch(/^router~/);
  });

  test("says where its application listens when nothing is captured", () => {
    const node = { ...base.node, interceptionMode: "NONE", appAddress: "127.1.2.3" } as const;
    expect(nodeOf({ ...base, node }).metadata).toMatchObject({
      INTERCEPTION_MODE: "NONE",
      APP_ADDRESS: "127.1.2.3",
      EGRESS_ADDRESS: "127.0.0.1",
    });
  });

  test.each<[object, object]>([
    [{ unprivileged: true }, { UNPRIVILEGED_POD: "true" }],
    [{ addresses: ["192.0.2.7", "2001:db8::7"] }, { INSTANCE_IPS: "192.0.2.7,2001:db8::7" }],
    [
      { clusterId: "west", meshId: "shop" },
      { CLUSTER_ID: "west", MESH_ID: "shop" },
    ],
    [
      { labels: {} },
      {
        LABELS: {
          "service.istio.io/canonical-name": "payments-v1",
          "service.istio.io/canonical-revision": "latest",
        },
      },
    ],
  ])("%j becomes %j", (changed, metadata) => {
    expect(nodeOf({ ...base, node: { ...base.node, ...changed } }).metadata).toMatchObject(
      metadata,
    );
  });

  test("has its locality", () => {
    const locality = { region: "eu", zone: "eu-1", subZone: "rack-2" };
    expect(nodeOf({ ...base, node: { ...base.node, locality } }).locality).toEqual(locality);
  });

  test("over plaintext has no place for a certificate", () => {
    const controlPlane = { transport: "plaintext", host: "127.0.0.1", port: 15010 } as const;
    expect(nodeOf({ ...base, controlPlane }).metadata).not.toHaveProperty("IDENTITY_CLUSTER");
  });
});

test("the order of labels makes no difference", () => {
  const labels = { version: "v1", app: "payments" };
  expect(JSON.stringify(buildBootstrap({ ...base, node: { ...base.node, labels } }))).toBe(
    JSON.stringify(buildBootstrap(base)),
  );
});

const member: BootstrapOptions = {
  ...base,
  node: { ...base.node, metadata: { AUTO_REGISTER_GROUP: "vms" } },
};

test("asks for checks of the application by its certificate, for a WorkloadGroup alone", () => {
  expect(buildBootstrap(member)).toMatchObject({
    hdsConfig: { grpcServices: [{ envoyGrpc: { clusterName: "hds-grpc" } }] },
    staticResources: {
      clusters: expect.arrayContaining([
        expect.objectContaining({
          name: "hds-grpc",
          clusterType: {
            name: "envoy.clusters.aggregate",
            typedConfig: expect.objectContaining({ clusters: ["xds-identity"] }) as object,
          },
        }) as object,
      ]) as object,
    },
  });
  expect(buildBootstrap(base)).not.toHaveProperty("hdsConfig");
  const controlPlane = { transport: "plaintext", host: "127.0.0.1", port: 15010 } as const;
  expect(buildBootstrap({ ...member, controlPlane })).not.toHaveProperty("hdsConfig");
});

test("keeps the statistics that are asked for, and those that are always kept", () => {
  const node = { ...base.node, addresses: ["192.0.2.7", "2001:db8::7"] };
  const { statsConfig } = buildBootstrap({ ...base, node, statistics: STATISTICS }) as {
    readonly statsConfig: {
      readonly statsMatcher: { readonly inclusionList: { readonly patterns: readonly object[] } };
    };
  };
  const { patterns } = statsConfig.statsMatcher.inclusionList;
  expect(patterns).toEqual(
    expect.arrayContaining([
      { prefix: "http.192.0.2.7_" },
      { prefix: "http.2001:db8::7_" },
      { prefix: "server" },
      { suffix: "upstream_rq_total" },
      { suffix: "rbac.denied" },
      { safeRegex: { regex: "cluster.*_ms" } },
    ]),
  );
  expect(new Set(patterns.map((one) => JSON.stringify(one))).size).toBe(patterns.length);
});

test("the whole of it is as it was", async () => {
  await expect(`${JSON.stringify(buildBootstrap(base), undefined, 2)}\n`).toMatchFileSnapshot(
    "../../golden/bootstrap/sidecar.json",
  );
});

describe("Envoy accepts", () => {
  let envoy: string;
  let authority: Authority;
  let roots: string;

  beforeAll(async () => {
    const { FAIRLEAD_ENVOY: named, PATH: path } = process.env;
    envoy = (await findEnvoy({ named, path, installation: ROOT })).file;
  });

  async function validate(build: (directory: string) => Promise<Bootstrap>): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), "fairlead-bootstrap-"));
    try {
      authority = await openAuthority({ stateDirectory: join(directory, "state"), now: Date.now });
      roots = authority.roots.join("");
      const file = join(directory, "bootstrap.json");
      await writeFile(file, JSON.stringify(await build(directory)));
      const options = ["--mode", "validate", "--log-level", "error", "--config-path", file];
      const { stdout, stderr } = await promisify(execFile)(envoy, options);
      return stdout + stderr;
    } finally {
      await rm(directory, { recursive: true });
    }
  }

  const inline = (): object => ({ rootCertificates: { inline: roots } });

  test.each<[string, () => BootstrapOptions]>([
    ["the checks of a WorkloadGroup", () => ({ ...member, controlPlane: tls(inline()) })],
    ["a token and roots in the bootstrap", () => ({ ...base, controlPlane: tls(inline()) })],
    [
      "state of the world",
      () => ({ ...base, protocol: "state-of-the-world", controlPlane: tls(inline()) }),
    ],
    [
      "a control plane by name",
      () => ({ ...base, controlPlane: tls({ ...inline(), host: "mesh.example.com" }) }),
    ],
    [
      "a control plane at an IPv6 address that is also its name",
      () => ({
        ...base,
        controlPlane: tls({ ...inline(), host: "2001:db8::1", subjectAltName: "2001:db8::1" }),
      }),
    ],
    [
      "plaintext",
      () => ({
        ...base,
        controlPlane: { transport: "plaintext", host: "127.0.0.1", port: 15010 },
      }),
    ],
    [
      "a gateway with all that can be set",
      () => ({
        node: { ...base.node, type: "router", interceptionMode: "NONE", unprivileged: true },
        controlPlane: tls(inline()),
        admin: { address: "127.0.0.2", port: 15001 },
        status: { address: "127.0.0.2", port: 15022 },
        metrics: { address: "127.0.0.2", port: 15091 },
        dnsResolvers: [{ address: "127.0.0.53", port: 53 }],
        maxDownstreamConnections: 1000,
        statsFlushIntervalSeconds: 1,
        statistics: STATISTICS,
      }),
    ],
  ])("%s", async (_, options) => {
    expect(await validate(() => Promise.resolve(buildBootstrap(options())))).toContain("OK");
  });

  test("a token and roots in files", async () => {
    const output = await validate(async (directory) => {
      const [token, root] = [join(directory, "token"), join(directory, "root.pem")];
      await writeFile(token, TOKEN);
      await writeFile(root, roots);
      const controlPlane = tls({ token: { file: token }, rootCertificates: { file: root } });
      return buildBootstrap({ ...base, controlPlane });
    });
    expect(output).toContain("OK");
  });

  test("a token in a file of Envoy's form", async () => {
    const output = await validate(async (directory) => {
      const secretFile = join(directory, "token.json");
      await writeFile(secretFile, JSON.stringify(buildJoinTokenFile(TOKEN)));
      return buildBootstrap({ ...base, controlPlane: tls({ ...inline(), token: { secretFile } }) });
    });
    expect(output).toContain("OK");
  });

  test("a certificate and roots in files that an agent keeps", async () => {
    const output = await validate(async (directory) => {
      const identity = {
        certificate: join(directory, "identity.json"),
        roots: join(directory, "roots.json"),
      };
      const { chain, privateKey } = await authority.issueWorkload({
        ...{ trustDomain: "cluster.local", namespace: "default", serviceAccount: "payments" },
      });
      const kept = buildIdentityFile(chain, privateKey.reveal());
      await writeFile(identity.certificate, JSON.stringify(kept));
      await writeFile(identity.roots, JSON.stringify(buildRootsFile(roots)));
      return buildBootstrap({ ...base, controlPlane: byIdentity(identity) });
    });
    expect(output).toContain("OK");
  });

  test("no bootstrap whose roots are none (so that the others were really looked at)", async () => {
    const controlPlane = tls({ rootCertificates: { inline: "none" } });
    await expect(
      validate(() => Promise.resolve(buildBootstrap({ ...base, controlPlane }))),
    ).rejects.toThrow();
  });
});

describe("the cluster by which a proxy comes back", () => {
  test("goes where the node says that its control plane is", () => {
    expect(identityClusterAddress(nodeOf(base).metadata)).toEqual(ADDRESS);
  });

  test.each(["mesh.example.com", "2001:db8::1", "127.0.0.1"])("may go to %s", (host) => {
    const { metadata } = nodeOf({ ...base, controlPlane: tls({ host, port: 1 }) });
    expect(identityClusterAddress(metadata)).toEqual({ ...ADDRESS, host, port: 1 });
  });

  const { metadata } = nodeOf(base);
  test.each<[string, object]>([
    ["without a place for it", { IDENTITY_CLUSTER: undefined }],
    ["with a place of another name", { IDENTITY_CLUSTER: "outbound|80||a" }],
    ["without an address", { PROXY_CONFIG: {} }],
    ["with an address that is no text", { PROXY_CONFIG: { discoveryAddress: 15012 } }],
    ["with an address without a port", { PROXY_CONFIG: { discoveryAddress: "192.0.2.1" } }],
    ["with an impossible port", { PROXY_CONFIG: { discoveryAddress: "192.0.2.1:65536" } }],
    ["with an address that is a path", { PROXY_CONFIG: { discoveryAddress: "./XDS:1" } }],
    ["without a name to check", { PILOT_SAN: [] }],
    ["with an empty name to check", { PILOT_SAN: [""] }],
  ])("is not sent to a node %s", (_, changed) => {
    expect(identityClusterAddress({ ...metadata, ...changed })).toBeUndefined();
  });

  test("is not sent to any node that says something else", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (proxyConfig, names) => {
        const node = {
          IDENTITY_CLUSTER: "xds-identity",
          PROXY_CONFIG: proxyConfig,
          PILOT_SAN: names,
        };
        expect(identityClusterAddress(node)).toBeUndefined();
      }),
    );
  });

  test("is a cluster of Envoy's API", async () => {
    const encoder = createEncoder(await readFile(join(ROOT, "gen", "envoy.binpb")));
    const { bytes } = encoder.encode(
      "envoy.config.cluster.v3.Cluster",
      buildIdentityCluster(ADDRESS),
    );
    expect(bytes.length).toBeGreaterThan(100);
  });
});
