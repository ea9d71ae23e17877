/** The certificates that gateways ask for by name and no file gives them. */
import { byKey } from "../../base/text/compare-text.js";
import type { Server } from "../../config/kinds/networking/gateway.js";
import type { ResourceOf } from "../../config/kinds.js";
import { keyOf } from "../../config/resource.js";
import { secretOf } from "../../config/secret-grants.js";
import type { ResourceTables } from "../../config/snapshot.js";
import { parseServerHost } from "../../mesh/gateway/gateway.js";
import { isAdded } from "../../mesh/made-of.js";
import { servedGateways } from "../pods/served-gateways.js";
import type { LocalWorkload } from "../pods/workloads.js";
import { isMade } from "./made.js";

/** A Secret that a gateway needs. */
export interface GatewayCredential {
  /** Of the gateway's workload, or of the listeners that are added to its Gateway: that is where it reads Secrets. */
  readonly namespace: string;
  readonly name: string;
  /** The DNS names for which it has to be valid, sorted; never empty. */
  readonly hosts: readonly string[];
}

const MODES: ReadonlySet<string> = new Set(["SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL"]);
/** A Secret's name, perhaps with its namespace; anything else refers to a certificate in some other way. */
const SECRET_NAME = /^(?:[-a-z0-9]+\/)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/;
/** For servers of every host. */
const ANY_HOST = "localhost";

/** The credentials of these gateway workloads that no declared Secret is, by namespace and name. */
export function missingCredentials(
  tables: ResourceTables,
  gateways: readonly LocalWorkload[],
): readonly GatewayCredential[] {
  const hosts = new Map<string, Set<string>>();
  const credentials = new Map<string, Pick<GatewayCredential, "namespace" | "name">>();
  for (const needed of gateways.flatMap((gateway) => neededBy(tables, gateway))) {
    const key = keyOf(needed);
    credentials.set(key, needed);
    hosts.set(key, new Set([...(hosts.get(key) ?? []), ...needed.hosts]));
  }
  return [...credentials]
    .filter(([key]) => isMissing(tables.Secret.get(key)))
    .sort(byKey)
    .map(([key, { namespace, name }]) => ({
      namespace,
      name,
      hosts: sortedOr(hosts.get(key) ?? new Set(), ANY_HOST),
    }));
}

function isMissing(secret: ResourceOf<"Secret"> | undefined): boolean {
  return secret === undefined || isMade(secret);
}

/** What each server of the Gateways that a workload serves asks for. */
function neededBy(tables: ResourceTables, workload: LocalWorkload): readonly GatewayCredential[] {
  return servedGateways(tables, workload).flatMap((gateway) => {
    const { namespace: own } = gateway.metadata;
    const places = [workload.namespace, ...(isAdded(gateway) ? [own] : [])];
    return (gateway.spec.servers ?? []).flatMap((server) => {
      const hosts = serverHosts(server, own);
      return credentialNames(server)
        .map((name) => ({ ...secretOf(name, workload.namespace), hosts }))
        .filter(({ namespace }) => places.includes(namespace));
    });
  });
}

function credentialNames({ tls }: Server): readonly string[] {
  if (tls?.mode === undefined || !MODES.has(tls.mode)) return [];
  const { credentialName, credentialNames = [] } = tls;
  const names = credentialName === undefined ? credentialNames : [credentialName];
  return names.filter((name) => SECRET_NAME.test(name));
}

function serverHosts({ hosts }: Server, namespace: string): readonly string[] {
  return hosts.map((text) => parseServerHost(text, namespace).host).filter((host) => host !== "*");
}

function sortedOr(values: ReadonlySet<string>, otherwise: string): readonly string[] {
  return values.size === 0 ? [otherwise] : [...values].sort();
}
