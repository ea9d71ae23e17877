/** The configuration in force, for who computes with it elsewhere. */
import type {
  ConfigurationJson,
  ConfigurationResourceJson,
} from "../../../gen/types/fairlead/debug/v1/debug_pb.js";
import { KINDS, type Kind } from "../../config/kinds.js";
import { type ConfigResource, refOf } from "../../config/resource.js";
import { connectionsOf, type Observed } from "../observed.js";

/** See the top of this file. Secrets are left out. */
export function describeConfiguration(
  observed: Pick<Observed, "streams" | "sessions" | "snapshot">,
): ConfigurationJson {
  const { tables, locate } = observed.snapshot();
  const kinds = (Object.keys(KINDS) as Kind[]).filter((kind) => kind !== "Secret");
  const resources: readonly ConfigResource[] = kinds.flatMap((kind) => [...tables[kind].values()]);
  return {
    resources: resources.map(
      (resource): ConfigurationResourceJson => ({
        json: JSON.stringify(resource),
        ...locate(refOf(resource)),
      }),
    ),
    proxies: connectionsOf(observed).map(({ proxy }) => JSON.stringify(proxy)),
  };
}
