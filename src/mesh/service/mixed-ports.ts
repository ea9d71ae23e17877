/**
 * Ports that some services have with an undeclared protocol, while others have HTTP there on a listener for every address. Requests
 * for the former may come to that listener, where their host tells which service is meant.
 */
import type { Engine } from "../../base/engine/engine.js";
import type { Table } from "../../base/table/table.js";
import { listenerProtocol } from "./protocol.js";
import { hasOwnAddress, type Service, type ServicePort } from "./service.js";

/** See the top of this file. */
export type MixedPorts = ReadonlySet<number>;

const NONE: MixedPorts = new Set();

/** Whether requests for a port of a service are taken at every address. */
function isTakenAnywhere(service: Service, { protocol }: ServicePort): boolean {
  // Connections to an alias are those to what it stands for.
  if (service.aliasOf !== undefined) return false;
  const kind = listenerProtocol(protocol);
  const hasBlock = service.addresses.some((address) => address.includes("/"));
  return kind === "http" || (kind === "auto" && (hasBlock || !hasOwnAddress(service)));
}

const numbersOf = (ports: readonly ServicePort[]): readonly string[] =>
  ports.map(({ number }) => String(number));

const isSame = (a: MixedPorts, b: MixedPorts): boolean =>
  a.size === b.size && [...a].every((port) => b.has(port));

/** The finder of these ports; the same object for as long as they are the same. */
export function createMixedPorts(engine: Engine): (services: Table<Service>) => MixedPorts {
  const undeclared = engine.group<Service>("services by undeclared port", ({ ports }) =>
    numbersOf(ports.filter(({ protocol }) => listenerProtocol(protocol) === "auto")),
  );
  const anywhere = engine.group<Service>("services by port at every address", (service) =>
    numbersOf(service.ports.filter((port) => isTakenAnywhere(service, port))),
  );
  const settle = engine.settle(isSame);
  return (services) => {
    const some = undeclared(services);
    if (some.size === 0) return settle(NONE);
    const others = anywhere(services);
    return settle(new Set([...some.keys()].filter((port) => others.has(port)).map(Number)));
  };
}
