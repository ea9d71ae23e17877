/** The roots of the mesh together with a revocation list in a file of a proxy's machine. */
import type { Encoder } from "../../envoy/resource/encoder.js";
import { MESSAGE } from "../../envoy/resource/message-types.js";
import { isListedMeshRoots } from "../../envoy/tls/mesh-roots.js";
import type { EncodedResource, ResourceTable } from "../../xds/resource.js";

interface ValidationSecret {
  readonly validationContext?: object;
}

/** The secrets of a proxy's servers, with the roots in those that only name a list for them. */
export type WithMeshRoots = (secrets: ResourceTable, roots: EncodedResource) => ResourceTable;

/** A list that the roots have themselves, the mesh's own, counts over one in a file. */
export function createMeshRootsWithLists(encoder: Pick<Encoder, "decode" | "edit">): WithMeshRoots {
  const made = new WeakMap<EncodedResource, WeakMap<EncodedResource, EncodedResource>>();
  const together = (list: EncodedResource, roots: EncodedResource): EncodedResource => {
    const known = made.get(roots) ?? new WeakMap<EncodedResource, EncodedResource>();
    made.set(roots, known);
    const before = known.get(list);
    if (before !== undefined) return before;
    const contextOf = ({ bytes }: EncodedResource): object =>
      (encoder.decode(MESSAGE.secret, bytes) as ValidationSecret).validationContext ?? {};
    const validationContext = { ...contextOf(list), ...contextOf(roots) };
    const { bytes, version } = encoder.edit(MESSAGE.secret, list.bytes, { validationContext });
    const result = { name: list.name, version, bytes };
    known.set(list, result);
    return result;
  };
  return (secrets, roots) => {
    let table = secrets;
    for (const [name, list] of secrets) {
      if (isListedMeshRoots(name)) table = table.with(name, together(list, roots));
    }
    return table;
  };
}
