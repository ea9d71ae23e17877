import type { MeshConfig } from "../../config/mesh-config/mesh-config.js";
import type { Closers } from "../closers.js";
import type { ControlPlaneOptions } from "../control-plane-options.js";
import type { FollowedIssuers } from "./issuer-keys.js";
import { openIssuers } from "./open-issuers.js";
import { openModules } from "./open-modules.js";
import { type FollowedDomains, followDomains } from "./started-domains.js";
import type { FollowedModules } from "./wasm-modules.js";

/** What the configuration names and does not have in it: each looks at every snapshot. */
export interface Followed {
  readonly issuers: FollowedIssuers;
  readonly modules: FollowedModules;
  readonly domains: FollowedDomains;
}

/**
 * That of a control plane which was started with this configuration of the mesh.
 * @throws StateFileError, AppError when an option is unusable
 */
export async function openFollowed(
  options: ControlPlaneOptions,
  config: Pick<MeshConfig, "trustDomain" | "trustDomainAliases">,
  closers: Closers,
): Promise<Followed> {
  const issuers = await openIssuers(options);
  closers.push(() => issuers.close());
  const modules = await openModules(options);
  closers.push(() => modules.close());
  return { issuers, modules, domains: followDomains(config) };
}
