/**
 * The resources of large responses, as they stand in them, in memory once as far as responses have them in common.
 *
 * What the proxies of two namespaces are sent differs in some virtual hosts of thousands. If each namespace had a body of its own,
 * those of a fleet that connects to 10,000 services would be hundreds of megabytes, all garbage a moment later: memory outside
 * of the heap, of which V8 takes no more than 64 MiB before it looks through all of the heap.
 */
import type { EncodedResource } from "../resource.js";
import type { Style } from "../state/response/response.js";
import { resourceParts } from "./encode-response.js";

/** Resources of a response as they stand in it. */
export interface Body {
  readonly parts: readonly Buffer[];
  /** How much memory was made for it, in bytes: none for what other bodies have too. */
  readonly made: number;
}

/** Bodies of one type and style. */
export interface SharedBody {
  readonly of: (resources: readonly EncodedResource[]) => Body;
}

/** A body in one piece, of which others are made. */
interface Whole {
  readonly bytes: Buffer;
  /** Of each resource: which one it is. */
  readonly places: ReadonlyMap<EncodedResource, number>;
  /** Where each resource begins, and where the last one ends. */
  readonly bounds: readonly number[];
}

/** Resources that stand one after the other both in a response and in a whole body, or of which none is in that. */
interface Run {
  readonly resources: readonly EncodedResource[];
  readonly place: number | undefined;
}

/**
 * Those that a body has in common with the whole one before are parts of that. One that shares less than half of its resources
 * with it becomes the whole one.
 */
export function createSharedBody(typeUrl: string, style: Style): SharedBody {
  let whole: Whole = { bytes: Buffer.alloc(0), places: new Map(), bounds: [0] };
  const encoded = (resources: readonly EncodedResource[]): Buffer =>
    Buffer.concat(resourceParts(typeUrl, style, resources));

  function wholeOf(resources: readonly EncodedResource[]): Whole {
    const places = new Map(resources.map((resource, index) => [resource, index]));
    const bounds = [0];
    let end = 0;
    for (const resource of resources) {
      for (const part of resourceParts(typeUrl, style, [resource])) end += part.length;
      bounds.push(end);
    }
    return { bytes: encoded(resources), places, bounds };
  }

  return {
    of(resources) {
      const known = resources.filter((resource) => whole.places.has(resource)).length;
      if (2 * known < resources.length) {
        whole = wholeOf(resources);
        return { parts: [whole.bytes], made: whole.bytes.length };
      }
      let made = 0;
      const { bytes, bounds } = whole;
      const parts = runs(resources, whole.places).map((run) => {
        if (run.place !== undefined) {
          return bytes.subarray(bounds[run.place], bounds[run.place + run.resources.length]);
        }
        const own = encoded(run.resources);
        made += own.length;
        return own;
      });
      return { parts, made };
    },
  };
}

/** The runs of resources, as they follow each other. */
function runs(resources: readonly EncodedResource[], places: Whole["places"]): readonly Run[] {
  const found: Run[] = [];
  let begun = 0;
  const placeOf = (index: number): number | undefined => {
    const resource = resources[index];
    return resource && places.get(resource);
  };
  for (let index = 1; index <= resources.length; index += 1) {
    const first = placeOf(begun);
    const expected = first === undefined ? undefined : first + index - begun;
    if (index < resources.length && placeOf(index) === expected) continue;
    found.push({ resources: resources.slice(begun, index), place: first });
    begun = index;
  }
  return found;
}
