/** A proxy that is connected, as the debug API describes it. */

import type {
  ProxyJson,
  RefusalJson,
  TypeSyncJson,
} from "../../../gen/types/fairlead/debug/v1/debug_pb.js";
import { defined } from "../../base/defined.js";
import { formatSpiffeId } from "../../ca/spiffe-id.js";
import type { Occurrence } from "../../xds/state/response/response.js";
import type { TypeStatus } from "../../xds/state/status/stream-status.js";
import type { Connection, Observed } from "../observed.js";
import { inTypeOrder, shortName, syncStatusOf } from "../sync-state.js";
import { timestamp } from "../timestamp.js";

const timeOf = (occurrence: Occurrence): string => timestamp(occurrence.at);

type MadeAt = Observed["madeAt"];

function lastRefusal(
  session: string,
  { typeUrl, quarantined, lastNacked }: TypeStatus,
  madeAt: MadeAt,
): RefusalJson | undefined {
  const [first] = quarantined;
  if (first === undefined) return undefined;
  const { at, error } = lastNacked ?? first;
  const names = quarantined.map(({ name }) => name);
  const sources = names.map((name) => formatSource(madeAt(session, typeUrl, name)));
  const files = [...new Set(quarantined.flatMap((one) => one.files ?? []))];
  return { at: timestamp(at), error, names, sources, ...(files.length === 0 ? {} : { files }) };
}

function formatSource({ position, resource = "" }: ReturnType<MadeAt>): string {
  return position === undefined ? resource : `${resource} (${position.file}:${position.line})`;
}

function describeType(session: string, type: TypeStatus, madeAt: MadeAt): TypeSyncJson {
  const { typeUrl, lastSent, lastAcked, resumedAt } = type;
  return {
    typeUrl,
    shortName: shortName(typeUrl),
    status: syncStatusOf(type),
    ...defined({
      lastSent: lastSent && timeOf(lastSent),
      lastAcked: lastAcked && timeOf(lastAcked),
      lastRefusal: lastRefusal(session, type, madeAt),
      resumedAt: resumedAt === undefined ? undefined : timestamp(resumedAt),
    }),
  };
}

/** See the top of this file. */
export function describeProxy(
  { proxy, proof, facts, stream }: Connection,
  { madeAt }: Pick<Observed, "madeAt">,
): ProxyJson {
  const { id, name, namespace, type, address, clusterId, serviceAccount, istioVersion } = proxy;
  return {
    id,
    name,
    namespace,
    type,
    address,
    clusterId,
    serviceAccount,
    istioVersion,
    workload: proxy.workloadName,
    labels: proxy.labels,
    envoyVersion: facts.envoyVersion,
    identity: proof === undefined ? "" : formatSpiffeId(proof),
    protocol: stream.protocol,
    connectedAt: timestamp(stream.openedAt),
    adminAddress: facts.adminAddress,
    types: inTypeOrder(stream.types).map((type) => describeType(proxy.id, type, madeAt)),
  };
}
