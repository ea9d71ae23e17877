import type { Analyzer } from "../analyzer.js";

type Version = readonly [major: number, minor: number, patch: number];

/** The first version of the Gateway API of which Istio takes each of these kinds. */
const MINIMUM: ReadonlyMap<string, Version> = new Map<string, Version>([
  ["backendtlspolicies.gateway.networking.k8s.io", [1, 4, 0]],
  ["grpcroutes.gateway.networking.k8s.io", [1, 1, 0]],
  ["tlsroutes.gateway.networking.k8s.io", [1, 5, 0]],
]);
const BUNDLE_VERSION = "gateway.networking.k8s.io/bundle-version";

/** Kinds of the Gateway API that are older than Istio takes, so that it ignores their resources. */
export const gatewayApiVersionAnalyzer: Analyzer = {
  name: "k8sgateway.CRDVersionAnalyzer",
  description: "whether the kinds of the Gateway API are of a version that Istio takes",
  *analyze({ resources }) {
    for (const resource of resources.all("CustomResourceDefinition")) {
      const minimum = MINIMUM.get(resource.name);
      const found = resource.annotations[BUNDLE_VERSION] ?? "";
      const version = parseVersion(found);
      if (minimum === undefined || version === undefined || !isBefore(version, minimum)) continue;
      const message = `Istio ignores resources of ${resource.name} ${found}: it takes them from version ${minimum.join(".")} on`;
      const path = ["metadata", "annotations", BUNDLE_VERSION];
      yield { resource, code: "IST0176", path, message };
    }
  },
};

/** Without what follows a hyphen: a release candidate has what the release has. */
function parseVersion(text: string): Version | undefined {
  const match = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:[-+].*)?$/.exec(text);
  if (match === null) return undefined;
  const [, major = "0", minor = "0", patch = "0"] = match;
  return [Number(major), Number(minor), Number(patch)];
}

function isBefore(a: Version, b: Version): boolean {
  return (a[0] - b[0] || a[1] - b[1] || a[2] - b[2]) < 0;
}
