/** What is supposed of a directory that takes the place of one that is read. */
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { Engine } from "../../../../src/base/engine/engine.js";
import { takeSteps } from "../../../../src/base/steps/take-steps.js";
import { readAhead } from "../../../../src/config/reading/read-ahead.js";
import type { ConfigSnapshot } from "../../../../src/config/snapshot.js";
import type { SourceBatch } from "../../../../src/config/sources/source.js";
import { type ConfigStore, createConfigStore } from "../../../../src/config/store/config-store.js";
import type { ReplacingFile } from "../../../../src/config/store/replacement.js";
import { createDirectory, documents, route, service, specsOf } from "../directory.js";

type Texts = Readonly<Record<string, string>>;

const filesOf = (texts: Texts): readonly ReplacingFile[] =>
  Object.entries(texts).map(([path, text]) => ({ path, text }));

/** The snapshot with these texts in the place of the directory of a name. */
function supposed(store: ConfigStore, name: string, texts: Texts): ConfigSnapshot {
  const sections = takeSteps(readAhead(Object.values(texts)));
  return store.replacement(name).begin()(filesOf(texts), sections);
}

/** A store of several directories, each with its files. */
function storeOf(
  roots: Readonly<Record<string, Texts>>,
  made: readonly string[] = [],
): ConfigStore {
  const store = createConfigStore({ made });
  const batch: SourceBatch = {
    roots: Object.entries(roots).map(([path, texts]) => ({
      path,
      kind: "config",
      exists: true,
      sourceCount: Object.keys(texts).length,
      isSettled: true,
      problems: [],
    })),
    changed: Object.entries(roots).flatMap(([root, texts]) =>
      Object.entries(texts).map(([name, text]) => ({
        type: "text" as const,
        root,
        path: root === "." ? name : `${root}/${name}`,
        text,
      })),
    ),
    removed: [],
    isComplete: true,
  };
  store.update(batch);
  return store;
}

const namesIn = (snapshot: ConfigSnapshot): readonly string[] => Object.keys(specsOf(snapshot));

describe("what is supposed", () => {
  const NOW: Texts = {
    "a.yaml": documents(service("a"), service("b")),
    "broken.yaml": service("c"),
    "gone.yaml": service("gone"),
  };
  const NEXT: Texts = {
    "a.yaml": documents(service("a"), service("b", "default", 81)),
    "broken.yaml": service("c").replace("port: 80", "port: none"),
    "new.yaml": route("new", "nowhere"),
  };

  test("is what is in force once the files are so, with all that is wrong", () => {
    const [real, other] = [createDirectory(), createDirectory()];
    for (const directory of [real, other]) directory.write(NOW);
    const after = real.write({ ...NEXT, "gone.yaml": undefined });
    const snapshot = supposed(other.store, "mesh", NEXT);
    expect(specsOf(snapshot)).toEqual(specsOf(after));
    expect(snapshot.diagnostics).toEqual(after.diagnostics);
    expect(snapshot.diagnostics).not.toEqual([]);
  });

  test("has the objects that are in force, where nothing is different", () => {
    const { store, write } = createDirectory();
    const now = write(NOW);
    const { tables } = supposed(store, "mesh", NEXT);
    expect(tables.Service.get("default/a")).toBe(now.tables.Service.get("default/a"));
    expect(supposed(store, "mesh", NOW)).toBe(now);
  });

  test("is not taken", () => {
    const engine = new Engine();
    const { store, write } = createDirectory({ engine });
    const now = write(NOW);
    engine.branch()(() => supposed(store, "mesh", NEXT));
    expect(store.snapshot()).toBe(now);
    expect(write(NOW)).toBe(now);
  });

  test("keeps what was there, with an error, when there is no file at all, as it would be", () => {
    const { store, write } = createDirectory();
    write(NOW);
    const { diagnostics, tables } = supposed(store, "mesh", {});
    expect(tables.Service.size).toBe(4);
    expect(diagnostics.map(({ code }) => code)).toEqual(["empty-directory"]);
  });

  test("has an error for a file that cannot be read", () => {
    const { store, write } = createDirectory();
    write(NOW);
    const files = [{ path: "a.yaml", code: "not-utf8", message: "it is none" }];
    const { diagnostics } = store.replacement("mesh").begin()(files, new Map());
    expect(diagnostics.map(({ code, message }) => [code, message])).toEqual([
      ["not-utf8", expect.stringContaining("it is none")],
    ]);
  });
});

describe("the place of a directory", () => {
  const ROOTS = {
    "conf/mesh": { "a.yaml": service("a") },
    "conf/others": { "payments/b.yaml": service("b"), "c.yaml": service("c") },
  };

  test("is that of the one of its name that is read", () => {
    const store = storeOf(ROOTS);
    expect(namesIn(supposed(store, "mesh", { "x.yaml": service("x") }))).toEqual([
      "Service/default/b",
      "Service/default/c",
      "Service/default/x",
    ]);
    expect(store.replacement("mesh").textOf("a.yaml")).toBe(ROOTS["conf/mesh"]["a.yaml"]);
    expect(store.replacement("mesh").pathOf("x.yaml")).toBe("conf/mesh/x.yaml");
  });

  test("is that of one of its name in one that is read", () => {
    const store = storeOf(ROOTS);
    expect(namesIn(supposed(store, "payments", { "x.yaml": service("x") }))).toEqual([
      "Service/default/a",
      "Service/default/c",
      "Service/default/x",
    ]);
    expect(store.replacement("payments").pathOf("x.yaml")).toBe("conf/others/payments/x.yaml");
  });

  test("is that of one above those that are read", () => {
    const store = storeOf(ROOTS);
    const next = { "mesh/a.yaml": service("a"), "others/x.yaml": service("x") };
    expect(namesIn(supposed(store, "conf", next))).toEqual([
      "Service/default/a",
      "Service/default/x",
    ]);
  });

  test("is that of all that are read, when none has its name", () => {
    const store = storeOf(ROOTS);
    expect(namesIn(supposed(store, "elsewhere", { "x.yaml": service("x") }))).toEqual([
      "Service/default/x",
    ]);
  });

  test("is no root that was made, whatever its name", () => {
    const store = storeOf(ROOTS, ["conf/others"]);
    const kept = ["Service/default/b", "Service/default/c"];
    const next = { "x.yaml": service("x") };
    for (const name of ["elsewhere", "others"]) {
      expect(namesIn(supposed(store, name, next))).toEqual([...kept, "Service/default/x"]);
      expect(store.replacement(name).pathOf("x.yaml")).toBe("conf/mesh/x.yaml");
    }
  });

  test("has a name where it was given as the working directory", () => {
    const store = storeOf({ ".": { "a.yaml": service("a") } });
    const name = resolve(".").split("/").at(-1) ?? "";
    expect(store.replacement(name).pathOf("a.yaml")).toBe("a.yaml");
    expect(store.replacement(name).textOf("a.yaml")).toBe(service("a"));
  });
});
