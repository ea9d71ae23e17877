/** The command that an agent runs, of the files of its own machine: see docs/decisions/0014-health-by-the-envoys-themselves.md. */
import { keyOf } from "../../../config/resource.js";
import { type CommandProbe, commandProbe } from "../../../mesh/workload/health-probe.js";
import { CommandError } from "../../command-error.js";
import { readDirectories } from "../../input/read-directories.js";
import type { parseWorkload } from "../../options/arguments.js";

/** Where it is read. */
export interface CommandProbeOptions {
  readonly workload: ReturnType<typeof parseWorkload>;
  readonly config?: readonly string[];
  readonly group?: string;
}

/**
 * The probe by command of a WorkloadGroup.
 * @throws CommandError when there is none
 */
export async function readCommandProbe({
  workload: { namespace },
  config,
  group: name,
}: CommandProbeOptions): Promise<CommandProbe> {
  if (config === undefined || name === undefined) {
    throw new CommandError(
      "--command-probe needs --config and --group",
      "the probe that is run is the WorkloadGroup's: --config is a directory of this machine that has it",
    );
  }
  const { tables } = await readDirectories(config);
  const group = tables.WorkloadGroup.get(keyOf({ namespace, name }));
  const probe = group && commandProbe(group);
  if (probe !== undefined) return probe;
  throw new CommandError(
    `${config.join(", ")}: no WorkloadGroup ${name} in namespace ${namespace} with a probe by command`,
    "give it a probe with exec, or leave --command-probe out",
  );
}
