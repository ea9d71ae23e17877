import { compareText } from "../../base/text/compare-text.js";

/** What Istio's name of a cluster says: `outbound|80|v1|payments.default.svc.cluster.local`. */
export interface ClusterName {
  /** `outbound` or `inbound`; "" for a name that is not of that form. */
  readonly direction: string;
  readonly port: number;
  readonly subset: string;
  /** The host; the whole name when it is not of that form. */
  readonly fqdn: string;
}

/** Reads a cluster's name. See Istio, model.ParseSubsetKey. */
export function parseClusterName(name: string): ClusterName {
  const [direction = "", port = "", subset = "", fqdn] = name.split("|");
  return fqdn === undefined
    ? { direction: "", port: 0, subset: "", fqdn: name }
    : { direction, port: Number(port), subset, fqdn };
}

/** The order of istioctl's tables: by host, subset, port, then direction. */
export function compareClusterNames(a: string, b: string): number {
  const left = parseClusterName(a);
  const right = parseClusterName(b);
  return (
    compareText(left.fqdn, right.fqdn) ||
    compareText(left.subset, right.subset) ||
    left.port - right.port ||
    compareText(left.direction, right.direction)
  );
}
