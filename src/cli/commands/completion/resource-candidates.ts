import type { ResourceNameJson } from "../../../../gen/types/fairlead/debug/v1/debug_pb.js";
import { askControlPlane } from "../../connection/connect.js";
import type { ConnectionOptions } from "../../connection/connection-options.js";
import type { CommandContext } from "../../context.js";
import type { Candidate } from "./complete.js";

/** The resources of which kind, and what is said of them before. */
interface Wanted {
  readonly type: string;
  readonly given: ConnectionOptions & { readonly namespace?: string };
}

/** The names of resources in force. Nobody wants to read, in the middle of a command line, why there are none. */
export async function resourceCandidates(
  context: CommandContext,
  { type, given }: Wanted,
): Promise<readonly Candidate[]> {
  const { namespace } = given;
  const { resources = [] } = await askControlPlane(context, given, (client) =>
    client.listNames({ kind: type }),
  ).catch(() => ({ resources: [] }));
  return resources
    .filter((one) => namespace === undefined || ["", namespace].includes(one.namespace ?? ""))
    .map((one) => ({ word: wordFor(one, namespace), description: "" }));
}

/** The name alone where that says enough: the last dot of a name is taken for that before its namespace. */
function wordFor(
  { name = "", namespace = "" }: ResourceNameJson,
  given: string | undefined,
): string {
  const isAlone = namespace === "" || (given !== undefined && !name.includes("."));
  return isAlone ? name : `${name}.${namespace}`;
}
