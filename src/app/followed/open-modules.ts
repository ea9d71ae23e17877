/** Opens what follows the Wasm modules that plugins name: who may be asked for them, and where they are kept. */
import { systemClock } from "../../base/clock.js";
import { type AllowedHost, parseAllowedHost } from "../../net/allowed-host.js";
import { fetchModule } from "../../wasm/fetch-module.js";
import { AppError } from "../app-error.js";
import type { ControlPlaneOptions } from "../control-plane-options.js";
import { logError } from "../log/log-error.js";
import { keptModules } from "./kept-modules.js";
import { rootsWith } from "./roots-file.js";
import { type FollowedModules, followModules } from "./wasm-modules.js";

/** How long fetching one may take. */
const TIMEOUT_MS = 30_000;

/**
 * Those of a control plane.
 * @throws StateFileError, AppError when a host is none, or the file of roots cannot be read
 */
export async function openModules({
  fetchModules = [],
  fetchRootsFile,
  stateDir,
  logger,
}: ControlPlaneOptions): Promise<FollowedModules> {
  const hosts = fetchModules.map(hostOf);
  const roots = fetchRootsFile === undefined ? undefined : await rootsWith(fetchRootsFile);
  const options = { hosts, timeoutMs: TIMEOUT_MS, ...(roots && { roots }) };
  return followModules({
    hosts,
    fetch: (source, signal) => fetchModule(source, signal, options),
    storage: keptModules(stateDir),
    clock: systemClock,
    onError: logError(logger, "cannot keep the modules of plugins"),
  });
}

function hostOf(text: string): AllowedHost {
  const host = parseAllowedHost(text);
  if (host !== undefined) return host;
  throw new AppError("host-unusable", `"${text}" is no host that modules can be fetched from`, {
    hint: "give HOST, HOST:PORT or *.DOMAIN with --fetch-modules, such as registry.example.com",
  });
}
