/** How telemetry names workloads. */
import { defined } from "../../base/defined.js";
import {
  CANONICAL_NAME,
  CANONICAL_REVISION,
} from "../../config/kinds/telemetry/canonical-labels.js";
import type { Labels } from "../../mesh/labels.js";

/** What a workload is called in the labels of metrics, without `source_` or `destination_`. See Istio, "Istio Standard Metrics". */
export interface WorkloadLabels {
  readonly workload: string;
  readonly canonical_service: string;
  readonly canonical_revision: string;
  readonly workload_namespace: string;
  readonly app?: string;
  readonly version?: string;
  readonly cluster: string;
}

/** The labels of workloads. */
export const WORKLOAD_LABELS: readonly (keyof WorkloadLabels)[] = [
  "workload",
  "canonical_service",
  "canonical_revision",
  "workload_namespace",
  "app",
  "version",
  "cluster",
];

/** What is known of a workload that is to be named. */
export interface NamedWorkload {
  readonly workloadName: string;
  readonly namespace: string;
  readonly labels: Labels;
  readonly clusterId: string;
}

/** The service that a workload is of, by its labels, else by its own name. See Istio, model.CanonicalServiceName. */
export const canonicalService = ({
  workloadName,
  labels,
}: Pick<NamedWorkload, "workloadName" | "labels">): string =>
  labels[CANONICAL_NAME] ?? labels["app"] ?? workloadName;

/** The revision of that service; undefined where no label tells it. */
export const canonicalRevision = ({ labels }: Pick<NamedWorkload, "labels">): string | undefined =>
  labels[CANONICAL_REVISION] ?? labels["version"];

/** What metrics call a workload. */
export function workloadLabels(named: NamedWorkload): WorkloadLabels {
  const { workloadName, namespace, labels, clusterId } = named;
  return {
    workload: workloadName,
    workload_namespace: namespace,
    canonical_service: canonicalService(named),
    canonical_revision: canonicalRevision(named) ?? "latest",
    ...defined({ app: labels["app"], version: labels["version"] }),
    cluster: clusterId,
  };
}
