/** Which pods get a proxy, for who asks. */
import { formatRef } from "../../config/resource.js";
import type { ResourceTables } from "../../config/snapshot.js";
import type { Labels } from "../../mesh/labels.js";
import { type PodProxy, podProxy } from "./proxy-kind.js";
import { barePod, type Declaration, declarationsIn, workloadOfPod } from "./workloads.js";

/** Pods, and whether they get a proxy. */
export interface CheckedInjection {
  /** `Deployment payments-v1.default`, or the labels that were asked about. */
  readonly workload: string;
  readonly namespace: string;
  readonly proxy: PodProxy;
  readonly reason: string;
}

interface Name {
  readonly name: string;
  readonly namespace: string;
}

/** Of all workloads, or those of a namespace. */
export function checkWorkloads(
  tables: ResourceTables,
  namespace: string | undefined,
): readonly CheckedInjection[] {
  return declarationsIn(tables)
    .filter(({ resource }) => [undefined, resource.metadata.namespace].includes(namespace))
    .map((declaration) => checked(tables, declaration));
}

/** Of the workload of that name; undefined when there is none. */
export function checkWorkload(tables: ResourceTables, name: Name): CheckedInjection | undefined {
  const found = declarationsIn(tables).find(({ resource }) => isNamed(resource.metadata, name));
  return found && checked(tables, found);
}

/** Of a pod that is there, or that a workload will have; undefined when there is none of that name. */
export function checkPod(tables: ResourceTables, name: Name): CheckedInjection | undefined {
  const workloads = declarationsIn(tables).map((declaration) => ({
    ...declaration.resource.metadata,
    declaration,
  }));
  const found = workloadOfPod(workloads, name)?.declaration ?? placedPod(tables, name);
  return found && checked(tables, found);
}

/** Of pods with some labels. */
export function checkLabels(
  tables: ResourceTables,
  namespace: string,
  labels: Labels,
): CheckedInjection {
  const shown = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return {
    workload: shown.join(","),
    namespace,
    ...podProxy(tables, namespace, { metadata: { labels } }),
  };
}

/** A Pod that runs elsewhere, or that `up` made. */
function placedPod({ Pod }: ResourceTables, { name, namespace }: Name): Declaration | undefined {
  const pod = Pod.get(`${namespace}/${name}`);
  return pod && barePod(pod);
}

const isNamed = (metadata: Name, { name, namespace }: Name): boolean =>
  metadata.name === name && metadata.namespace === namespace;

function checked(
  tables: ResourceTables,
  { kind, resource, template }: Declaration,
): CheckedInjection {
  const { name, namespace } = resource.metadata;
  return {
    workload: formatRef({ kind, name, namespace }),
    namespace,
    ...podProxy(tables, namespace, template),
  };
}
