/** Searches for the resource because of which a client refused a response. */
import type { EncodedResource } from "../../resource.js";
import type { TypeRules } from "../../resource-type.js";

/** The most groups into which a refused response is split when its error names no resource. */
const GROUPS = 16;

/**
 * Splits the resources of a refused response into smaller groups, to be sent again one group to a response.
 *
 * Envoy names the culprit only sometimes, and its words are not made for machines. So names in the error decide nothing but the
 * order: the resources that it does not name are likely good, and go first and together; each named one goes alone. When it
 * names none, up to 16 resources go one to a group; and of a type whose clients remember what they refused each always goes alone.
 * Each group is smaller than the whole, so the search ends.
 */
export function splitSuspects(
  resources: readonly EncodedResource[],
  error: string,
  { recalls }: Pick<TypeRules, "recalls">,
): readonly (readonly EncodedResource[])[] {
  if (recalls) return resources.map((resource) => [resource]);
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
