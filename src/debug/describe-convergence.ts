/** Which proxies have not accepted what they should hold. */
import type {
  ConvergenceJson,
  ResourceSyncJson,
} from "../../gen/types/fairlead/debug/v1/debug_pb.js";
import type { Outstanding } from "../xds/outstanding.js";
import { connectionsOf, type Observed } from "./observed.js";
import { shortName } from "./sync-state.js";

const MAX_OUTSTANDING = 1000;

const STATUS = { unanswered: "PENDING", refused: "REFUSED", withheld: "WITHHELD" } as const;

/** See the top of this file. Costs what differs, for each proxy. */
export function describeConvergence(
  observed: Pick<Observed, "streams" | "sessions" | "outstanding" | "snapshot">,
): ConvergenceJson {
  const connections = connectionsOf(observed);
  const outstanding = connections.flatMap(({ proxy, stream }) =>
    observed.outstanding(stream.stream).map((one) => syncOf(proxy.id, one)),
  );
  const { diagnostics } = observed.snapshot();
  return {
    proxies: connections.length,
    outstanding: outstanding.slice(0, MAX_OUTSTANDING),
    errors: diagnostics.filter(({ severity }) => severity === "error").length,
  };
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
