/** What callers in one network call in place of workloads in another. "Install Multi-Primary on different networks". */
import type { PlacedCaller, World } from "./objects.js";
import { type Instance, portOf } from "./registry.js";
import { type Called, takesMutualTls } from "./tls.js";

/** The network that others reach through a gateway alone. */
export const FAR = { network: "far", address: "198.51.100.1", port: 15443 } as const;

/** Whether it stands for others. */
export const isGateway = ({ address }: Instance): boolean => address === FAR.address;

/** Whether calls may be by mutual TLS, whose server name is all that gateways read. */
function mayBeMutual({ policy: { tls } }: Called, { meshConfig }: World): boolean {
  return tls === undefined ? meshConfig.enableAutoMtls !== false : tls.mode === "ISTIO_MUTUAL";
}

/** The gateway, for those that it stands for in one locality. */
function gateway(of: readonly Instance[], locality: string, { port }: Called): Instance {
  return {
    namespace: "",
    address: FAR.address,
    labels: {},
    locality,
    weight: of.reduce((sum, { weight }) => sum + weight, 0),
    network: FAR.network,
    ports: { [port.name]: FAR.port },
    serviceAccount: "",
    hasSidecar: true,
  };
}

/** The instances as a caller reaches them; what is outside of the mesh is in none of its networks. */
export function reached(
  world: World,
  called: Called,
  instances: readonly Instance[],
  { network }: PlacedCaller,
): readonly Instance[] {
  const isFar = (one: Instance): boolean => one.network === FAR.network;
  if (called.host.isExternal || network === "" || network === FAR.network) return instances;
  const far = instances.filter(
    (one) =>
      isFar(one) &&
      mayBeMutual(called, world) &&
      takesMutualTls(world, one, portOf(one, called.port)),
  );
  const gateways = [...new Set(far.map(({ locality }) => locality))].map((locality) =>
    gateway(
      far.filter((one) => one.locality === locality),
      locality,
      called,
    ),
  );
  return [...instances.filter((one) => !isFar(one)), ...gateways];
}
