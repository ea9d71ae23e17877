/** One service for each host and namespace, also where several resources define it. */
import type { Engine } from "../../base/engine/engine.js";
import { memberOf } from "../../base/member-of.js";
import { Table } from "../../base/table/table.js";
import { sameVisibility } from "../../config/visibility.js";
import { sameSelector } from "../labels.js";
import { serviceKey } from "../workload/service-endpoints.js";
import type { Service, ServicePort, StaticEndpoint } from "./service.js";

/** A Kubernetes Service before what others call by its name, then the oldest; one without a time is older still. */
function precedence({ kubernetes, creationTimestamp, source }: Service): string {
  return `${kubernetes ? "0" : "1"} ${creationTimestamp} ${source.namespace}/${source.name}`;
}

/** Whether ports of the one can be ports of the other: nothing that is said of a whole service sets them apart. */
function isAlike(one: Service, other: Service): boolean {
  return (
    !one.kubernetes &&
    !other.kubernetes &&
    one.resolution === other.resolution &&
    one.external === other.external &&
    sameSelector(one.selector, other.selector) &&
    sameVisibility(one.exportTo, other.exportTo)
  );
}

/** An endpoint with the ports that its own resource gives it, by the names of these ports of the same numbers; no others. */
function onPortsOf(
  endpoint: StaticEndpoint,
  own: readonly ServicePort[],
  ports: readonly ServicePort[],
): StaticEndpoint {
  const known = own.flatMap(({ name, number, targetPort }) => {
    const port = memberOf(endpoint.ports, name) ?? targetPort;
    const merged = ports.find((one) => one.number === number);
    return merged === undefined || typeof port !== "number" ? [] : [[merged.name, port] as const];
  });
  return { ...endpoint, ports: Object.fromEntries(known), noOtherPorts: true };
}

/**
 * What the resources of one host in one namespace come to: the first, with those of the others' ports that it has not and
 * with their endpoints. See Istio, SidecarScope: services of a host are merged.
 */
function mergeServices(services: readonly Service[]): Service | undefined {
  const ordered = [...services].sort((a, b) => (precedence(a) < precedence(b) ? -1 : 1));
  const [first] = ordered;
  const alike = ordered.filter((one) => first !== undefined && isAlike(first, one));
  if (first === undefined || alike.length < 2) return first;
  const byNumber = new Map<number, ServicePort>();
  for (const { ports, source } of alike) {
    for (const port of ports) {
      if (!byNumber.has(port.number)) byNumber.set(port.number, { ...port, source });
    }
  }
  const ports = withDifferentNames([...byNumber.values()]);
  const endpoints = alike.flatMap((one) =>
    one.endpoints.map((endpoint) => onPortsOf(endpoint, one.ports, ports)),
  );
  const distinct = new Map(endpoints.map((one) => [JSON.stringify(one), one]));
  return {
    ...first,
    ports,
    endpoints: [...distinct.values()],
    addresses: [...new Set(alike.flatMap(({ addresses }) => addresses))],
    subjectAltNames: [...new Set(alike.flatMap(({ subjectAltNames }) => subjectAltNames))],
  };
}

/** Endpoints know ports by their names: of two with one name the second is called by its number too. */
function withDifferentNames(ports: readonly ServicePort[]): readonly ServicePort[] {
  return ports.map((port, index) => {
    const isTaken = ports.slice(0, index).some(({ name }) => name === port.name);
    return isTaken ? { ...port, name: `${port.name}-${String(port.number)}` } : port;
  });
}

/** The definitions of each host in each namespace: by `serviceKey`, then by the resource that each is from. */
export function createDefinitions(
  engine: Engine,
): (services: Table<Table<Service>>) => Table<Table<Service>> {
  const distinct = engine.derive<[Table<Service>], [], Table<Service>>(
    "services by resource",
    (resource, [services]) =>
      services &&
      Table.from([...services].map(([key, one]) => [`${key} ${resource}`, one] as const)),
  );
  const flat = engine.flatten<Service>("definitions of services");
  const group = engine.group<Service>("definitions of a service", (one) => [serviceKey(one)]);
  return (services) => group(flat(distinct([services])));
}

/** One service for each host of each namespace, by `serviceKey`. */
export function createMergedServices(
  engine: Engine,
): (definitions: Table<Table<Service>>) => Table<Service> {
  const merge = engine.derive<[Table<Service>], [], Service>("services", (_key, [definitions]) =>
    definitions === undefined ? undefined : mergeServices([...definitions.values()]),
  );
  return (definitions) => merge([definitions]);
}
