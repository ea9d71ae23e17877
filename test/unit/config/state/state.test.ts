import {
  chmodSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadState } from "../../../../src/config/state/load-state.js";
import { createStateSaver, type StateSaver } from "../../../../src/config/state/save-state.js";
import type { ConfigStore } from "../../../../src/config/store/config-store.js";
import { fakeClock } from "../../base/fake-clock.js";
import {
  createDirectory,
  type Directory,
  documents,
  route,
  savedOf,
  service,
} from "../directory.js";
import { temporaryDirectory } from "../sources/temporary-directory.js";

const ROOTS = [{ path: "mesh", kind: "config" as const }];
const SECRET = `apiVersion: v1
kind: Secret
metadata: {name: app-tls, labels: {a: b}, annotations: {c: d}, creationTimestamp: "2026-01-01T00:00:00Z"}
type: Opaque
data: {tls.key: c2VjcmV0}
`;
const POD = `apiVersion: v1
kind: Pod
metadata: {name: pod}
spec: {serviceAccountName: a}
status: {podIP: 10.0.0.1}
`;
const NAMESPACE = `apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
`;
const FILES = {
  "a.yaml": documents(service("a"), SECRET, POD, NAMESPACE),
  "b.yaml": route("b", "a"),
  "c.yaml": "# nothing\n",
};

interface Saving {
  readonly saver: StateSaver;
  readonly errors: unknown[];
  /** Saves the store's state as if a second had passed. */
  readonly save: () => Promise<void>;
}

function saving(directory: string, store: ConfigStore, saved = createDirectory().store): Saving {
  const errors: unknown[] = [];
  const saver = createStateSaver({
    directory,
    saved: saved.state(),
    clock: fakeClock(),
    onError: (error) => errors.push(error),
  });
  const save = async (): Promise<void> => {
    saver.take(store.state());
    await saver.close();
  };
  return { saver, errors, save };
}

async function savedDirectory(): Promise<{ readonly path: string; readonly mesh: Directory }> {
  const path = join(temporaryDirectory(), "config");
  await loadState(path, ROOTS);
  const mesh = createDirectory();
  mesh.write(FILES);
  await saving(path, mesh.store).save();
  return { path, mesh };
}

const modeOf = (path: string): number => statSync(path).mode & 0o777;

describe("a saved state", () => {
  it("is what was in force, file by file", async () => {
    const { path, mesh } = await savedDirectory();
    const { files, problems } = await loadState(path, ROOTS);
    expect(problems).toEqual([]);
    const byPath = (a: { path: string }, b: { path: string }): number => (a.path < b.path ? -1 : 1);
    expect([...files].sort(byPath)).toEqual([...savedOf(mesh)].sort(byPath));
  });

  it("is in force before files are read", async () => {
    const { path, mesh } = await savedDirectory();
    const { files } = await loadState(path, ROOTS);
    const restored = createDirectory({ saved: files }).store.snapshot();
    expect(restored.tables).toEqual(mesh.store.snapshot().tables);
  });

  it("can be read by nobody else", async () => {
    const { path } = await savedDirectory();
    expect(modeOf(path)).toBe(0o700);
    expect(readdirSync(path).map((name) => modeOf(join(path, name)))).toEqual([0o600, 0o600]);
  });

  it("is found again when the directory is written in another way", async () => {
    const { path } = await savedDirectory();
    const { files } = await loadState(path, [{ path: "./other/../mesh/", kind: "config" }]);
    expect(files.map((file) => file.path).sort()).toEqual(["mesh/a.yaml", "mesh/b.yaml"]);
  });

  it("is of no use to another directory", async () => {
    const { path } = await savedDirectory();
    expect(await loadState(path, [{ path: "other", kind: "config" }])).toEqual({
      files: [],
      problems: [],
    });
  });

  it("is kept for a month while other directories are read, and then removed", async () => {
    const { path } = await savedDirectory();
    const others = [{ path: "other", kind: "config" as const }];
    const inDays = (days: number) => () => Date.now() + days * 24 * 60 * 60 * 1000;
    await loadState(path, others, inDays(29));
    expect((await loadState(path, ROOTS, inDays(29))).files).toHaveLength(2);
    await loadState(path, others, inDays(58));
    expect(readdirSync(path)).toHaveLength(2);
    await loadState(path, others, inDays(60));
    expect(readdirSync(path)).toEqual([]);
  });

  it("is not removed while its own directory is read, however long nothing changed in that", async () => {
    const { path } = await savedDirectory();
    const inYears = (years: number) => () => Date.now() + years * 366 * 24 * 60 * 60 * 1000;
    expect((await loadState(path, ROOTS, inYears(1))).files).toHaveLength(2);
    expect((await loadState(path, ROOTS, inYears(2))).files).toHaveLength(2);
  });

  it("loses a file by which nothing is in force any more", async () => {
    const { path, mesh } = await savedDirectory();
    const { save } = saving(path, mesh.store, mesh.store);
    mesh.write({ "b.yaml": "# gone\n" });
    await save();
    const { files } = await loadState(path, ROOTS);
    expect(files.map((file) => file.path)).toEqual(["mesh/a.yaml"]);
  });

  it("is written although somebody left a file, readable by all, where it is written first", async () => {
    const { path, mesh } = await savedDirectory();
    const names = readdirSync(path);
    const left = names.map((name) => join(path, `.${name}.tmp`));
    for (const one of left) writeFileSync(one, "left", { mode: 0o644 });
    const { save, errors } = saving(path, mesh.store, mesh.store);
    mesh.write({ "a.yaml": service("a", "default", 81), "b.yaml": service("b", "default", 81) });
    await save();
    expect(errors).toEqual([]);
    expect(readdirSync(path)).toEqual(names);
    expect(names.map((name) => modeOf(join(path, name)))).toEqual([0o600, 0o600]);
    const { files } = await loadState(path, ROOTS);
    const byPath = (a: { path: string }, b: { path: string }): number => (a.path < b.path ? -1 : 1);
    expect([...files].sort(byPath)).toEqual([...savedOf(mesh)].sort(byPath));
  });

  it("is written only where something changed", async () => {
    const { path, mesh } = await savedDirectory();
    const { save } = saving(path, mesh.store, mesh.store);
    const before = readdirSync(path).map((name) => statSync(join(path, name)).mtimeMs);
    mesh.write({ "a.yaml": `# a comment\n${FILES["a.yaml"]}`, "b.yaml": route("b", "b") });
    await save();
    expect(readdirSync(path).map((name) => statSync(join(path, name)).mtimeMs)).toEqual(before);
  });

  it("is saved once for changes within a second, and not when nothing changed", async () => {
    const path = join(temporaryDirectory(), "config");
    await loadState(path, ROOTS);
    const clock = fakeClock();
    const mesh = createDirectory();
    const saver = createStateSaver({
      directory: path,
      saved: mesh.store.state(),
      clock,
      onError: (error) => {
        throw error;
      },
    });
    mesh.write({ "a.yaml": service("a") });
    saver.take(mesh.store.state());
    clock.pass(999);
    expect(readdirSync(path)).toEqual([]);
    mesh.write({ "a.yaml": service("a", "default", 81) });
    saver.take(mesh.store.state());
    clock.pass(1);
    await saver.close();
    const [name = ""] = readdirSync(path);
    expect(readFileSync(join(path, name), "utf8")).toContain('"port":81');
  });

  it("is tried again after ten seconds, and told of once each time, when it could not be saved", async () => {
    const path = join(temporaryDirectory(), "config");
    const clock = fakeClock();
    const mesh = createDirectory();
    const errors: unknown[] = [];
    const onError = (error: unknown): unknown => errors.push(error);
    const saver = createStateSaver({ directory: path, saved: mesh.store.state(), clock, onError });
    mesh.write(FILES);
    saver.take(mesh.store.state());
    clock.pass(1000);
    await expect.poll(() => errors).toHaveLength(1);
    mesh.write({ "a.yaml": service("a", "default", 81) });
    saver.take(mesh.store.state());
    clock.pass(9999);
    await loadState(path, ROOTS);
    expect(readdirSync(path)).toEqual([]);
    clock.pass(1);
    await expect.poll(() => readdirSync(path)).toHaveLength(2);
    expect(errors).toHaveLength(1);
    await saver.close();
  });

  it("is tried again when it could not be saved", async () => {
    const parent = temporaryDirectory();
    const path = join(parent, "config");
    const mesh = createDirectory();
    mesh.write(FILES);
    const { save, errors } = saving(path, mesh.store);
    await save();
    expect(errors).toMatchObject([
      { message: expect.stringMatching(/^2 files, the first: ENOENT/) },
    ]);
    const [{ message }] = errors as [Error];
    expect(message).toContain(`what ${path} has of before would count after a restart`);
    await loadState(path, ROOTS);
    await save();
    expect((await loadState(path, ROOTS)).files).toHaveLength(2);
  });

  it.each([
    [
      "is no JSON",
      (path: string) => {
        writeFileSync(path, "{");
      },
      "it is no JSON",
    ],
    [
      "is of another version",
      (path: string) => {
        writeFileSync(path, '{"version":2}');
      },
      "it does not have the fields of this version",
    ],
    [
      "can be read by others",
      (path: string) => {
        chmodSync(path, 0o640);
      },
      "others have access to it (mode 640); chmod 600 if you trust it",
    ],
  ])("is ignored where a file %s", async (_, spoil, message) => {
    const { path } = await savedDirectory();
    const [name = ""] = readdirSync(path);
    spoil(join(path, name));
    const { files, problems } = await loadState(path, ROOTS);
    expect(files).toHaveLength(1);
    expect(problems).toMatchObject([
      {
        code: "ignored-state",
        message: `the saved state is ignored: ${message}`,
        position: { file: join(path, name) },
      },
    ]);
  });

  it("is ignored as a whole when others have access to its directory", async () => {
    const { path } = await savedDirectory();
    chmodSync(path, 0o755);
    const { files, problems } = await loadState(path, ROOTS);
    expect(files).toEqual([]);
    expect(problems).toMatchObject([{ position: { file: path } }]);
  });

  it("is ignored where a file is a link", async () => {
    const { path } = await savedDirectory();
    symlinkSync("/etc/hostname", join(path, "x.json"));
    const { files, problems } = await loadState(path, ROOTS);
    expect(files).toHaveLength(2);
    expect(problems).toHaveLength(1);
  });

  it("is without what this version takes for an error", async () => {
    const { path } = await savedDirectory();
    for (const name of readdirSync(path)) {
      const text = readFileSync(join(path, name), "utf8");
      writeFileSync(join(path, name), text.replace('"port":80', '"port":0'));
    }
    const { files } = await loadState(path, ROOTS);
    expect(files.flatMap(({ resources }) => resources.map(({ kind }) => kind)).sort()).toEqual([
      "Namespace",
      "Pod",
      "Secret",
      "VirtualService",
    ]);
  });

  it("has nothing left of a file that was being written when the process ended", async () => {
    const { path } = await savedDirectory();
    writeFileSync(join(path, ".a.json.tmp"), "{");
    await loadState(path, ROOTS);
    expect(readdirSync(path).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
});
