/** Runs discovery after each change of what it starts from, and has the result published. */

import type { Clock } from "../../base/clock.js";
import type { Table } from "../../base/table/table.js";
import type { ConfigSnapshot } from "../../config/snapshot.js";
import type { WasmModules } from "../../mesh/extension/wasm-modules.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import type { IssuerKeys } from "../../mesh/security/issuer-keys.js";
import type { StandIn } from "../../mesh/service/stand-in.js";
import type { Health } from "../../mesh/workload/health-probe.js";
import type { Discovery } from "../discovery.js";
import type { Forgetting } from "./forgetting.js";
import { type Update, updateBetween } from "./update.js";

/** What the loop runs, and whom it tells. */
export interface UpdateLoopOptions {
  readonly discovery: Pick<Discovery, "update">;
  readonly snapshot: ConfigSnapshot;
  readonly standIns: readonly StandIn[];
  readonly federated: readonly string[];
  /** Where issuers said that their keys are. */
  readonly issuerKeys: () => IssuerKeys;
  /** What is known of the modules that plugins name. */
  readonly wasmModules: () => WasmModules;
  /** The proxies that are registered. */
  readonly proxies: () => Table<Proxy>;
  /** What is known of the health of their applications. */
  readonly health: () => Table<Health>;
  /** Of what was made of another mesh than that which there is now. */
  readonly forgetting: Pick<Forgetting, "soon">;
  /** Has proxies sent what is new for them. */
  readonly publish: () => void;
  /** Told of a change of the configuration once it is published. */
  readonly onUpdate: (update: Update) => void;
  /** Told how long discovery took, in milliseconds. */
  readonly onComputed: (ms: number) => void;
  /** Told, each time, that the mesh cannot be made, so that the one before stays in force. */
  readonly onFault: (fault: unknown) => void;
  readonly clock: Clock;
}

/** See the top of this file. */
export interface UpdateLoop {
  readonly setSnapshot: (snapshot: ConfigSnapshot) => void;
  readonly setStandIns: (standIns: readonly StandIn[]) => void;
  readonly setFederated: (trustDomains: readonly string[]) => void;
  readonly issuerKeysChanged: () => void;
  readonly wasmModulesChanged: () => void;
  /** The set of proxies changed, or what is known of them; several such changes are taken together. */
  readonly proxiesChanged: () => void;
  readonly close: () => void;
}

/** Many proxies come at once when a control plane starts. */
const PROXIES_DEBOUNCE_MS = 10;

/** A loop that has run once, with what it was given. */
export function createUpdateLoop(options: UpdateLoopOptions): UpdateLoop {
  const { discovery, clock } = options;
  let { snapshot, standIns, federated } = options;
  let cancel: (() => void) | undefined;

  const run = (): void => {
    const start = performance.now();
    try {
      const changed = discovery.update({
        snapshot,
        standIns,
        federated,
        issuerKeys: options.issuerKeys(),
        wasmModules: options.wasmModules(),
        proxies: options.proxies(),
        health: options.health(),
      });
      if (!changed) return;
    } catch (fault) {
      options.onFault(fault);
      return;
    }
    options.onComputed(performance.now() - start);
    options.publish();
    options.forgetting.soon();
  };
  run();
  return {
    setSnapshot: (next) => {
      const update = updateBetween(snapshot, next);
      snapshot = next;
      run();
      if (update !== undefined) options.onUpdate(update);
    },
    setStandIns: (next) => {
      standIns = next;
      run();
    },
    setFederated: (next) => {
      federated = next;
      run();
    },
    issuerKeysChanged: run,
    wasmModulesChanged: run,
    proxiesChanged: () => {
      cancel ??= clock.after(PROXIES_DEBOUNCE_MS, () => {
        cancel = undefined;
        run();
      });
    },
    close: () => {
      cancel?.();
    },
  };
}
