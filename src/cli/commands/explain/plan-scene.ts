import { createDiscovery } from "../../../app/discovery.js";
import { readDescriptors } from "../../../app/package-files.js";
import { errorMessage } from "../../../base/error-message.js";
import { Table } from "../../../base/table/table.js";
import { findProxy, type Scene } from "../../../console/explain/scene.js";
import { createEncoder } from "../../../envoy/resource/encoder.js";
import type { Proxy } from "../../../mesh/proxy/proxy.js";
import { type PlannedMesh, planMesh } from "../../../up/planned-mesh.js";
import { CommandError } from "../../command-error.js";

/**
 * What explanations are made of, for the mesh that `up` would run from some directories.
 * @throws CommandError when one cannot be read
 */
export async function planScene(directories: readonly string[]): Promise<Scene> {
  const { snapshot, proxies } = await plan(directories);
  const encoder = createEncoder(await readDescriptors());
  const discovery = createDiscovery(encoder, snapshot);
  const byId = Table.from(proxies.map((proxy) => [proxy.id, proxy] as const));
  discovery.update({ snapshot, proxies: byId, standIns: [] });
  return {
    mesh: discovery.mesh(),
    snapshot,
    proxies,
    resourcesOf: (proxy) => discovery.resourcesOf({ proxy, controlPlane: undefined }),
    encoder,
  };
}

async function plan(directories: readonly string[]): Promise<PlannedMesh> {
  try {
    return await planMesh(directories);
  } catch (error) {
    throw new CommandError(
      `${directories.join(", ")}: ${errorMessage(error)}`,
      "give a directory of YAML that can be read",
    );
  }
}

/**
 * The proxy that a name means, see `findProxy`.
 * @throws CommandError when there is none
 */
export function plannedProxy(scene: Scene, directories: readonly string[], name: string): Proxy {
  const proxy = findProxy(scene, name);
  if (proxy !== undefined) return proxy;
  const known = scene.proxies.map(({ id }) => id).join(", ");
  throw new CommandError(
    `${directories.join(", ")}: there is no pod or workload ${name} with a proxy`,
    known === "" ? "the files declare none" : `there are ${known}`,
  );
}
