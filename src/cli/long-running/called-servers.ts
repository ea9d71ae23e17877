import type { ControlPlaneOptions } from "../../app.js";
import { defined } from "../../base/defined.js";
import { absolute } from "../options/arguments.js";
import type { CalledServersOptions } from "./called-servers-options.js";

/** What a control plane is started with for the servers that it may call. */
export function calledServers({
  discoverKeys,
  discoverRoots,
  fetchModules,
  fetchRoots,
}: CalledServersOptions): Pick<
  ControlPlaneOptions,
  "discoverKeys" | "discoverRootsFile" | "fetchModules" | "fetchRootsFile"
> {
  return defined({
    discoverKeys,
    discoverRootsFile: absolute(discoverRoots),
    fetchModules,
    fetchRootsFile: absolute(fetchRoots),
  });
}
