/** What Istio's analyzers find in files. */
import { analyze } from "../../../analysis/analyze.js";
import type { Analyzer } from "../../../analysis/analyzer.js";
import { DEFAULT_GATEWAY_FILE } from "../../../analysis/default-gateway.js";
import type { Diagnostic } from "../../../base/diagnostic.js";
import type { ConfigRoot } from "../../../config/sources/root.js";
import { readSources } from "../../../config/sources/scan.js";
import type { Source, SourceBatch } from "../../../config/sources/source.js";
import { createConfigStore } from "../../../config/store/config-store.js";
import { CommandError } from "../../command-error.js";
import type { CommandContext } from "../../context.js";
import { patchCheckFor } from "../../input/patch-check.js";
import { readStandardInput, STANDARD_INPUT } from "../../input/standard-input.js";
import { aboutMeshConfigFile, asMeshConfigMap } from "./mesh-config-file.js";

/** What is looked at beside the files. */
export interface BesideFiles {
  /** A directory of certificates. */
  readonly secrets?: string;
  /** A file with the mesh configuration, which counts rather than one in the files. */
  readonly meshConfigFile?: string;
}

/**
 * What is wrong with some files; the analyzers are the usual ones when absent.
 * @throws CommandError when one does not exist
 */
export async function analyzeFiles(
  { stdin }: CommandContext,
  files: readonly string[],
  { secrets, meshConfigFile }: BesideFiles,
  analyzers?: readonly Analyzer[],
): Promise<readonly Diagnostic[]> {
  const roots: readonly ConfigRoot[] = [
    ...files
      .filter((path) => path !== STANDARD_INPUT)
      .map((path) => ({ path, kind: "config" as const })),
    ...(secrets === undefined ? [] : [{ path: secrets, kind: "secrets" as const }]),
  ];
  const batch = await readThere(roots);
  const meshConfig =
    meshConfigFile === undefined
      ? []
      : (await readThere([{ path: meshConfigFile, kind: "config" }])).changed;
  const piped = files.includes(STANDARD_INPUT) ? [await readStandardInput(stdin)] : [];
  const gateway: Source = { type: "text", root: "", ...DEFAULT_GATEWAY_FILE };
  const changed = [...batch.changed, ...piped, gateway, ...meshConfig.map(asMeshConfigMap)];
  const store = createConfigStore({ ...(await patchCheckFor(changed)), remembers: false });
  const snapshot = store.update({ ...batch, changed });
  // What is only taken for there is not the user's to mend.
  const asked = analyzers === undefined ? {} : { analyzers };
  const found = analyze(snapshot, { ...asked, now: new Date() }).filter(
    ({ position }) => position?.file !== gateway.path,
  );
  return meshConfigFile === undefined ? found : aboutMeshConfigFile(found, meshConfigFile);
}

async function readThere(roots: readonly ConfigRoot[]): Promise<SourceBatch> {
  const batch = await readSources(roots);
  const missing = batch.roots.find(({ exists }) => !exists);
  if (missing === undefined) return batch;
  throw new CommandError(`${missing.path} does not exist`, "give a file of YAML or a directory");
}
