import { readSources } from "../../../config/sources/scan.js";
import type { SourceBatch } from "../../../config/sources/source.js";
import { CommandError } from "../../command-error.js";

/**
 * What is in a directory of YAML.
 * @throws CommandError when there is none
 */
export async function plannedSources(path: string): Promise<SourceBatch> {
  const batch = await readSources([{ path, kind: "config" }]);
  if (batch.roots.every(({ exists }) => exists)) return batch;
  throw new CommandError(`${path} does not exist`, "give a directory of YAML");
}
