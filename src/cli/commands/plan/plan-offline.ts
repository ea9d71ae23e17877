/** The plan of a directory against another state of it, for which no control plane is asked. */
import { createDiscovery, type Discovery } from "../../../app/discovery.js";
import { readDescriptors } from "../../../app/package-files.js";
import { takeSteps } from "../../../base/steps/take-steps.js";
import { Table } from "../../../base/table/table.js";
import type { ConfigSnapshot } from "../../../config/snapshot.js";
import { makePlan } from "../../../console/plan/make-plan.js";
import type { Plan } from "../../../console/plan/plan.js";
import { sharingObjects } from "../../../console/plan/same-objects.js";
import { createEncoder, type Encoder } from "../../../envoy/resource/encoder.js";
import type { Proxy } from "../../../mesh/proxy/proxy.js";
import { filesOfRef } from "./files-of-ref.js";
import {
  declaredProxies,
  type PlannedState,
  stateOfDirectory,
  stateOfFiles,
} from "./plan-sides.js";
import type { ValidatedState } from "./validate-plan.js";

/** A plan, and what it would have proxies be sent. */
export interface PlannedOffline {
  readonly plan: Plan;
  readonly state: () => ValidatedState;
}

/** The other state: another directory, or what Git has of this one in a commit. */
export type OtherState = { readonly against: string } | { readonly ref: string };

/**
 * What becomes of the workloads that either state declares.
 * @throws CommandError when one of the states cannot be had
 */
export async function planOffline(directory: string, other: OtherState): Promise<PlannedOffline> {
  const planned = await stateOfDirectory(directory);
  const before =
    "ref" in other
      ? await stateOfFiles(await filesOfRef(directory, other.ref))
      : await stateOfDirectory(other.against);
  const after = { ...planned, tables: sharingObjects(planned.tables, before.tables) };
  const proxies = declaredProxies(before, planned);
  const descriptors = await readDescriptors();
  let opened: Opened | undefined;
  // Only where a resource differs: to read Envoy's API takes longer than all else.
  const open = (): Opened => (opened ??= openDiscovery(descriptors, before, proxies));
  const plan = takeSteps(
    makePlan({
      before: { ...before, mesh: () => open().discovery.view() },
      after: { ...after, mesh: () => open().discovery.supposing(snapshotOf(after)) },
      proxies: proxies.map((proxy) => ({ proxy, controlPlane: undefined })),
      decode: (type, bytes) => open().encoder.decode(type, bytes),
    }),
  );
  return { plan, state: () => validatedState(open(), after, proxies) };
}

/**
 * What some proxies would be sent of a directory.
 * @throws CommandError when it cannot be had
 */
export async function stateFor(
  directory: string,
  proxies: readonly Proxy[],
): Promise<ValidatedState> {
  const state = await stateOfDirectory(directory);
  return validatedState(openDiscovery(await readDescriptors(), state, proxies), state, proxies);
}

function validatedState(
  { encoder, discovery }: Opened,
  state: PlannedState,
  proxies: readonly Proxy[],
): ValidatedState {
  const view = discovery.supposing(snapshotOf(state));
  const byId = new Map(proxies.map((proxy) => [proxy.id, proxy]));
  return {
    encoder,
    snapshot: state,
    heldAfter: (id) => {
      const proxy = byId.get(id);
      return proxy && view.resourcesOf({ proxy, controlPlane: undefined });
    },
  };
}

interface Opened {
  readonly encoder: Encoder;
  readonly discovery: Discovery;
}

function openDiscovery(
  descriptors: Uint8Array,
  state: PlannedState,
  proxies: readonly Proxy[],
): Opened {
  const encoder = createEncoder(descriptors);
  const snapshot = snapshotOf(state);
  const discovery = createDiscovery(encoder, snapshot);
  const byId = Table.from(proxies.map((proxy) => [proxy.id, proxy] as const));
  discovery.update({ snapshot, proxies: byId, standIns: [] });
  return { encoder, discovery };
}

function snapshotOf({ tables }: Pick<PlannedState, "tables">): ConfigSnapshot {
  return { tables, diagnostics: [], locate: () => undefined, written: () => [] };
}
