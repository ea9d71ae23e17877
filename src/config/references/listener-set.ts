import type { Table } from "../../base/table/table.js";
import { didYouMean } from "../../base/text/closest-word.js";
import { type ListenerSetResource, listenerSet } from "../gateway-api/listener-sets.js";
import { type Listeners, listenerParentKey } from "../gateway-api/listeners.js";
import type { Finding } from "../kind.js";
import type { ResourceOf } from "../kinds.js";
import { REFERENCE_CODE } from "./dangling.js";
import { checkListener, type ListenerNames, UNSERVED } from "./listeners.js";

/** What ListenerSets refer to. */
export interface ListenerSetNames extends ListenerNames {
  /** All Gateways, also those of other controllers, by `namespace/name`. */
  readonly gateways: Table<ResourceOf<"KubernetesGateway">>;
  readonly parents: Listeners["parents"];
}

/** Warnings of a set whose listeners no Gateway takes, and of those of its listeners that are not served. */
export function checkListenerSet(
  resource: ListenerSetResource,
  known: ListenerSetNames,
): readonly Finding[] {
  const { owner, gateway: key } = listenerSet(resource);
  const { kind = "Gateway", group = "", name } = resource.spec.parentRef;
  if (key === undefined) {
    const message = `a ${kind} of "${group}" takes no listeners: a Gateway does`;
    return [warning("kind", UNSERVED, message)];
  }
  const gateway = known.gateways.get(key);
  if (gateway === undefined) {
    const [namespace = ""] = key.split("/");
    const others = [...known.gateways.keys()]
      .filter((one) => one.startsWith(`${namespace}/`))
      .map((one) => one.slice(namespace.length + 1));
    const message = `there is no Gateway "${key}"${didYouMean(name, others)}`;
    return [warning("name", REFERENCE_CODE, message)];
  }
  const parent = known.parents.get(listenerParentKey(owner));
  // Of another controller's Gateway, or of one that says itself why it is not served.
  if (parent === undefined) return [];
  if (parent.isRefused) {
    const message = `Gateway "${key}" takes no listeners of namespace ${owner.namespace}: see its allowedListeners`;
    return [warning("name", UNSERVED, message)];
  }
  return parent.own.flatMap((listener) => checkListener(gateway, listener, known));
}

function warning(field: "kind" | "name", code: string, message: string): Finding {
  return { path: ["spec", "parentRef", field], code, message, severity: "warning" };
}
