/** What follows from a change: of the files, of what these name, of who is connected, and of who is who. */

import { steadyClock } from "../base/clock.js";
import { federatedDomains } from "../ca/trust/given-trust.js";
import { formatRef } from "../config/resource.js";
import type { ControlPlaneOptions } from "./control-plane-options.js";
import { logUpdate } from "./log/log-update.js";
import type { Parts } from "./parts.js";
import type { Served } from "./served.js";
import type { MeshSessions } from "./sessions/mesh-sessions.js";
import { createUpdateLoop, type UpdateLoop } from "./update/update-loop.js";

/** Has what proxies should hold made again, and sent, after each change of the files and of what these lead to. */
export function startLoop(
  options: ControlPlaneOptions,
  { configuration, discovery, identity, registry, ...followed }: Parts,
  { publish, forgetting, metrics, pushes, convergence, updates }: Served,
): UpdateLoop {
  const { issuers, modules, domains, peers, logs } = followed;
  issuers.follow(configuration.snapshot());
  modules.onFetched(metrics.recordModule);
  modules.follow(configuration.snapshot());
  const loop = createUpdateLoop({
    discovery,
    snapshot: configuration.snapshot(),
    standIns: options.standIns ?? [],
    federated: federatedDomains(identity.givenTrust()),
    issuerKeys: issuers.addresses,
    wasmModules: modules.modules,
    proxies: () => registry.proxies(),
    health: () => registry.health(),
    forgetting,
    publish,
    onUpdate: (update) => {
      pushes.begin(update.changed.map(({ ref }) => formatRef(ref)));
      metrics.recordUpdate(update);
      convergence.follow(update);
      logUpdate(logs.loggers.config, update);
      updates.tell(update);
    },
    onComputed: (ms) => {
      metrics.recordComputed(ms);
      pushes.computed(ms);
    },
    onFault: followed.onFault,
    clock: steadyClock,
  });
  configuration.onSnapshot(({ snapshot, ...cost }) => {
    pushes.read(cost);
    for (const one of [issuers, modules, domains]) one.follow(snapshot);
    loop.setSnapshot(snapshot);
  });
  for (const one of [domains, modules, peers]) one.onChange(updates.tell);
  modules.onModules(loop.wasmModulesChanged);
  issuers.onChange((change) => {
    loop.issuerKeysChanged();
    updates.tell(change);
  });
  registry.onChange(() => {
    loop.proxiesChanged();
  });
  return loop;
}

/** Has proxies sent, or turned away, what follows from who is who. */
export function followIdentity(
  { identity, peers }: Parts,
  { publish, metrics }: Served,
  { loop, door }: { readonly loop: UpdateLoop; readonly door: MeshSessions },
): void {
  identity.onCertificateEvent(metrics.recordCertificate);
  identity.onSecretsChange(publish);
  identity.onGivenTrust((given) => {
    loop.setFederated(federatedDomains(given));
    for (const { endRevoked } of [door, peers]) {
      endRevoked((serialNumber) => given.revocations.revokes(serialNumber));
    }
  });
}
