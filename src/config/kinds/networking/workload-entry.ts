import type { KindDefinition, Path } from "../../kind.js";
import type { ConfigResource } from "../../resource.js";
import { checkedByIstio } from "../istio-resource.js";
import { ipProblem, portNameProblem, UNIX_PREFIX, unixAddressProblem } from "../value/addresses.js";
import { domainProblem, isIpAddress } from "../value/dns-names.js";
import { mapOf, optional, strict, Text, textUpTo, Uint32, type ValueOf } from "../value/fields.js";
import {
  doubtful,
  eachMember,
  type Findings,
  given,
  invalid,
  refuse,
  tolerate,
} from "../value/findings.js";
import { checkLabels } from "../value/labels.js";
import { checkPort } from "../value/numbers.js";

/** One endpoint: a workload outside of Kubernetes, or one endpoint of a ServiceEntry. */
export type WorkloadEntrySpec = ValueOf<typeof WorkloadEntrySpec>;
export const WorkloadEntrySpec = strict({
  /** An IP address, a domain name, or `unix://` and a path. */
  address: optional(textUpTo(256)),
  /** The ports that differ from the service's, by its port's name. */
  ports: optional(mapOf(Uint32, 128)),
  labels: optional(mapOf(Text, 256)),
  network: optional(textUpTo(2048)),
  /** `region/zone/subzone`, or less of it. */
  locality: optional(textUpTo(2048)),
  weight: optional(Uint32),
  serviceAccount: optional(textUpTo(253)),
});

/** Istio's WorkloadEntry. */
export const workloadEntry = {
  kind: "WorkloadEntry",
  group: "networking.istio.io",
  versions: ["v1", "v1beta1", "v1alpha3"],
  shortNames: ["we"],
  body: "spec",
  schema: WorkloadEntrySpec,
  check: checkedByIstio(checkWorkloadEntry),
} as const satisfies KindDefinition<WorkloadEntrySpec>;

function checkWorkloadEntry({ spec }: ConfigResource<WorkloadEntrySpec>): Findings {
  return checkEndpoint(spec, ["spec"]);
}

/** An address of any sort, and ports and labels that can be. */
function* checkEndpoint(entry: WorkloadEntrySpec, path: Path): Findings {
  const { address = "" } = entry;
  if (address.startsWith(UNIX_PREFIX)) yield* checkSocket(entry, path);
  else yield* checkAddress(entry, path);
  yield* checkEndpointPorts(entry, path);
}

/** The address of an endpoint that is found by its IP address. */
export function* checkStaticEndpoint(entry: WorkloadEntrySpec, path: Path): Findings {
  const { address = "" } = entry;
  if (address === "" || address.startsWith(UNIX_PREFIX)) yield* checkEndpoint(entry, path);
  else {
    yield* refuse([...path, "address"], ipProblem(address));
    yield* checkEndpointPorts(entry, path);
  }
}

/** The address of an endpoint that is looked up by DNS; an IP address is fine. */
export function* checkDnsEndpoint(entry: WorkloadEntrySpec, path: Path): Findings {
  const { address = "" } = entry;
  const problem = isIpAddress(address) ? undefined : domainProblem(address);
  yield* refuse([...path, "address"], problem);
  yield* checkEndpointPorts(entry, path);
}

/** One less than what a service may call its port. */
const LONGEST_PORT_NAME = 62;

function endpointPortNameProblem(name: string): string | undefined {
  const problem = portNameProblem(name);
  if (problem !== undefined || name.length <= LONGEST_PORT_NAME) return problem;
  return `"${name}" is too long for the port of an endpoint: at most ${LONGEST_PORT_NAME} characters`;
}

/** Names and numbers of ports, and labels: of an endpoint wherever it is. */
function* checkEndpointPorts(entry: WorkloadEntrySpec, path: Path): Findings {
  yield* eachMember(entry.ports, [...path, "ports"], function* (port, at, name) {
    yield* refuse(at, endpointPortNameProblem(name));
    yield* checkPort(port, at);
  });
  yield* given(entry.labels, [...path, "labels"], checkLabels);
}

/** As the rules of a WorkloadEntry, but what the template leaves out comes from the workload. */
export function* checkTemplate(template: WorkloadEntrySpec, path: Path): Findings {
  const { address = "", labels, ...rest } = template;
  if (address.startsWith(UNIX_PREFIX)) yield* checkSocket(template, path);
  yield* checkEndpointPorts(rest, path);
  yield* tolerate(given(labels, [...path, "labels"], checkLabels));
}

function* checkSocket({ address = "", ports }: WorkloadEntrySpec, path: Path): Findings {
  yield* refuse([...path, "address"], unixAddressProblem(address));
  if (ports !== undefined) {
    yield invalid([...path, "ports"], "a Unix domain socket has no ports");
  }
}

function* checkAddress({ address = "", network = "" }: WorkloadEntrySpec, path: Path): Findings {
  const at = [...path, "address"];
  if (address === "" && network === "") yield invalid(at, "an endpoint needs an address");
  else if (address === "") {
    yield doubtful(at, `the endpoint has no address: the gateway of network "${network}" is taken`);
  } else if (!isIpAddress(address) && domainProblem(address) !== undefined) {
    yield invalid(at, `"${address}" is neither an IP address nor a domain name`);
  }
}
