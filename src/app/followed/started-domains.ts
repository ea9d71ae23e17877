/** The trust domain with which a control plane was started: it is its authority's until it is started again. */
import { isDeepStrictEqual } from "node:util";
import { compareDiagnostics, type Diagnostic } from "../../base/diagnostic.js";
import {
  MESH_CONFIG_MAP,
  type MeshConfig,
  meshConfigIn,
} from "../../config/mesh-config/mesh-config.js";
import { formatRef, keyOf, refOf } from "../../config/resource.js";
import type { ConfigSnapshot } from "../../config/snapshot.js";
import { createListeners } from "../listeners.js";
import { missingIn, type Update } from "../update/update.js";

/** What of the mesh's configuration is read once. */
export type StartedDomains = Pick<MeshConfig, "trustDomain" | "trustDomainAliases">;

/** Tells of a configuration that has others by now. */
export interface FollowedDomains {
  readonly follow: (snapshot: ConfigSnapshot) => void;
  readonly diagnostics: () => readonly Diagnostic[];
  /** Calls back with what has become of the diagnostics. */
  readonly onChange: (listener: (change: Update) => void) => void;
}

/** Follows what the configuration says, which began with these. */
export function followDomains(started: StartedDomains): FollowedDomains {
  const listeners = createListeners<Update>();
  let last: readonly Diagnostic[] = [];
  return {
    follow: (snapshot) => {
      const now = domainDiagnostics(snapshot, started);
      const newDiagnostics = missingIn(now, last);
      const clearedDiagnostics = missingIn(last, now);
      last = now;
      if (newDiagnostics.length + clearedDiagnostics.length === 0) return;
      listeners.tell({ changed: [], newDiagnostics, clearedDiagnostics });
    },
    diagnostics: () => last,
    onChange: listeners.add,
  };
}

const stranding = ({ trustDomain }: StartedDomains): string =>
  `: until then no proxy accepts another, since ${trustDomain}, which their certificates have, is not among trustDomainAliases`;

/** Proxies are sent what the configuration says, and have certificates of before: without an alias nobody can call anybody. */
function domainDiagnostics(
  { tables, locate }: ConfigSnapshot,
  started: StartedDomains,
): readonly Diagnostic[] {
  const config = meshConfigIn(tables);
  const map = tables.ConfigMap.get(keyOf(MESH_CONFIG_MAP));
  const fields = ["trustDomain", "trustDomainAliases"] as const;
  const isKnown = [config.trustDomain, ...config.trustDomainAliases].includes(started.trustDomain);
  return fields
    .filter((field) => !isDeepStrictEqual(config[field], started[field]))
    .map((field): Diagnostic => {
      const before = [started[field]].flat().join(", ");
      const message =
        `another ${field} than ${before === "" ? "none" : before} is in force for policies and for whom proxies accept, and for ` +
        `certificates and who may join when the control plane is started again${isKnown ? "" : stranding(started)}`;
      const about = {
        severity: "warning",
        code: "started-otherwise",
        message,
      } as const;
      if (map === undefined) return about;
      const ref = refOf(map);
      const position = locate(ref, ["data", "mesh", field]);
      return { ...about, ...(position && { position }), resource: formatRef(ref) };
    })
    .sort(compareDiagnostics);
}
