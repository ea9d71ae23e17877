/** Servers on this machine that answer for hosts outside the mesh, which `fairlead up` starts; see src/up/outside. */
import type { Service, StaticEndpoint } from "./service.js";

/**
 * A server that is called in place of a host outside the mesh, where the real one is out of reach: on a laptop, in a
 * pipeline.
 */
export interface StandIn {
  /** By which it is called in the mesh. */
  readonly host: string;
  /** The name of the host itself, which its certificate is for. */
  readonly name: string;
  /** The port of the host that it stands in for. */
  readonly port: number;
  readonly address: string;
  readonly standInPort: number;
  /** A file with the roots of the authority that signed its certificate; absent where it is known by those that the host is. */
  readonly rootsFile?: string;
}

function endpoint(address: string, ports: Readonly<Record<string, number>>): StaticEndpoint {
  return {
    address,
    ports,
    labels: {},
    serviceAccount: "",
    locality: "",
    network: "",
    weight: undefined,
  };
}

/** A service with its endpoints replaced by those that stand in for them; the service itself when there are none. */
export function withStandIns(service: Service, standIns: readonly StandIn[]): Service {
  const own = standIns.filter(({ host }) => host === service.hostname);
  const [first] = own;
  if (first === undefined) return service;
  const addresses = [...new Set(own.map(({ address }) => address))];
  const endpoints = addresses.map((address) =>
    endpoint(
      address,
      Object.fromEntries(
        service.ports.flatMap(({ name, number }) => {
          const standIn = own.find((one) => one.address === address && one.port === number);
          return standIn === undefined ? [] : [[name, standIn.standInPort]];
        }),
      ),
    ),
  );
  // Nobody has to find what is there for all of its hosts.
  const isFound = service.resolution === "dynamic-dns" || service.resolution === "none";
  const resolution = isFound ? "static" : service.resolution;
  const roots = first.rootsFile === undefined ? {} : { serverRoots: first.rootsFile };
  return { ...service, endpoints, resolution, ...roots };
}

/** Whether two lists of stand-ins are the same. */
export function sameStandIns(a: readonly StandIn[], b: readonly StandIn[]): boolean {
  return (
    a.length === b.length &&
    a.every((one, i) => {
      const other = b[i];
      return (
        one.host === other?.host &&
        one.name === other.name &&
        one.port === other.port &&
        one.address === other.address &&
        one.standInPort === other.standInPort &&
        one.rootsFile === other.rootsFile
      );
    })
  );
}
