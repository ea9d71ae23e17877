import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type MeshShape, namespaceOf } from "./mesh-shape.js";
import { type Edit, type MutualTls, meshWideYaml, serviceYaml } from "./service-yaml.js";

/** The files of a mesh: one for each service, in a folder for each namespace. */
export interface MeshDirectory {
  readonly path: string;
  readonly shape: MeshShape;
  /** Replaces the file of a service in one rename, as an editor or a deploy tool does. */
  readonly write: (service: number, edit?: Edit) => Promise<void>;
}

/** Writes all files of a mesh below `path`. */
export async function writeMesh(
  path: string,
  shape: MeshShape,
  mutualTls: MutualTls = "STRICT",
): Promise<MeshDirectory> {
  const folderOf = (service: number): string => join(path, namespaceOf(shape, service));
  const write = async (service: number, edit?: Edit): Promise<void> => {
    const file = join(folderOf(service), `svc-${service}.yaml`);
    // Not the name of a YAML file, so that nobody reads it before it is whole.
    await writeFile(`${file}.tmp`, serviceYaml(shape, service, edit));
    await rename(`${file}.tmp`, file);
  };
  await mkdir(path, { recursive: true });
  await writeFile(join(path, "mesh-wide.yaml"), meshWideYaml(mutualTls));
  for (let namespace = 0; namespace < shape.namespaces; namespace++) {
    await mkdir(folderOf(namespace), { recursive: true });
  }
  for (let service = 0; service < shape.services; service++) await write(service);
  return { path, shape, write };
}
