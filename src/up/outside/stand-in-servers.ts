/** Where the servers that stand in for hosts outside the mesh listen, and by which certificates they are known. */
import type { StandIn } from "../../mesh/service/stand-in.js";
import type { EchoListener } from "../echo/echo-server.js";
import { listenError } from "../machine.js";
import type { DevelopmentCertificates } from "../made/development-certificates.js";
import { standInAddress } from "../pods/addresses.js";
import type { SlotStore } from "../pods/slot-store.js";
import type { ExternalHost } from "./stand-ins.js";

/** The servers for some hosts, and what the control plane is told of them. */
export interface StandInServers {
  readonly listeners: readonly EchoListener[];
  readonly standIns: readonly StandIn[];
}

/** Finds each external host an address, a port and a certificate; the same ones as long as this lives. */
export type FindStandInServers = (hosts: readonly ExternalHost[]) => Promise<StandInServers>;

/** Where to look when the host's own port cannot be had. */
const OTHER_PORTS = [8000, 18_000, 28_000];

/** The finder of these, which remembers what it has found; see `FindStandInServers`. */
export function createStandInServers(
  slots: SlotStore,
  certificates: DevelopmentCertificates,
): FindStandInServers {
  let chosenBefore: ReadonlyMap<string, number> = new Map();
  return async (hosts) => {
    const chosenPorts = new Map<string, number>();
    const choosePort = async (address: string, port: number): Promise<number> => {
      const key = `${address}:${port}`;
      const known = chosenPorts.get(key) ?? chosenBefore.get(key);
      const chosen = known ?? (await firstFreePort(address, port));
      chosenPorts.set(key, chosen);
      return chosen;
    };
    const assigned = await slots.assign("hosts", [...new Set(hosts.map(({ name }) => name))]);
    const listeners: EchoListener[] = [];
    const standIns: StandIn[] = [];
    for (const { host, name, ports } of hosts) {
      const address = standInAddress(assigned.get(name) ?? 0);
      const { certificate, key } = await certificates.certificateFor([name]);
      for (const { number, targetPort } of ports) {
        const port = await choosePort(address, targetPort);
        // Two ports of the host may lead to one of its server, as two names of it do.
        if (!standIns.some((one) => one.address === address && one.standInPort === port)) {
          const identity = { standInFor: name };
          listeners.push({ address, port, identity, tls: { certificate, key } });
        }
        const { rootFile: rootsFile } = certificates;
        standIns.push({ host, name, port: number, address, standInPort: port, rootsFile });
      }
    }
    chosenBefore = chosenPorts;
    return { listeners, standIns };
  };
}

/** The port itself when it can be listened on, else another; the port itself when none can. */
async function firstFreePort(address: string, port: number): Promise<number> {
  for (const offset of [0, ...OTHER_PORTS]) {
    const candidate = port + offset;
    if (candidate <= 65_535 && (await listenError(address, candidate)) === undefined) {
      return candidate;
    }
  }
  return port;
}
