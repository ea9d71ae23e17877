/** Pods of headless services that are called by their names: how a name is read, and what there is of it, for whom. */
import { describe, expect, test } from "vitest";
import { createDiscovery } from "../../../src/app/discovery.js";
import { Engine } from "../../../src/base/engine/engine.js";
import { Table } from "../../../src/base/table/table.js";
import { calledPodOf } from "../../../src/envoy/filter/called-pod.js";
import { type NodeFields, parseNode } from "../../../src/mesh/proxy/proxy.js";
import { criteriaOf } from "../../../src/simulator/endpoint-subset.js";
import { createDirectory } from "../config/directory.js";
import { goldenEncoder } from "../golden/golden-case.js";
import { request } from "../simulator/calls.js";
import { askedFor } from "./asked-for.js";
import { GATEWAY, hostIn, SIDECAR, sentTo } from "./sent-to.js";

const PORT = 8000;
const CLUSTER = `outbound|${String(PORT)}||database.default.svc.cluster.local`;

const service = (metadata = "name: database"): string => `
apiVersion: v1
kind: Service
metadata: { ${metadata} }
spec:
  clusterIP: None
  selector: { app: database }
  ports: [{ name: http, port: ${String(PORT)} }]
`;

const pod = (name: string, podIP: string): string => `
apiVersion: v1
kind: Pod
metadata: { name: ${name}, labels: { app: database } }
spec: {}
status: { podIP: ${podIP} }
`;

const rule = (trafficPolicy: object): string =>
  JSON.stringify({
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name: "database" },
    spec: { host: "database", trafficPolicy },
  });

const uncaptured = (id = SIDECAR.id) => ({
  id,
  metadata: { ...SIDECAR.metadata, INTERCEPTION_MODE: "NONE" },
});

describe("the pod that a request is for", () => {
  const NAMES = ["db.ns.svc.cluster.local", "db.ns.svc.cluster.local.", "db", "db.ns.svc", "db.ns"];
  const podOf = (authority: string, names = NAMES): string | undefined => {
    const subsets = { subsetSelectors: [{ keys: ["pod"] }] };
    const virtualHost = { typedPerFilterConfig: calledPodOf(names) };
    const asked = request({ authority });
    return criteriaOf({ lbSubsetConfig: subsets }, { virtualHost }, asked)["pod"];
  };

  test.each([
    ["db-0.db", "db-0"],
    ["db-0.db:8000", "db-0"],
    ["db-0.DB.Ns", "db-0"],
    ["db-0.db.ns.svc:80", "db-0"],
    ["db-0.db.ns.svc.cluster.local", "db-0"],
    ["db-0.db.ns.svc.cluster.local.:80", "db-0"],
    // No pod has such a name.
    ["a.db-0.db", "a.db-0"],
  ])("is by %s that before the service's name", (authority, name) => {
    expect(podOf(authority)).toBe(name);
  });

  test.each(NAMES.flatMap((name) => [name, `${name}:8000`, name.toUpperCase()]))(
    "is any by %s, the service's own name",
    (authority) => {
      expect(podOf(authority)).toBeUndefined();
    },
  );

  test("is any of a service that has the name of its namespace", () => {
    expect(podOf("db.db", ["db.db.svc.cluster.local", "db", "db.db.svc", "db.db"])).toBeUndefined();
    expect(podOf("db.db.db", ["db.db.svc.cluster.local", "db", "db.db.svc", "db.db"])).toBe("db");
  });
});

describe("pods of a headless service", () => {
  const POD = pod("database-0", "10.0.0.1");
  const toldOf = (node: NodeFields, ...texts: readonly string[]) => {
    const { clusters, endpoints, listeners } = sentTo(node, POD, ...texts);
    return {
      cluster: clusters.get(CLUSTER)?.lbSubsetConfig !== undefined,
      endpoint: JSON.stringify([...endpoints.values()]).includes('"pod":"database-0"'),
      filter: JSON.stringify([...listeners.values()]).includes("fairlead.called_pod"),
    };
  };

  test("are told apart where callers say a name alone", () => {
    expect(toldOf(uncaptured(), service())).toEqual({
      cluster: true,
      endpoint: true,
      filter: true,
    });
  });

  test.each([
    ["callers say an address", SIDECAR],
    ["a gateway calls", GATEWAY],
  ])("are not where %s", (_when, node) => {
    expect(toldOf(node, service())).toEqual({ cluster: false, endpoint: false, filter: false });
  });

  test("are not where the service is not seen", () => {
    const hidden = `
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: { name: default }
spec: { egress: [{ hosts: ["other/*"] }] }
`;
    const nothing = { cluster: false, endpoint: false, filter: false };
    expect(toldOf(uncaptured(), service(), hidden)).toEqual(nothing);
    const other = uncaptured("sidecar~10.0.0.9~a.other~other.svc.cluster.local");
    const kept = "name: database, annotations: { networking.istio.io/exportTo: . }";
    expect(toldOf(other, service())).toMatchObject({ cluster: true });
    expect(toldOf(other, service(kept))).toEqual(nothing);
  });

  test("are chosen by the weights of localities only where calls of the service are", () => {
    const subsetsOf = (...more: readonly string[]) =>
      sentTo(uncaptured(), service(), POD, ...more).clusters.get(CLUSTER)?.lbSubsetConfig;
    expect(subsetsOf()?.localityWeightAware).toBeUndefined();
    const distribute = [{ from: "*", to: { "a/*": 100 } }];
    const weighted = rule({
      loadBalancer: { localityLbSetting: { distribute } },
      outlierDetection: {},
    });
    expect(subsetsOf(weighted)?.localityWeightAware).toBe(true);
  });

  test.each([
    ["Sidecar", 8000, "HTTP", "*.database"],
    ["Sidecar that is an HTTP proxy", 3128, "HTTP_PROXY", "*.database:8000"],
  ])("are called by the listener of a %s", (_whose, number, protocol, domain) => {
    const port = `{ number: ${String(number)}, name: http, protocol: ${protocol} }`;
    const sidecar = `
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: { name: default }
spec: { egress: [{ port: ${port}, hosts: ["*/*"] }] }
`;
    const { routes, listeners } = sentTo(uncaptured(), service(), POD, sidecar);
    const text = JSON.stringify(
      [...listeners.values()].find(({ name = "" }) => name.endsWith(`_${String(number)}`)),
    );
    expect(text).toContain("fairlead.called_pod");
    const [, table = ""] = /"routeConfigName":"([^"]+)"/.exec(text) ?? [];
    expect(hostIn(routes.get(table), domain)?.typedPerFilterConfig).toBeDefined();
  });
});

describe("an edit of a pod", () => {
  const PODS = 50;
  const SENT = ["clusters", "listeners", "splitRoutes", "virtualHosts"] as const;
  const address = (i: number): string => `10.0.1.${String(i)}`;
  const fileOf = (i: number, podIP = address(i)) => ({
    [`pod-${String(i)}.yaml`]: pod(`database-${String(i)}`, podIP),
  });

  test.each([
    ["moves", fileOf(7, "10.0.2.7")],
    ["comes", fileOf(PODS)],
    ["goes", { "pod-7.yaml": undefined }],
  ])("that %s makes endpoints again, and nothing for any pod", (_what, edit) => {
    const made: string[] = [];
    const engine = new Engine({ record: (operator) => void made.push(operator) });
    const directory = createDirectory();
    const files = Array.from({ length: PODS }, (_, i) => fileOf(i));
    const first = Object.assign({ "service.yaml": service() }, ...files) as Record<string, string>;
    const discovery = createDiscovery(goldenEncoder(), directory.write(first), engine);
    const proxy = parseNode(uncaptured());
    if ("invalid" in proxy) throw new Error(proxy.invalid);
    const connected = { proxy, controlPlane: undefined };
    const before = askedFor(discovery.resourcesOf(connected));
    made.length = 0;
    const snapshot = directory.write(edit);
    discovery.update({ snapshot, proxies: Table.empty(), standIns: [] });
    const after = askedFor(discovery.resourcesOf(connected));
    expect(after.endpoints).not.toBe(before.endpoints);
    for (const type of SENT) expect(after[type]).toBe(before[type]);
    expect(made.filter((one) => one === "endpoints of a service")).toHaveLength(1);
    expect(made).not.toContain("clusters of a service");
    expect(made).not.toContain("virtual hosts");
    expect(made.length).toBeLessThan(PODS);
  });
});
