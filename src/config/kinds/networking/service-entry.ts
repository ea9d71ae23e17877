import type { KindDefinition, Path } from "../../kind.js";
import type { ConfigResource } from "../../resource.js";
import { checkedByIstio } from "../istio-resource.js";
import { portNameProblem, subnetProblem, UNIX_PREFIX } from "../value/addresses.js";
import { domainProblem, hasPartialWildcard, wildcardDomainProblem } from "../value/dns-names.js";
import { checkExportTo } from "../value/export-to.js";
import {
  list,
  oneOf,
  optional,
  strict,
  Text,
  type TextMap,
  textUpTo,
  Uint32,
  type ValueOf,
} from "../value/fields.js";
import {
  doubtful,
  each,
  type Findings,
  given,
  invalid,
  refuse,
  unique,
} from "../value/findings.js";
import { checkPort } from "../value/numbers.js";
import {
  isHttpProtocol,
  isTcpProtocol,
  isTlsProtocol,
  protocolProblem,
} from "../value/protocols.js";
import { checkWorkloadSelector, WorkloadSelector } from "../value/selectors.js";
import { notApplied } from "../value/unapplied.js";
import { checkDnsEndpoint, checkStaticEndpoint, WorkloadEntrySpec } from "./workload-entry.js";

/** A port of a service that the registry does not have by itself. */
export type ServiceEntryPort = ValueOf<typeof ServiceEntryPort>;
export const ServiceEntryPort = strict({
  number: Uint32,
  /** Found out from the traffic when absent. */
  protocol: optional(textUpTo(256)),
  name: textUpTo(256),
  /** The port of the endpoints; `number` when absent or 0. */
  targetPort: optional(Uint32),
});

/** The port of the endpoints that a port leads to. */
export const endpointPort = ({ number, targetPort = 0 }: ServiceEntryPort): number =>
  targetPort === 0 ? number : targetPort;

/** A service that is added to the registry. */
export type ServiceEntrySpec = ValueOf<typeof ServiceEntrySpec>;
export const ServiceEntrySpec = strict({
  hosts: list(Text, 256),
  addresses: optional(list(textUpTo(64), 256)),
  ports: optional(list(ServiceEntryPort, 256)),
  location: optional(oneOf("MESH_EXTERNAL", "MESH_INTERNAL")),
  /** NONE when absent: connections go where the client wanted. */
  resolution: optional(oneOf("NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS")),
  endpoints: optional(list(WorkloadEntrySpec, 4096)),
  workloadSelector: optional(WorkloadSelector),
  exportTo: optional(list(Text)),
  subjectAltNames: optional(list(Text)),
});

/** Istio's ServiceEntry. */
export const serviceEntry = {
  kind: "ServiceEntry",
  group: "networking.istio.io",
  versions: ["v1", "v1beta1", "v1alpha3"],
  shortNames: ["se"],
  body: "spec",
  schema: ServiceEntrySpec,
  check: checkedByIstio(checkServiceEntry),
} as const satisfies KindDefinition<ServiceEntrySpec>;

function* checkServiceEntry({ spec, metadata }: ConfigResource<ServiceEntrySpec>): Findings {
  yield* given(spec.workloadSelector, ["spec", "workloadSelector"], checkWorkloadSelector);
  if (spec.workloadSelector !== undefined && spec.endpoints !== undefined) {
    yield invalid(["spec", "endpoints"], "endpoints excludes workloadSelector: give one of them");
  }
  yield* checkHosts(spec);
  yield* checkAddresses(spec);
  yield* checkPorts(spec);
  yield* checkOpenPorts(spec, metadata.labels);
  yield* checkResolution(spec, metadata.labels);
  yield* checkEndpointPortNames(spec);
  const context = { namespace: metadata.namespace, nobody: true };
  yield* checkExportTo(spec.exportTo, ["spec", "exportTo"], context);
}

function* checkHosts({ hosts, resolution }: ServiceEntrySpec): Findings {
  if (hosts.length === 0) yield invalid(["spec", "hosts"], "the ServiceEntry has no hosts");
  yield* each(hosts, ["spec", "hosts"], function* (host, at) {
    if (host === "*") yield invalid(at, "a ServiceEntry cannot be every host");
    else yield* refuse(at, wildcardDomainProblem(host));
    if (hasPartialWildcard(host) && resolution !== "DYNAMIC_DNS") {
      yield doubtful(at, `"${host}" has a wildcard for a part of a label: write "*.domain"`);
    }
  });
}

function* checkAddresses({ addresses = [], resolution = "NONE" }: ServiceEntrySpec): Findings {
  const byDns = resolution !== "NONE" && resolution !== "STATIC";
  yield* each(addresses, ["spec", "addresses"], function* (address, at) {
    yield* refuse(at, subnetProblem(address));
    if (byDns && address.includes("/")) {
      yield invalid(
        at,
        `a range of addresses needs resolution NONE or STATIC, found ${resolution}`,
      );
    }
  });
}

function* checkPorts({ ports = [] }: ServiceEntrySpec): Findings {
  const path = ["spec", "ports"];
  yield* each(ports, path, function* ({ number, protocol = "", name, targetPort }, at) {
    yield* checkPort(number, [...at, "number"]);
    yield* refuse([...at, "name"], portNameProblem(name));
    yield* refuse([...at, "protocol"], protocol === "" ? undefined : protocolProblem(protocol));
    yield* given(targetPort, [...at, "targetPort"], checkPort);
  });
  const names = ports.map(({ name }) => name);
  yield* unique(names, (index) => [...path, index, "name"], "name of a port");
  const numbers = ports.map(({ number }) => number);
  yield* unique(numbers, (index) => [...path, index, "number"], "port");
}

/** The label by which a ServiceEntry is given no addresses of its own. */
const AUTO_ALLOCATE = "networking.istio.io/enable-autoallocate-ip";

/** Without an address a port of TCP takes the connections to every address at that port. */
function* checkOpenPorts(spec: ServiceEntrySpec, labels: TextMap): Findings {
  const { addresses = [], ports, resolution = "NONE" } = spec;
  const allocated = resolution !== "NONE" && labels[AUTO_ALLOCATE]?.toLowerCase() !== "false";
  if (addresses.length > 0 || allocated) return;
  yield* each(ports, ["spec", "ports"], function* ({ number, protocol = "" }, at) {
    if (protocol !== "" && protocol !== "TCP") return;
    const problem = `without addresses port ${number} takes the TCP connections to all hosts at that port`;
    yield doubtful(at, problem);
  });
}

function* checkResolution(spec: ServiceEntrySpec, labels: TextMap): Findings {
  const { endpoints, resolution = "NONE" } = spec;
  const path = ["spec", "endpoints"];
  switch (resolution) {
    case "NONE":
      if (endpoints !== undefined) {
        yield invalid(path, "endpoints need a resolution: STATIC or DNS, found NONE");
      }
      break;
    case "STATIC":
      yield* each(endpoints, path, checkStaticEndpoint);
      yield* checkSocketPorts(spec, path);
      break;
    case "DYNAMIC_DNS":
      yield* checkDynamicDns(spec, labels);
      break;
    default:
      yield* each(endpoints, path, checkDnsEndpoint);
      yield* checkDns(spec);
  }
  const isOfCallers = resolution === "NONE" || resolution === "DYNAMIC_DNS";
  if (spec.workloadSelector !== undefined && isOfCallers) {
    const at = ["spec", "workloadSelector"];
    yield doubtful(at, `a workloadSelector is for resolution STATIC or DNS, found ${resolution}`);
  }
  yield* checkManyHosts(spec);
}

function* checkSocketPorts({ endpoints = [], ports = [] }: ServiceEntrySpec, path: Path): Findings {
  const sockets = endpoints.some(({ address = "" }) => address.startsWith(UNIX_PREFIX));
  if (sockets && ports.length !== 1) {
    yield invalid(path, `a Unix domain socket is for a service of one port, found ${ports.length}`);
  }
}

function* checkDns({ hosts, endpoints = [], resolution = "DNS" }: ServiceEntrySpec): Findings {
  if (endpoints.length === 0) {
    yield* each(hosts, ["spec", "hosts"], (host, at) => {
      const problem = `"${host}" cannot be looked up with resolution ${resolution}: give endpoints`;
      return refuse(at, domainProblem(host) === undefined ? undefined : problem);
    });
  }
  if (resolution === "DNS_ROUND_ROBIN" && endpoints.length > 1) {
    const at = ["spec", "endpoints", 1];
    yield invalid(at, "resolution DNS_ROUND_ROBIN takes one endpoint at most");
  }
}

/** The protocols by which the host of a request is known before it is looked up. */
const DYNAMIC_PROTOCOLS: readonly string[] = ["HTTP", "HTTP2", "GRPC", "TLS"];

/** The label of what is reached through a waypoint proxy: its name, or `none`. */
export const USE_WAYPOINT = "istio.io/use-waypoint";

/** Whether labels name a waypoint proxy. */
export function usesWaypoint({ [USE_WAYPOINT]: waypoint = "" }: TextMap): boolean {
  return waypoint !== "" && waypoint.toLowerCase() !== "none";
}

/** The host of each request is looked up, so it has to be in the request, and there is nothing else to know. */
function* checkDynamicDns(spec: ServiceEntrySpec, labels: TextMap): Findings {
  yield* each(spec.hosts, ["spec", "hosts"], (host, at) =>
    refuse(
      at,
      host.startsWith("*") ? undefined : "resolution DYNAMIC_DNS is for hosts like *.domain",
    ),
  );
  for (const field of ["addresses", "endpoints"] as const) {
    if ((spec[field] ?? []).length > 0) {
      yield invalid(
        ["spec", field],
        `${field} excludes resolution DYNAMIC_DNS: hosts are looked up`,
      );
    }
  }
  if (spec.location === "MESH_INTERNAL" && usesWaypoint(labels)) {
    const problem = "with a waypoint resolution DYNAMIC_DNS is for hosts outside of the mesh";
    yield invalid(["spec", "location"], problem);
  }
  yield* each(spec.ports, ["spec", "ports"], ({ protocol = "" }, at) => {
    const named = DYNAMIC_PROTOCOLS.includes(protocol.toUpperCase());
    const problem = `resolution DYNAMIC_DNS is for ${DYNAMIC_PROTOCOLS.join(", ")}, which name the host`;
    return refuse([...at, "protocol"], named ? undefined : problem);
  });
  yield* checkServerNames(spec);
}

/** Envoy tells server names by whole labels. */
function* checkServerNames({ hosts, ports = [] }: ServiceEntrySpec): Findings {
  if (!ports.some(({ protocol = "" }) => isTlsProtocol(protocol))) return;
  yield* each(hosts, ["spec", "hosts"], function* (host, at) {
    const problem = `"${host}" on a port of TLS, where "*.domain" is what server names are told by,`;
    if (hasPartialWildcard(host)) yield notApplied(at, problem);
  });
}

/** Hosts are told apart by HTTP's host or by SNI; connections of other protocols have neither. */
function* checkManyHosts(spec: ServiceEntrySpec): Findings {
  const { hosts, addresses = [], ports = [], resolution = "NONE" } = spec;
  if (hosts.length < 2 || resolution === "NONE") return;
  const byDns = resolution !== "STATIC";
  yield* each(ports, ["spec", "ports"], function* ({ protocol = "" }, at) {
    if (!isHttpProtocol(protocol) && !isTlsProtocol(protocol)) {
      yield invalid([...at, "protocol"], "several hosts need HTTP or TLS, which tell them apart");
    } else if (byDns && isTcpProtocol(protocol) && addresses.length > 0) {
      yield doubtful([...at, "protocol"], "several hosts at the same address cannot be told apart");
    }
  });
}

function* checkEndpointPortNames({ endpoints, ports = [] }: ServiceEntrySpec): Findings {
  const names = ports.map(({ name }) => name);
  yield* each(endpoints, ["spec", "endpoints"], function* (endpoint, at) {
    for (const name of Object.keys(endpoint.ports ?? {}).filter((one) => !names.includes(one))) {
      yield invalid([...at, "ports", name], `the ServiceEntry has no port "${name}"`);
    }
  });
}
