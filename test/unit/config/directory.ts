import type { Kind } from "../../../src/config/kinds.js";
import type { ConfigSnapshot } from "../../../src/config/snapshot.js";
import type { Source, SourceBatch } from "../../../src/config/sources/source.js";
import {
  type ConfigStore,
  type ConfigStoreOptions,
  createConfigStore,
} from "../../../src/config/store/config-store.js";
import { type SavedFile, savedFileOf } from "../../../src/config/store/saved-file.js";

/** A directory `mesh` in memory, and a store that follows it. */
export interface Directory {
  readonly store: ConfigStore;
  /** Writes files (text), replaces what is at their paths by what cannot be read (an object), or removes them. */
  readonly write: (files: Readonly<Record<string, FileContent>>) => ConfigSnapshot;
  /** Removes the directory. */
  readonly remove: () => ConfigSnapshot;
}

/** Text, why there is none, or undefined for no file. */
export type FileContent = string | { readonly code: string; readonly message: string } | undefined;

const ROOT = "mesh";

export function createDirectory(options: ConfigStoreOptions = {}): Directory {
  const store = createConfigStore(options);
  const present = new Set<string>();
  let isFirst = true;
  const update = (batch: Pick<SourceBatch, "changed" | "removed">, exists: boolean) => {
    const isComplete = isFirst;
    isFirst = false;
    const root = {
      path: ROOT,
      kind: "config" as const,
      exists,
      sourceCount: present.size,
      isSettled: true,
      problems: [],
    };
    return store.update({ ...batch, roots: [root], isComplete });
  };
  return {
    store,
    write: (files) => {
      const changed: Source[] = [];
      const removed: string[] = [];
      for (const [name, content] of Object.entries(files)) {
        const path = `${ROOT}/${name}`;
        if (content === undefined) {
          present.delete(path);
          removed.push(path);
        } else {
          present.add(path);
          changed.push(sourceOf(path, content));
        }
      }
      return update({ changed, removed }, true);
    },
    remove: () => {
      const removed = [...present];
      present.clear();
      return update({ changed: [], removed }, false);
    },
  };
}

function sourceOf(path: string, content: Exclude<FileContent, undefined>): Source {
  return typeof content === "string"
    ? { type: "text", root: ROOT, path, text: content }
    : { type: "unreadable", root: ROOT, path, ...content };
}

/** The resources in force, as `Kind/namespace/name` to their specs. */
export function specsOf({ tables }: ConfigSnapshot): Readonly<Record<string, unknown>> {
  const specs: [string, unknown][] = [];
  for (const kind of Object.keys(tables) as Kind[]) {
    for (const [key, resource] of tables[kind].sorted()) {
      specs.push([`${kind}/${key}`, resource.spec]);
    }
  }
  return Object.fromEntries(specs);
}

/** The diagnostics in one line each, without their texts: `mesh/a.yaml:1:2 error code Kind name.namespace`. */
export function linesOf({ diagnostics }: ConfigSnapshot): readonly string[] {
  return diagnostics.map(({ position, severity, code, resource }) => {
    const { file, line, column } = position ?? { file: "", line: 0, column: 0 };
    return [`${file}:${String(line)}:${String(column)}`, severity, code, resource]
      .filter((part) => part !== undefined)
      .join(" ");
  });
}

/** What is in force by the files of a directory, as it would be saved. */
export function savedOf({ store }: Directory): readonly SavedFile[] {
  const state = store.state();
  return [...state.files.byPath.keys()].flatMap((path) => savedFileOf(state, path) ?? []);
}

/** A Service of one port. */
export function service(name: string, namespace = "default", port = 80): string {
  return `apiVersion: v1
kind: Service
metadata:
  name: ${name}
  namespace: ${namespace}
spec:
  ports:
  - name: http
    port: ${String(port)}
`;
}

/** A VirtualService that sends all to one host. */
export function route(name: string, host: string, subset?: string): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: ${name}
spec:
  hosts:
  - ${name}
  http:
  - route:
    - destination:
        host: ${host}
${subset === undefined ? "" : `        subset: ${subset}\n`}`;
}

/** A DestinationRule with subsets by version. */
export function rule(name: string, host: string, ...subsets: readonly string[]): string {
  const items = subsets.map((subset) => `  - name: ${subset}\n    labels: {version: ${subset}}\n`);
  return `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: ${name}
spec:
  host: "${host}"
  subsets:
${items.join("")}`;
}

/** Several documents in one file. */
export function documents(...texts: readonly string[]): string {
  return texts.join("---\n");
}
