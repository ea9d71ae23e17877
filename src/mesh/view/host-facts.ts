/** What the views of a host are made of: all that the mesh has under the host's name, whoever looks. */
import type { Table } from "../../base/table/table.js";
import type { Mesh, VirtualServices } from "../mesh.js";
import type { DestinationRule } from "../routing/destination-rule.js";
import type { Service } from "../service/service.js";

/** What is known of one host; each is undefined where there is none. */
export type HostFacts = readonly [
  services: Table<Service> | undefined,
  rules: readonly DestinationRule[] | undefined,
  /** The VirtualServices that name the host itself. */
  exact: VirtualServices | undefined,
  /** Of a wildcard host: the VirtualServices that name some of its hosts. */
  narrower: VirtualServices | undefined,
];

/** The tables of these, each by hostname, in the order in which an operator of the engine reads a row of each. */
export type HostFactTables = readonly [
  Table<Table<Service>>,
  Table<readonly DestinationRule[]>,
  Table<VirtualServices>,
  Table<VirtualServices>,
];

/** Where a mesh has what is known of hosts. */
export const hostFactTables = ({
  servicesByHost,
  rules,
  virtualServices,
  narrowerConnections,
}: Pick<
  Mesh,
  "servicesByHost" | "rules" | "virtualServices" | "narrowerConnections"
>): HostFactTables => [servicesByHost, rules, virtualServices, narrowerConnections];
