import type { KindDefinition } from "../kind.js";
import { writtenName } from "../kind-lookup.js";
import { KINDS, type Kind } from "../kinds.js";
import { type PlacedSection, placesIn } from "../reading/place.js";
import type { WrittenItem } from "../reading/section.js";
import type { SourceReading } from "../reading/source.js";
import type { ConfigResource } from "../resource.js";
import type { WrittenResource } from "../written-resource.js";
import type { ConfigState } from "./config-state.js";

/** Every resource that the files have: see ConfigSnapshot.written. What a file said last stands for one that cannot be read. */
export function writtenResources({ files, standings }: ConfigState): readonly WrittenResource[] {
  const written: WrittenResource[] = [];
  for (const [path, { reading, claims }] of files.byPath.sorted()) {
    if (reading !== undefined) {
      written.push(...writtenIn(path, reading));
      continue;
    }
    // Nothing is known of such a file but what is in force by it.
    const standing = [...claims.keys()].flatMap((id) => standings.get(id) ?? []);
    const inForce = standing.flatMap((one) => (one.path === path ? (one.inForce ?? []) : []));
    written.push(...inForce.map((resource) => writtenFrom(resource, path)));
  }
  return written;
}

function* writtenIn(path: string, reading: SourceReading): Iterable<WrittenResource> {
  if (reading.type === "folder") {
    const { resource } = reading.secret;
    if (resource !== undefined) yield writtenFrom(resource, `${path}/tls.crt`);
    return;
  }
  const file = reading.type === "file" ? reading : reading.last;
  for (const section of file?.sections ?? []) yield* writtenInSection(path, section);
}

function* writtenInSection(path: string, section: PlacedSection): Iterable<WrittenResource> {
  const places = placesIn(path, section);
  for (const { document, base, value } of section.reading.written) {
    yield {
      kind: kindOf(value),
      document: value,
      place: (member, end) => places.ofMember(document, [...base, ...member], end),
    };
  }
}

function kindOf({ kind }: WrittenItem["value"]): string {
  return typeof kind === "string" ? kind : "";
}

/** A resource that is not read from YAML, as if it were. */
function writtenFrom(resource: ConfigResource, file: string): WrittenResource {
  const { apiVersion, metadata, spec, status } = resource;
  const definition: KindDefinition<never> = KINDS[resource.kind as Kind];
  const kind = writtenName(definition);
  const body = definition.body === "spec" ? { spec } : { ...(spec as object) };
  const document = { apiVersion, kind, metadata, ...body, ...(status !== undefined && { status }) };
  return { kind, document, place: () => ({ position: { file, line: 1, column: 1 } }) };
}
