/**
 * The hosts of ServiceEntries whose endpoints are Services of the mesh, by their names. Where there is Kubernetes its DNS knows these
 * names; here nobody does, so that the pods of the Services are called in their place.
 */
import { memberOf } from "../../base/member-of.js";
import {
  endpointPort,
  type ServiceEntryPort,
  type ServiceEntrySpec,
} from "../../config/kinds/networking/service-entry.js";
import type { ResourceOf } from "../../config/kinds.js";
import { hostsMeant } from "../../config/mesh-config/own-tracer.js";
import type { ResourceTables } from "../../config/snapshot.js";
import { DEFAULT_DOMAIN, serviceHostname } from "../../mesh/hostname.js";
import type { StandIn } from "../../mesh/service/stand-in.js";
import { declared } from "../made/made.js";
import type { PlacedPod } from "../pods/pod-plan.js";
import { selectsPods } from "../pods/selects-pods.js";

type Service = ResourceOf<"Service">;

const BY_DNS: ReadonlySet<string> = new Set(["DNS", "DNS_ROUND_ROBIN"]);

/** Finds a Service by a name that pods know it by. */
export type FindService = (name: string) => Service | undefined;

/** Those of some tables. */
export function serviceFinder(tables: Pick<ResourceTables, "Service">): FindService {
  const services = new Map(
    declared(tables.Service)
      .filter(({ spec }) => spec.type !== "ExternalName")
      .map((one) => [
        serviceHostname(one.metadata.name, one.metadata.namespace, DEFAULT_DOMAIN),
        one,
      ]),
  );
  return (name) =>
    hostsMeant(name)
      .map((host) => services.get(host))
      .find((service) => service !== undefined);
}

/** Whether all endpoints of a ServiceEntry are Services of the mesh. */
export function namesServices(
  { resolution = "NONE", endpoints = [] }: ServiceEntrySpec,
  find: FindService,
): boolean {
  if (!BY_DNS.has(resolution) || endpoints.length === 0) return false;
  return endpoints.every(({ address = "" }) => find(address) !== undefined);
}

/** What is called in the place of such hosts: the pods of the Services, at their own ports. */
export function serviceStandIns(
  tables: Pick<ResourceTables, "Service" | "ServiceEntry">,
  pods: readonly PlacedPod[],
): readonly StandIn[] {
  const find = serviceFinder(tables);
  return declared(tables.ServiceEntry)
    .filter(({ spec }) => namesServices(spec, find))
    .flatMap(({ spec }) => {
      const called = (spec.ports ?? []).flatMap((port) =>
        placesOf(spec, port, find, pods).map((place) => ({ port: port.number, ...place })),
      );
      return spec.hosts.flatMap((host) => called.map((one) => ({ host, name: host, ...one })));
    });
}

/** Where the endpoints of a ServiceEntry lead by one of its ports. */
function placesOf(
  { endpoints = [] }: ServiceEntrySpec,
  port: ServiceEntryPort,
  find: FindService,
  pods: readonly PlacedPod[],
): readonly Pick<StandIn, "address" | "standInPort">[] {
  return endpoints.flatMap(({ address = "", ports = {} }) => {
    const number = memberOf(ports, port.name) ?? endpointPort(port);
    const service = find(address);
    const target = service?.spec.ports?.find((one) => one.port === number);
    if (service === undefined || target === undefined) return [];
    return pods
      .filter((pod) => selectsPods(service.spec.selector, service.metadata, pod))
      .flatMap((pod) => {
        const standInPort = portOf(pod, target.targetPort ?? target.port);
        return standInPort === undefined ? [] : [{ address: pod.addresses.pod, standInPort }];
      });
  });
}

/** A port of a pod, by its number or by its name. */
function portOf({ containers }: PlacedPod, port: number | string): number | undefined {
  if (typeof port === "number") return port;
  return containers.flatMap(({ ports = [] }) => ports).find(({ name }) => name === port)
    ?.containerPort;
}
