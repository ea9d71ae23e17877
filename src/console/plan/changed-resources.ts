/** The resources that a plan would have proxies be sent. */
import type { EnvoyResource, ResourceSets } from "../../envoy/resource/resource-set.js";
import { type EnvoyChange, setOfType } from "./envoy-changes.js";
import type { Plan } from "./plan.js";

/** A resource that is new, or not as it was. */
export interface ChangedResource {
  /** As people call it: `cluster`. */
  readonly word: string;
  /** Of its message. */
  readonly type: string;
  readonly resource: EnvoyResource;
  /** `NAME.NAMESPACE` of the first proxy that is sent it. */
  readonly proxy: string;
}

/**
 * Each of them once, whoever is sent it. Secrets are not among them, nor what is withheld, nor what `heldAfter` does not know:
 * the sets of a proxy after the change.
 */
export function changedResources(
  { groups }: Pick<Plan, "groups">,
  heldAfter: (proxy: string) => ResourceSets | undefined,
): readonly ChangedResource[] {
  const sent = groups.flatMap(({ proxies, changes }) =>
    proxies.flatMap((proxy) => {
      const sets = heldAfter(proxy);
      return sets === undefined
        ? []
        : changes.flatMap((change) => changedIn(sets, change, proxy) ?? []);
    }),
  );
  const found = new Map<string, ChangedResource>();
  for (const one of sent) {
    const key = JSON.stringify([one.word, one.resource.name, one.resource.version]);
    if (!found.has(key)) found.set(key, one);
  }
  return [...found.values()];
}

function changedIn(
  sets: ResourceSets,
  { type: word, name }: EnvoyChange,
  proxy: string,
): ChangedResource | undefined {
  const row = setOfType(word);
  if (row === undefined || row.set === "secrets") return undefined;
  const resource = sets[row.set].get(name);
  return resource === undefined || resource.refusal !== undefined
    ? undefined
    : { word, type: row.message, resource, proxy };
}
