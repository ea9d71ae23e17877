import type {
  ListNamesRequestJson,
  ResourceNameJson,
} from "../../../gen/types/fairlead/debug/v1/debug_pb.js";
import { type ConfigResource, keyOf } from "../../config/resource.js";
import type { ResourceTables } from "../../config/snapshot.js";
import { namedKinds } from "./named-kinds.js";

/**
 * The names of the resources of a kind, sorted.
 * @throws CallRefused when there is no such kind
 */
export function listNames(
  tables: ResourceTables,
  { kind: word = "" }: ListNamesRequestJson,
): readonly ResourceNameJson[] {
  return namedKinds(word).flatMap((kind) => {
    const resources: readonly ConfigResource[] = [...tables[kind].values()];
    return resources
      .map(({ metadata: { namespace, name } }) => ({ kind, namespace, name }))
      .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  });
}
