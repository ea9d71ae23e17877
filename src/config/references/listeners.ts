import type { Table } from "../../base/table/table.js";
import type { Listener } from "../gateway-api/listener.js";
import { listenerTls } from "../gateway-api/listener-tls.js";
import type { Finding } from "../kind.js";
import { GATEWAY_API_GROUP } from "../kinds/gateway-api/names.js";
import type { ResourceOf } from "../kinds.js";
import { REFERENCE_CODE } from "./dangling.js";

/** That a listener is not served. */
export const UNSERVED = "unserved-listener";

/** What listeners refer to. */
export interface ListenerNames {
  readonly secrets: Table<true>;
  readonly grants: Table<ResourceOf<"ReferenceGrant">>;
}

/** Warnings of what keeps a listener of a Gateway from being served, in the resource that has it. */
export function checkListener(
  gateway: ResourceOf<"KubernetesGateway">,
  listener: Listener,
  { secrets, grants }: ListenerNames,
): readonly Finding[] {
  const { isServed, problems } = listenerTls(gateway, listener, grants);
  const found = problems.map(
    ({ path, message }): Finding => ({ path, code: UNSERVED, message, severity: "warning" }),
  );
  return isServed
    ? [...found, ...impossibleKinds(listener), ...missingSecrets(listener, secrets)]
    : found;
}

/** A warning for each kind of routes that a listener names and that cannot be there. */
function impossibleKinds({ index, namedKinds, kinds, protocol }: Listener): readonly Finding[] {
  const path = ["spec", "listeners", index, "allowedRoutes", "kinds"];
  if (namedKinds.length > 0 && kinds.length === 0) {
    const message = `none of these kinds of routes can be at a listener of ${protocol}`;
    return [{ path, code: UNSERVED, message, severity: "warning" }];
  }
  return namedKinds.flatMap(({ group, kind }, i): readonly Finding[] => {
    if (group === GATEWAY_API_GROUP && kinds.some((one) => one === kind)) return [];
    const message = `a ${kind} of "${group}" cannot be at a listener of ${protocol}: ${kinds.join(" and ")} can`;
    return [{ path: [...path, i, "kind"], code: UNSERVED, message, severity: "warning" }];
  });
}

function missingSecrets({ owner, index, tls }: Listener, secrets: Table<true>): readonly Finding[] {
  const references = tls?.certificateRefs ?? [];
  return references.flatMap(({ name, namespace = owner.namespace }, i): readonly Finding[] => {
    const key = `${namespace}/${name}`;
    if (secrets.has(key)) return [];
    const path = ["spec", "listeners", index, "tls", "certificateRefs", i, "name"];
    const message = `there is no Secret "${key}"`;
    return [{ path, code: REFERENCE_CODE, message, severity: "warning" }];
  });
}
