import { groupBy } from "../../../base/group-by.js";
import { Table } from "../../../base/table/table.js";
import { didYouMean } from "../../../base/text/closest-word.js";
import { columns } from "../../../base/text/columns.js";
import { visibleLines } from "../../../base/text/visible-text.js";
import { type ConfigResource, keyOf } from "../../../config/resource.js";
import { emptyTables, type ResourceTables } from "../../../config/snapshot.js";
import type { Labels } from "../../../mesh/labels.js";
import {
  type CheckedInjection,
  checkLabels,
  checkPod,
  checkWorkload,
  checkWorkloads,
} from "../../../up/pods/checked-injection.js";
import { declaredWorkloads } from "../../../up/pods/workloads.js";
import { CommandError, USAGE } from "../../command-error.js";
import { askControlPlane } from "../../connection/connect.js";
import { parsePod } from "../../connection/connected-proxies.js";
import type { ConnectionOptions } from "../../connection/connection-options.js";
import type { CommandContext } from "../../context.js";
import { readDirectories } from "../../input/read-directories.js";
import { writeValue } from "../../output/write-output.js";

/** The options of `fairlead check-inject`. */
export interface CheckInjectOptions extends ConnectionOptions {
  readonly namespace?: string;
  readonly labels?: Labels;
  readonly config?: readonly string[];
  readonly output: "table" | "json" | "yaml";
}

/**
 * Prints which pods get a proxy.
 * @throws CommandError when there is none of the name that is given
 */
export async function runCheckInject(
  context: CommandContext,
  pod: string | undefined,
  options: CheckInjectOptions,
): Promise<void> {
  const { config, output } = options;
  if (pod !== undefined && options.labels !== undefined) {
    throw new CommandError(
      "--labels is given beside a pod, which has labels of its own",
      "give a pod or --labels",
      USAGE,
    );
  }
  const tables =
    config === undefined
      ? await tablesInForce(context, options)
      : (await readDirectories(config)).tables;
  const found = check(tables, pod, options);
  if (output === "table") context.stdout.write(visibleLines(table(found)));
  else await writeValue(context, output, found.map(valueOf));
}

function check(
  tables: ResourceTables,
  pod: string | undefined,
  { namespace, labels }: CheckInjectOptions,
): readonly CheckedInjection[] {
  if (labels !== undefined) return [checkLabels(tables, namespace ?? "default", labels)];
  if (pod === undefined) return checkWorkloads(tables, namespace);
  const { kind, ...name } = parsePod(pod, namespace ?? "default");
  if (kind === "service") {
    throw new CommandError(
      "a service gets no sidecar: the pods that serve it do",
      "give a pod, or a workload as deployment/NAME.NAMESPACE",
      USAGE,
    );
  }
  const found = kind === "pod" ? checkPod(tables, name) : checkWorkload(tables, name);
  if (found !== undefined) return [found];
  const id = `${name.name}.${name.namespace}`;
  const known = declaredWorkloads(tables).map((one) => `${one.name}.${one.namespace}`);
  throw new CommandError(
    `there is no ${kind} ${id}${didYouMean(id, known)}`,
    "`fairlead check-inject` without a name shows the workloads that there are",
  );
}

/** What a control plane that runs has read. */
async function tablesInForce(
  context: CommandContext,
  options: CheckInjectOptions,
): Promise<ResourceTables> {
  const { resources = [] } = await askControlPlane(context, options, (client) =>
    client.getConfiguration(),
  );
  const all = resources.map(({ json = "" }) => JSON.parse(json) as ConfigResource);
  const tables = [...groupBy(all, ({ kind }) => kind)].map(([kind, some]) => [
    kind,
    Table.from(some.map((resource) => [keyOf(resource.metadata), resource] as const)),
  ]);
  return { ...emptyTables(), ...Object.fromEntries(tables) } as ResourceTables;
}

const isInjected = ({ proxy }: CheckedInjection): boolean => proxy !== "none";

/** With istioctl's marks. */
function table(found: readonly CheckedInjection[]): readonly string[] {
  if (found.length === 0) return ["No workloads."];
  const rows = found.map((one) => [
    one.workload,
    isInjected(one) ? "✔" : "✘",
    one.proxy === "router" ? `it is a gateway: ${one.reason}` : one.reason,
  ]);
  return columns([["WORKLOAD", "INJECTED", "REASON"], ...rows]);
}

const valueOf = (one: CheckedInjection): object => ({ ...one, injected: isInjected(one) });
