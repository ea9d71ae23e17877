import { fromBinary, type JsonValue, toJson } from "@bufbuild/protobuf";
import { createDiscovery, type Discovery } from "../app/discovery.js";
import { readDescriptors } from "../app/package-files.js";
import type { Diagnostic } from "../base/diagnostic.js";
import { Table } from "../base/table.js";
import { emptyTables, type ResourceTables } from "../config/snapshot.js";
import {
  createEnvoyChanges,
  type Decode,
  groupProxies,
  type ProxyGroup,
} from "../console/plan/envoy-changes.js";
import { formatPlan, isEmpty, type Plan } from "../console/plan/plan.js";
import { resourceChanges } from "../console/plan/resource-changes.js";
import { sharingObjects } from "../console/plan/same-objects.js";
import { createEncoder, type Encoder } from "../envoy/encoder.js";
import type { ConnectedProxy } from "../envoy/proxy-resources.js";
import type { Proxy } from "../mesh/proxy.js";
import { CommandError, CommandExit } from "./command-error.js";
import { askControlPlane } from "./connect.js";
import type { ConnectionOptions } from "./connection-options.js";
import type { CommandContext } from "./context.js";
import { diagnosticOf } from "./diagnostic-of.js";
import { filesOfRef } from "./files-of-ref.js";
import {
  declaredProxies,
  inPlaceOf,
  type PlannedState,
  proxiesInForce,
  stateInForce,
  stateOfDirectory,
  stateOfFiles,
} from "./plan-sides.js";

/** The options of `fairlead plan`. */
export interface PlanOptions extends ConnectionOptions {
  readonly against?: string;
  readonly ref?: string;
  readonly output: "text" | "json";
}

/** What is compared, and for whom. */
interface Comparison {
  readonly before: PlannedState;
  readonly after: PlannedState;
  readonly proxies: readonly Proxy[];
}

const ERRORS = 1;
const CHANGES = 2;

/**
 * Prints what a directory would change.
 * @throws CommandExit when it changes anything
 * @throws CommandError when it has new errors, or one of the states cannot be had
 */
export async function runPlan(
  context: CommandContext,
  directory: string,
  options: PlanOptions,
): Promise<void> {
  const plan = await planOf(await comparisonOf(context, directory, options));
  const text =
    options.output === "json" ? JSON.stringify(plan, undefined, 2) : formatPlan(plan).join("\n");
  context.stdout.write(`${text}\n`);
  if (plan.newDiagnostics.some(({ severity }) => severity === "error")) {
    throw new CommandError(
      "the configuration would have errors that it has not now",
      "mend what is shown: what it is about does not take effect",
      ERRORS,
    );
  }
  if (!isEmpty(plan)) throw new CommandExit(CHANGES);
}

async function comparisonOf(
  context: CommandContext,
  directory: string,
  options: PlanOptions,
): Promise<Comparison> {
  const { against, ref } = options;
  const planned = await stateOfDirectory(directory);
  if (against === undefined && ref === undefined) {
    return comparisonWithRunning(context, directory, planned, options);
  }
  const before =
    ref === undefined
      ? await stateOfDirectory(against ?? directory)
      : await stateOfFiles(await filesOfRef(directory, ref));
  return { before, after: planned, proxies: declaredProxies(before, planned) };
}

async function comparisonWithRunning(
  context: CommandContext,
  directory: string,
  planned: PlannedState,
  options: PlanOptions,
): Promise<Comparison> {
  const [configuration, { diagnostics = [] }] = await askControlPlane(context, options, (client) =>
    Promise.all([client.getConfiguration(), client.getDiagnostics()]),
  );
  const before = stateInForce(configuration, diagnostics.map(diagnosticOf));
  const after = inPlaceOf(directory, planned, before);
  return { before, after, proxies: proxiesInForce(configuration) };
}

async function planOf({ before, after, proxies }: Comparison): Promise<Plan> {
  const shared = { ...after, tables: sharingObjects(after.tables, before.tables) };
  const resources = resourceChanges(before, shared);
  return {
    resources,
    // Proxies are sent what resources say: the same resources, the same for each.
    groups: resources.length === 0 ? [] : await groupsOf(before.tables, shared.tables, proxies),
    proxies: proxies.length,
    newDiagnostics: missingIn(before.diagnostics, after.diagnostics),
    clearedDiagnostics: missingIn(after.diagnostics, before.diagnostics),
  };
}

/** Those that others are not among. Where they are does not count: files have other names and lines on the two sides. */
function missingIn(
  others: readonly Diagnostic[],
  diagnostics: readonly Diagnostic[],
): readonly Diagnostic[] {
  const keyOf = ({ severity, code, message, resource }: Diagnostic): string =>
    JSON.stringify([severity, code, message, resource]);
  const known = new Set(others.map(keyOf));
  return diagnostics.filter((one) => !known.has(keyOf(one)));
}

/** What proxies are sent in one state and then in the other, by the same engine, so that what stays is the same object. */
async function groupsOf(
  before: ResourceTables,
  after: ResourceTables,
  proxies: readonly Proxy[],
): Promise<readonly ProxyGroup[]> {
  const encoder = createEncoder(await readDescriptors());
  const discovery = createDiscovery(encoder, snapshotOf(emptyTables()));
  const connected = proxies.map((proxy): ConnectedProxy => ({ proxy, controlPlane: undefined }));
  const resources = (tables: ResourceTables) => {
    update(discovery, tables, proxies);
    return connected.map((one) => discovery.resourcesOf(one));
  };
  const [old, now] = [resources(before), resources(after)];
  const changesBetween = createEnvoyChanges(decoder(encoder));
  const changes = proxies.flatMap((proxy, i) => {
    const [was, is] = [old[i], now[i]];
    return was === undefined || is === undefined
      ? []
      : [[proxy.id, changesBetween(was, is)] as const];
  });
  return groupProxies(new Map(changes));
}

function update(discovery: Discovery, tables: ResourceTables, proxies: readonly Proxy[]): void {
  discovery.update({
    snapshot: snapshotOf(tables),
    proxies: Table.from(proxies.map((proxy) => [proxy.id, proxy] as const)),
    standIns: [],
  });
}

function snapshotOf(tables: ResourceTables): Parameters<typeof createDiscovery>[1] {
  return { tables, diagnostics: [], locate: () => undefined, written: () => [] };
}

function decoder({ registry }: Encoder): Decode {
  return (type, bytes): JsonValue => {
    const schema = registry.getMessage(type);
    return schema === undefined
      ? { "@type": type }
      : toJson(schema, fromBinary(schema, bytes), { registry });
  };
}
