/** Which proxies have not accepted what they should hold. */
import type {
  ConvergenceJson,
  GetConvergenceRequestJson,
  ResourceNameJson,
  ResourceSyncJson,
} from "../../../gen/types/fairlead/debug/v1/debug_pb.js";
import type { Diagnostic } from "../../base/diagnostic.js";
import { KINDS, type Kind } from "../../config/kinds.js";
import { formatRef, keyOf, type ResourceRef } from "../../config/resource.js";
import type { ResourceTables } from "../../config/snapshot.js";
import type { Outstanding } from "../../xds/state/status/outstanding.js";
import { type Connection, connectionsOf, type Observed } from "../observed.js";
import { shortName } from "../sync-state.js";
import { namedKinds } from "./named-kinds.js";

const MAX_OUTSTANDING = 1000;

const STATUS = { unanswered: "PENDING", refused: "REFUSED", withheld: "WITHHELD" } as const;

type Looked = Pick<
  Observed,
  "streams" | "sessions" | "outstanding" | "snapshot" | "effects" | "makersOf"
>;

/**
 * See the top of this file. Costs what differs, for each proxy.
 * @throws CallRefused when a resource is asked about, and its kind is none
 */
export function describeConvergence(
  observed: Looked,
  { proxy: only = "", resource }: GetConvergenceRequestJson,
): ConvergenceJson {
  const { tables } = observed.snapshot();
  const about = resource === undefined ? undefined : resourceNamed(resource, tables);
  const connections = connectionsOf(observed).filter(({ proxy }) => ["", proxy.id].includes(only));
  const owing = connections
    .map((connection) => outstandingOf(connection, observed, about))
    .filter((outstanding) => outstanding.length > 0);
  const outstanding = owing.flat();
  return {
    proxies: connections.length,
    outstanding: outstanding.slice(0, MAX_OUTSTANDING),
    behind: owing.length,
    ...(about === undefined
      ? { errors: errorsIn(observed).length }
      : {
          errors: errorsOf(observed, about, outstanding).length,
          resource: { name: formatRef(about), present: isIn(tables, about) },
        }),
  };
}

/** The resource of that name; where several kinds are called so, the first that is in force, or the first of them. */
function resourceNamed(
  { kind = "", namespace = "", name = "" }: ResourceNameJson,
  tables: ResourceTables,
): KnownRef {
  const refOf = (one: Kind): KnownRef => ({
    kind: one,
    namespace: "clusterScoped" in KINDS[one] ? "" : namespace,
    name,
  });
  const kinds = namedKinds(kind);
  return kinds.map(refOf).find((one) => isIn(tables, one)) ?? refOf(kinds[0]);
}

type KnownRef = ResourceRef & { readonly kind: Kind };

const isIn = (tables: ResourceTables, ref: KnownRef): boolean => tables[ref.kind].has(keyOf(ref));

/** What is not answered yet may be about any resource: one that is taken away has made what is to go. */
function outstandingOf(
  { proxy, stream }: Connection,
  { outstanding, makersOf }: Looked,
  about: ResourceRef | undefined,
): readonly ResourceSyncJson[] {
  const concerns = ({ typeUrl, name, standing }: Outstanding): boolean =>
    about === undefined ||
    standing === "unanswered" ||
    makersOf(proxy.id, typeUrl, name).some((maker) => formatRef(maker) === formatRef(about));
  return outstanding(stream.stream)
    .filter(concerns)
    .map((one) => syncOf(proxy.id, one));
}

const errorsIn = ({ snapshot }: Pick<Looked, "snapshot">): readonly Diagnostic[] =>
  snapshot().diagnostics.filter(({ severity }) => severity === "error");

/**
 * The errors of a resource, in its file and in what it has made: what proxies refuse is told by proxy. What is made is looked
 * through when it is there and every proxy has answered, for that may take a while in a large mesh.
 */
function errorsOf(
  observed: Looked,
  about: KnownRef,
  outstanding: readonly ResourceSyncJson[],
): readonly Diagnostic[] {
  const isPending = outstanding.some(({ status: one }) => one === "PENDING");
  const isMade = isIn(observed.snapshot().tables, about) && !isPending;
  const made = isMade
    ? observed
        .effects()
        .filter(({ severity, code }) => severity === "error" && code !== "refused-by-proxy")
    : [];
  return [...errorsIn(observed), ...made].filter(({ resource }) => resource === formatRef(about));
}

function syncOf(proxy: string, { typeUrl, name, standing, error }: Outstanding): ResourceSyncJson {
  return {
    proxy,
    typeUrl,
    shortName: shortName(typeUrl),
    name,
    status: STATUS[standing],
    ...(error === undefined ? {} : { error }),
  };
}
