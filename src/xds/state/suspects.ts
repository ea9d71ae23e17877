import type { EncodedResource } from "../resource.js";
import type { TypeRules } from "../resource-type.js";

/** A refused response without names in its error is sent again in at most so many groups. */
const GROUPS = 16;

/**
 * Splits the resources of a refused response into smaller groups, to be sent again one group to a response.
 *
 * Envoy names the culprit only sometimes, and its words are not made for machines; so a name that stands in the error
 * decides nothing but the order: the resources that the error does not name go together and first, since they are
 * likely good, and each named one goes alone. Of a type whose clients recall what they refused each goes alone. Without a name in the error, up to 16 resources go one to a group.
 * Each group is smaller than the whole, so the search ends.
 */
export function splitSuspects(
  resources: readonly EncodedResource[],
  error: string,
  { recalls }: Pick<TypeRules, "recalls">,
): readonly (readonly EncodedResource[])[] {
  if (recalls === true) return resources.map((resource) => [resource]);
  const named = resources.filter(({ name }) => error.includes(name));
  if (named.length > 0 && named.length < resources.length) {
    const rest = resources.filter((resource) => !named.includes(resource));
    return [rest, ...named.map((resource) => [resource])];
  }
  const size = Math.ceil(resources.length / GROUPS);
  return Array.from({ length: Math.ceil(resources.length / size) }, (_, group) =>
    resources.slice(group * size, (group + 1) * size),
  );
}
