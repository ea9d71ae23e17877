import { createDiscovery } from "../app/discovery.js";
import { readDescriptors } from "../app/package-files.js";
import { errorMessage } from "../base/error-message.js";
import { Table } from "../base/table.js";
import type { Scene } from "../console/explain/scene.js";
import { createEncoder } from "../envoy/encoder.js";
import { proxyConfiguration } from "../simulator/configuration.js";
import { type PlannedMesh, planMesh } from "../up/planned-mesh.js";
import { CommandError } from "./command-error.js";

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
    configurationOf: (proxy) =>
      proxyConfiguration(discovery.resourcesOf({ proxy, controlPlane: undefined }), encoder),
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
