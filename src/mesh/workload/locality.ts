/** Where workloads are, `region/zone/subzone`, of which the later parts may be missing. */
import type { Labels } from "../labels.js";

/** The label by which a workload names its locality: `region.zone` or `region/zone`. */
const LOCALITY_LABEL = "istio-locality";

const partsOf = (locality: string): readonly [region: string, zone: string, subzone: string] => {
  const [region = "", zone = "", ...rest] = locality.split("/");
  return [region, zone, rest.join("/")];
};

/** The region of a locality. */
export function regionOf(locality: string): string {
  return partsOf(locality)[0];
}

/** How far two places are apart: 0 for the same subzone, 1 for the same zone, 2 for the same region, 3 for others. */
export function distance(here: string, there: string): number {
  const parts = partsOf(there);
  const differs = partsOf(here).findIndex((part, i) => part !== parts[i]);
  return differs < 0 ? 0 : 3 - differs;
}

/** Whether a place is one of those that a pattern stands for: `us/*`, `us/east`, `*`. See Istio, LocalityMatch. */
export function isWithin(locality: string, pattern: string): boolean {
  const [region, zone, subzone] = partsOf(pattern);
  const own = partsOf(locality);
  const matches = (part: string, wanted: string): boolean => wanted === "*" || part === wanted;
  return (
    matches(own[0], region) &&
    (zone === "" || matches(own[1], zone)) &&
    (subzone === "" || matches(own[2], subzone))
  );
}

/** The locality that labels of Kubernetes nodes and pods name; empty when they name none. */
export function localityOfLabels(labels: Labels): string {
  const named = labels[LOCALITY_LABEL];
  if (named !== undefined) return named.includes("/") ? named : named.replaceAll(".", "/");
  const parts = [
    labels["topology.kubernetes.io/region"],
    labels["topology.kubernetes.io/zone"],
    labels["topology.istio.io/subzone"],
  ];
  while (parts.length > 0 && (parts.at(-1) ?? "") === "") parts.pop();
  return parts.map((part) => part ?? "").join("/");
}
