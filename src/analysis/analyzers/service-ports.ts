import { selects } from "../../mesh/labels.js";
import type { AnalysisContext, Analyzer, Report } from "../analyzer.js";
import { isMadeForWaypoint } from "../control-plane.js";
import { isInMesh } from "../mesh-membership.js";
import { type AnalyzedOf, fullName } from "../resources.js";

type Deployment = AnalyzedOf<"Deployment">;
type Service = AnalyzedOf<"Service">;

/** Services in front of the same pods that say different things of the same port. */
export const servicePortAnalyzer: Analyzer = {
  name: "deployment.MultiServiceAnalyzer",
  description: "whether the Services of a Deployment agree on its ports",
  *analyze(context) {
    const services = servicesByNamespace(context);
    for (const deployment of context.resources.all("Deployment")) {
      if (!isSidecarDeployment(deployment, context)) continue;
      const labels = deployment.spec.template?.metadata?.labels ?? {};
      const matching = (services.get(deployment.namespace) ?? []).filter(({ spec }) =>
        selects(spec.selector ?? {}, labels),
      );
      yield* analyzeProtocols(deployment, matching);
      yield* analyzeTargets(deployment, matching);
    }
  },
};

function servicesByNamespace({ resources }: AnalysisContext): Map<string, Service[]> {
  const byNamespace = new Map<string, Service[]>();
  for (const service of resources.all("Service")) {
    if (Object.keys(service.spec.selector ?? {}).length === 0) continue;
    const others = byNamespace.get(service.namespace);
    if (others === undefined) byNamespace.set(service.namespace, [service]);
    else others.push(service);
  }
  return byNamespace;
}

function isSidecarDeployment(deployment: Deployment, { resources }: AnalysisContext): boolean {
  if (isMadeForWaypoint(deployment)) return false;
  const { namespace, spec } = deployment;
  const { metadata, spec: pod } = spec.template ?? {};
  const membership = {
    namespace,
    labels: metadata?.labels ?? {},
    annotations: metadata?.annotations ?? {},
    containers: pod?.containers ?? [],
  };
  // A namespace that no file declares takes pods into the mesh.
  return isInMesh(membership, resources) ?? true;
}

function* analyzeProtocols(resource: Deployment, services: readonly Service[]): Iterable<Report> {
  const ports = new Map<number, Map<string, string[]>>();
  for (const service of services) {
    for (const { port = 0, protocol } of service.spec.ports ?? []) {
      const protocols = ports.get(port) ?? new Map<string, string[]>();
      const transport = protocol === undefined || protocol === "" ? "TCP" : protocol;
      ports.set(port, protocols);
      protocols.set(transport, [...(protocols.get(transport) ?? []), fullName(service)]);
    }
  }
  for (const [port, protocols] of ports) {
    if (protocols.size < 2) continue;
    const names = [...protocols].flatMap(([protocol, list]) =>
      list.map((name) => `${name} (${protocol})`),
    );
    const message = `its Services have port ${port} with different protocols: ${names.sort().join(", ")}; give them the same`;
    yield { resource, code: "IST0116", path: ["metadata", "name"], message };
  }
}

function* analyzeTargets(resource: Deployment, services: readonly Service[]): Iterable<Report> {
  const targets = new Map<string, Map<number, string>>();
  for (const service of services) {
    for (const { port = 0, targetPort } of service.spec.ports ?? []) {
      const target = String(targetPort ?? port);
      const key = target === "0" || target === "" ? String(port) : target;
      const ports = targets.get(key) ?? new Map<number, string>();
      targets.set(key, ports);
      ports.set(port, fullName(service));
    }
  }
  for (const [target, ports] of targets) {
    if (ports.size < 2) continue;
    const names = [...ports].map(([port, name]) => `${name} (port ${port})`);
    const message = `target port ${target} is behind several ports of its Services: ${names.sort().join(", ")}; one port for each target port would be right`;
    yield { resource, code: "IST0137", path: ["metadata", "name"], message };
  }
}
