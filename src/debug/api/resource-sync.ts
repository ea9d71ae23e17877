/** Which version of each resource a proxy should hold, and which it does. */
import type { ResourceSyncJson } from "../../../gen/types/fairlead/debug/v1/debug_pb.js";
import { defined } from "../../base/defined.js";
import type { EncodedResource } from "../../xds/resource.js";
import type { Quarantined, TypeStatus } from "../../xds/state/status/stream-status.js";
import type { Connection, Observed } from "../observed.js";
import { inTypeOrder, shortName } from "../sync-state.js";

/** Which resources are meant; all when a field is empty. */
export interface ResourceQuery {
  readonly typeUrl: string;
  readonly name: string;
}

function errorOf(
  wanted: EncodedResource | undefined,
  refused: Quarantined | undefined,
): Pick<ResourceSyncJson, "status" | "error"> | undefined {
  const { refusal, standsFor = refusal } = wanted ?? {};
  if (standsFor !== undefined) return { status: "WITHHELD", error: standsFor.reason };
  return refused === undefined ? undefined : { status: "REFUSED", error: refused.error };
}

function syncOf(
  name: string,
  wanted: EncodedResource | undefined,
  accepted: EncodedResource | undefined,
  refused: Quarantined | undefined,
): Omit<ResourceSyncJson, "proxy"> {
  const isSame = wanted?.version === accepted?.version;
  return {
    name,
    ...defined({ version: wanted?.version, acceptedVersion: accepted?.version }),
    ...(errorOf(wanted, refused) ?? { status: isSame ? "ACCEPTED" : "PENDING" }),
  };
}

function ofType(
  { proxy, stream }: Connection,
  { typeUrl, quarantined, wildcard }: TypeStatus,
  observed: Observed,
  name: string,
): readonly ResourceSyncJson[] {
  const wanted = observed.wanted(stream.stream, typeUrl);
  const accepted = observed.accepted(stream.stream, typeUrl);
  const byName = new Map(accepted.map((one) => [one.name, one]));
  const refusals = new Map(quarantined.map((one) => [one.name, one]));
  const wantedNames = wildcard ? [...wanted.keys()] : [];
  const names = new Set([...wantedNames, ...byName.keys(), ...refusals.keys()]);
  return [...names]
    .filter((one) => name === "" || one === name)
    .sort()
    .map((one) => ({
      proxy: proxy.id,
      typeUrl,
      shortName: shortName(typeUrl),
      ...syncOf(one, wanted.get(one), byName.get(one), refusals.get(one)),
    }));
}

/** Of one proxy, by type and name. */
export function resourceSyncs(
  connection: Connection,
  observed: Observed,
  { typeUrl, name }: ResourceQuery,
): readonly ResourceSyncJson[] {
  return inTypeOrder(connection.stream.types)
    .filter((type) => typeUrl === "" || type.typeUrl === typeUrl)
    .flatMap((type) => ofType(connection, type, observed, name));
}
