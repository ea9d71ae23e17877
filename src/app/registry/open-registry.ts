/** Opens the list of proxies, and says where it is kept. */
import { join } from "node:path";
import { systemClock } from "../../base/clock.js";
import { readPrivateFile, writePrivateFile } from "../../ca/private-file.js";
import type { ControlPlaneOptions } from "../control-plane-options.js";
import { openProxyRegistry, type ProxyRegistry } from "./proxy-registry.js";

/**
 * How long a workload stays without its proxy, or without a word of the control plane that it is connected to, in milliseconds.
 * Istio's default for workloads that registered themselves.
 */
export const GRACE_MS = 10_000;

/** Of the file with the proxies, in bytes: a proxy takes about one KiB, and ten thousand may be connected. */
export const MAX_REGISTRY_BYTES = 64 * 1024 * 1024;

/** That of a control plane. */
export function openRegistry({ stateDir, logger }: ControlPlaneOptions): Promise<ProxyRegistry> {
  const file = join(stateDir, "proxies.json");
  return openProxyRegistry({
    clock: systemClock,
    graceMs: GRACE_MS,
    storage: {
      load: async () => (await readPrivateFile(file, MAX_REGISTRY_BYTES))?.toString("utf8"),
      save: (text) => writePrivateFile(file, text),
    },
    onError: (error) => {
      logger.error({ err: error }, "cannot keep the list of proxies");
    },
  });
}
