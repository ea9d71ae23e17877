import type { Kind, ResourceOf, SpecOf, StatusOf } from "../../../src/config/kinds.js";
import { type ConfigResource, keyOf } from "../../../src/config/resource.js";
import { emptyTables, type ResourceTables } from "../../../src/config/snapshot.js";
import { podAddresses } from "../../../src/up/pods/addresses.js";
import type { PlacedPod } from "../../../src/up/pods/pod-plan.js";
import type { LocalPod } from "../../../src/up/pods/pods.js";
import type { LocalWorkload } from "../../../src/up/pods/workloads.js";

/** A resource in few words; `name.namespace`, or a name alone for the namespace `default`. */
export function resource<K extends Kind>(
  kind: K,
  id: string,
  content: {
    readonly spec?: SpecOf<K>;
    readonly status?: StatusOf<K>;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  } = {},
): ConfigResource {
  const [name = "", namespace = kind === "Namespace" ? "" : "default"] = id.split(".");
  const { spec = {}, status, labels = {}, annotations = {} } = content;
  const metadata = { name, namespace, labels, annotations };
  return { kind, apiVersion: "v1", metadata, spec, ...(status === undefined ? {} : { status }) };
}

export function tablesOf(...resources: readonly ConfigResource[]): ResourceTables {
  const tables: Record<string, unknown> = { ...emptyTables() };
  for (const one of resources) {
    const table = (tables as ResourceTables)[one.kind as Kind] as ResourceTables["Pod"];
    tables[one.kind] = table.with(keyOf(one.metadata), one as ResourceOf<"Pod">);
  }
  return tables as ResourceTables;
}

/** A Deployment of `app` whose pods have that label and a version. */
export function deployment(
  id: string,
  options: {
    readonly replicas?: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly spec?: NonNullable<SpecOf<"Deployment">["template"]["spec"]>;
  } = {},
): ConfigResource {
  const { replicas, labels = { app: id.split(".")[0] ?? id }, annotations = {}, spec } = options;
  return resource("Deployment", id, {
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      template: { metadata: { labels, annotations }, ...(spec === undefined ? {} : { spec }) },
    },
  });
}

export const INJECTED = resource("Namespace", "default", {
  labels: { "istio-injection": "enabled" },
});

/** What a pod has of its workload. */
const POD_OF_WORKLOAD = {
  namespace: "default",
  labels: { app: "payments", version: "v1" },
  serviceAccount: "default",
  containers: [],
  proxy: "sidecar",
  nodeMetadata: {},
  concurrency: 1,
  settings: {},
  naming: {},
  statistics: {},
  makesMetrics: false,
} as const;

export const WORKLOAD: LocalWorkload = {
  ...POD_OF_WORKLOAD,
  kind: "Deployment",
  name: "payments-v1",
  replicas: 1,
};

const POD: LocalPod = {
  ...POD_OF_WORKLOAD,
  name: "payments-v1-0",
  workloadName: "payments-v1",
  workloadKind: "Deployment",
  appPorts: [8080],
};

/** A pod in a slot of addresses. */
export function placed(pod: Partial<LocalPod> = {}, slot = 0): PlacedPod {
  return { ...POD, ...pod, addresses: podAddresses(slot) };
}
