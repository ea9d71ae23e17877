/** Reads Kubernetes Services as services. */
import { commaSeparated } from "../../base/text/comma-separated.js";
import type { ServicePort as KubernetesServicePort } from "../../config/kinds/kubernetes/service.js";
import type { ResourceOf } from "../../config/kinds.js";
import { refOf } from "../../config/resource.js";
import { exportToOf, parseExportTo } from "../../config/visibility.js";
import { serviceHostname } from "../hostname.js";
import { distinctAddresses } from "./distinct-addresses.js";
import { kubernetesProtocol } from "./protocol.js";
import type { Resolution, Service, ServicePort, StaticEndpoint } from "./service.js";
import { type NamespaceDistributions, trafficDistribution } from "./traffic-distribution.js";

/** What beside a service decides how it is read. */
export interface ServiceDefaults {
  /** The suffix of Kubernetes services: `cluster.local`. */
  readonly domain: string;
  readonly exportTo: readonly string[];
  /** For services that say nothing themselves. */
  readonly distributions: NamespaceDistributions;
}

/** The annotations by which a Kubernetes Service says what a ServiceEntry has fields for. */
const ACCOUNTS = "alpha.istio.io/kubernetes-serviceaccounts";
const IDENTITIES = "alpha.istio.io/canonical-serviceaccounts";

type KubernetesService = ResourceOf<"Service">;

/** A port of 0 and one without a name are as if they were not there, as in Kubernetes. */
function workloadPortOf({ port, targetPort = 0 }: KubernetesServicePort): number | string {
  return targetPort === 0 || targetPort === "" ? port : targetPort;
}

function portsOf({ spec }: KubernetesService): readonly ServicePort[] {
  return (spec.ports ?? []).map((port, index) => ({
    number: port.port,
    name: port.name ?? "",
    protocol: kubernetesProtocol({
      number: port.port,
      name: port.name,
      transport: port.protocol,
      appProtocol: port.appProtocol,
    }),
    targetPort: workloadPortOf(port),
    index,
  }));
}

function addressesOf({ spec }: KubernetesService): readonly string[] {
  const listed = spec.clusterIPs ?? (spec.clusterIP === undefined ? [] : [spec.clusterIP]);
  return distinctAddresses(listed.filter((address) => address !== "" && address !== "None"));
}

const isHeadless = ({ spec }: KubernetesService): boolean =>
  spec.clusterIP === "None" || spec.clusterIPs?.includes("None") === true;

function resolutionOf(resource: KubernetesService): Resolution {
  if (resource.spec.type === "ExternalName") return "dns";
  return isHeadless(resource) ? "none" : "static";
}

/** Which endpoint a call goes to. Callers of a service without an address of its own choose by themselves whom they call. */
function choiceOf(resource: KubernetesService): Pick<Service, "sessionAffinity" | "nodeLocal"> {
  if (resolutionOf(resource) !== "static") return {};
  const { sessionAffinity, internalTrafficPolicy } = resource.spec;
  return {
    ...(sessionAffinity === "ClientIP" ? { sessionAffinity: "client-ip" } : {}),
    ...(internalTrafficPolicy === "Local" ? { nodeLocal: true } : {}),
  };
}

function externalEndpoints({ spec }: KubernetesService): readonly StaticEndpoint[] {
  const { type, externalName: address = "" } = spec;
  if (type !== "ExternalName" || address === "") return [];
  const nowhere = { ports: {}, labels: {}, serviceAccount: "", locality: "", network: "" };
  return [{ ...nowhere, address, weight: undefined }];
}

/** The service of a Kubernetes Service. See Istio, "Kubernetes service registry". */
export function kubernetesService(
  resource: KubernetesService,
  { domain, exportTo, distributions }: ServiceDefaults,
): Service {
  const { name, namespace, annotations, labels, creationTimestamp } = resource.metadata;
  const { selector } = resource.spec;
  const selectsPods =
    resource.spec.type !== "ExternalName" && Object.keys(selector ?? {}).length > 0;
  return {
    hostname: serviceHostname(name, namespace, domain),
    namespace,
    name,
    kubernetes: true,
    source: refOf(resource),
    creationTimestamp: creationTimestamp ?? "",
    addresses: addressesOf(resource),
    ports: portsOf(resource),
    resolution: resolutionOf(resource),
    external: resource.spec.type === "ExternalName",
    selector: selectsPods ? selector : undefined,
    endpoints: externalEndpoints(resource),
    exportTo: parseExportTo(exportToOf(annotations), namespace, exportTo),
    subjectAltNames: commaSeparated(annotations[IDENTITIES]),
    serviceAccounts: commaSeparated(annotations[ACCOUNTS]).map(
      (account) => `${namespace}/${account}`,
    ),
    distribution: trafficDistribution(
      annotations,
      distributions.get(namespace) ?? "any",
      resource.spec.trafficDistribution,
    ),
    ...choiceOf(resource),
    publishNotReady: resource.spec.publishNotReadyAddresses === true,
    labels,
  };
}
