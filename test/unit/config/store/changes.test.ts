import { describe, expect, it } from "vitest";
import { Engine } from "../../../../src/base/engine/engine.js";
import {
  createDirectory,
  documents,
  linesOf,
  route,
  rule,
  service,
  specsOf,
} from "../directory.js";

const port = (directory: ReturnType<typeof createDirectory>, name = "a"): unknown =>
  directory.store.snapshot().tables.Service.get(`default/${name}`)?.spec.ports?.[0]?.port;

/** A directory, and the keys of the rows that one operator computes for it. */
function recorded(name: string) {
  const keys: string[] = [];
  const engine = new Engine({
    record: (operator, key) => {
      if (operator === name) keys.push(key);
    },
  });
  return { directory: createDirectory({ engine }), keys };
}

describe("a change", () => {
  it("of one resource leaves every other, and every other table, as they are", () => {
    const directory = createDirectory();
    const before = directory.write({
      "a.yaml": documents(service("a"), service("b")),
      "c.yaml": rule("c", "a", "v1"),
    });
    const after = directory.write({
      "a.yaml": documents(service("a", "default", 81), service("b")),
    });
    expect(after.tables.Service.get("default/b")).toBe(before.tables.Service.get("default/b"));
    expect(after.tables.DestinationRule).toBe(before.tables.DestinationRule);
    expect(after.tables.Service.changesFrom(before.tables.Service).map(({ key }) => key)).toEqual([
      "default/a",
    ]);
  });

  it("of a comment changes nothing but positions", () => {
    const directory = createDirectory();
    const before = directory.write({ "a.yaml": service("a") });
    const after = directory.write({
      "a.yaml": `# a comment\n${service("a").replace("80", "0x50 # the port")}`,
    });
    expect(after.tables).toBe(before.tables);
    expect(after.diagnostics).toBe(before.diagnostics);
    const ref = { kind: "Service", namespace: "default", name: "a" };
    expect(before.locate(ref, ["spec", "ports", 0, "port"])).toEqual({
      file: "mesh/a.yaml",
      line: 9,
      column: 11,
    });
    expect(after.locate(ref, ["spec", "ports", 0, "port"])).toEqual({
      file: "mesh/a.yaml",
      line: 10,
      column: 11,
    });
  });

  it("to the same text is no change", () => {
    const directory = createDirectory();
    const before = directory.write({ "a.yaml": service("a"), "b.yaml": "kind: [" });
    expect(directory.write({ "a.yaml": service("a"), "b.yaml": "kind: [" })).toBe(before);
  });

  it("reads only the documents whose text changed", () => {
    const directory = createDirectory();
    directory.write({ "a.yaml": documents(service("a"), service("b")) });
    const sectionsOf = () => {
      const reading = directory.store.state().files.byPath.get("mesh/a.yaml")?.reading;
      return reading?.type === "file" ? reading.sections.map((section) => section.reading) : [];
    };
    const before = sectionsOf();
    directory.write({ "a.yaml": documents(service("a"), service("b", "default", 81)) });
    expect(sectionsOf()[0]).toBe(before[0]);
    expect(sectionsOf()[1]).not.toBe(before[1]);
  });

  it("of a file's name changes nothing", () => {
    const directory = createDirectory();
    const before = directory.write({ "a.yaml": service("a") });
    const after = directory.write({ "a.yaml": undefined, "b.yaml": service("a") });
    expect(after.tables).toBe(before.tables);
    expect(after.locate({ kind: "Service", namespace: "default", name: "a" })?.file).toBe(
      "mesh/b.yaml",
    );
  });

  it("checks only the references of the route that changed", () => {
    const { directory, keys: checked } = recorded("references of VirtualService");
    directory.write({
      "s.yaml": service("a"),
      "a.yaml": route("a", "a"),
      "b.yaml": route("b", "a"),
    });
    checked.length = 0;
    directory.write({ "a.yaml": route("a", "a").replace("- route:", "- timeout: 5s\n    route:") });
    expect(checked).toEqual(["default/a"]);
    checked.length = 0;
    directory.write({ "s.yaml": service("a", "default", 81) });
    expect(checked).toEqual([]);
    directory.write({ "t.yaml": service("t") });
    expect(checked.sort()).toEqual(["default/a", "default/b"]);
  });

  it("checks only the routes that name subsets of the host whose rule changed", () => {
    const { directory, keys: checked } = recorded("dangling references of VirtualService");
    directory.write({
      "s.yaml": documents(service("a"), service("b")),
      "a.yaml": documents(route("a", "a", "v1"), rule("a", "a", "v1")),
      "b.yaml": documents(route("b", "b", "v1"), rule("b", "b", "v1")),
    });
    checked.length = 0;
    const first = documents(route("a", "a", "v1"), rule("a", "a", "v1", "v2"));
    expect(linesOf(directory.write({ "a.yaml": first }))).toEqual([]);
    expect(checked).toEqual(["default/a"]);
    checked.length = 0;
    const second = documents(route("a", "a", "v1"), rule("a", "a", "v2"));
    expect(linesOf(directory.write({ "a.yaml": second }))).toEqual([
      "mesh/a.yaml:12:17 error IST0101 VirtualService a.default",
    ]);
    expect(checked).toEqual(["default/a"]);
  });
});

describe("a resource", () => {
  it("goes with its file", () => {
    const directory = createDirectory();
    directory.write({ "a.yaml": service("a"), "b.yaml": service("b") });
    expect(specsOf(directory.write({ "a.yaml": undefined }))).toHaveProperty("Service/default/b");
    expect(port(directory)).toBeUndefined();
  });

  it("goes with its document, if all of the file could be read", () => {
    const directory = createDirectory();
    directory.write({ "a.yaml": documents(service("a"), service("b")) });
    directory.write({ "a.yaml": service("b") });
    expect(port(directory)).toBeUndefined();
  });

  it("stays when the document in front of it was cut", () => {
    const directory = createDirectory();
    const text = documents(service("b"), service("c"), service("a"));
    directory.write({ "a.yaml": text });
    const cut = text.slice(0, text.indexOf("  ports", 150));
    expect(linesOf(directory.write({ "a.yaml": cut }))).toEqual([
      "mesh/a.yaml:16:1 error wrong-type Service c.default",
    ]);
    expect(port(directory)).toBe(80);
    directory.write({ "a.yaml": documents(service("b"), service("c")) });
    expect(port(directory)).toBeUndefined();
  });

  it("follows its file when only the end of the last line was cut", () => {
    const directory = createDirectory();
    directory.write({ "a.yaml": service("a", "default", 8080).trimEnd() });
    directory.write({ "a.yaml": service("a", "default", 80).trimEnd() });
    expect(port(directory)).toBe(80);
  });

  it("goes when all of its file is a comment", () => {
    const directory = createDirectory();
    directory.write({ "a.yaml": service("a") });
    const snapshot = directory.write({ "a.yaml": "# nothing any more\n" });
    expect(specsOf(snapshot)).toEqual({});
    expect(linesOf(snapshot)).toEqual([]);
  });

  it("that was never in order is left out, and the others are not", () => {
    const directory = createDirectory();
    const snapshot = directory.write({
      "a.yaml": documents(service("a", "default", 0), service("b")),
    });
    expect(Object.keys(specsOf(snapshot))).toEqual(["Service/default/b"]);
    expect(linesOf(snapshot)).toEqual(["mesh/a.yaml:9:11 error out-of-range Service a.default"]);
  });

  it("takes effect as soon as it is in order again", () => {
    const directory = createDirectory();
    directory.write({ "a.yaml": service("a") });
    directory.write({ "a.yaml": service("a", "default", 0) });
    expect(port(directory)).toBe(80);
    directory.write({ "a.yaml": service("a", "default", 81) });
    expect(port(directory)).toBe(81);
  });

  it("that was spoilt still goes with its file", () => {
    const directory = createDirectory();
    directory.write({ "a.yaml": service("a"), "b.yaml": service("b") });
    directory.write({ "a.yaml": "kind: [" });
    directory.write({ "a.yaml": undefined });
    expect(port(directory)).toBeUndefined();
  });

  it("of a kind without namespaces has none, whatever the file says", () => {
    const text = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, namespace: other}\n";
    expect(createDirectory().write({ "a.yaml": text }).tables.Namespace.has("/shop")).toBe(true);
  });

  it("may be in a list, and is found in it", () => {
    const indented = (text: string): string => `- ${text.trimEnd().replaceAll("\n", "\n  ")}\n`;
    const text = `apiVersion: v1\nkind: List\nitems:\n${indented(service("a"))}${indented(service("b", "default", 0))}`;
    const snapshot = createDirectory().write({ "a.yaml": text });
    expect(Object.keys(specsOf(snapshot))).toEqual(["Service/default/a"]);
    expect(linesOf(snapshot)).toEqual(["mesh/a.yaml:21:13 error out-of-range Service b.default"]);
    const place = snapshot.locate({ kind: "Service", namespace: "default", name: "a" }, ["spec"]);
    expect(place).toEqual({ file: "mesh/a.yaml", line: 9, column: 3 });
  });

  it("of a list of one kind need not say its kind", () => {
    const text =
      "apiVersion: v1\nkind: ServiceList\nitems:\n- metadata: {name: a}\n  spec: {ports: [{port: 1}]}\n";
    expect(createDirectory().write({ "a.yaml": text }).tables.Service.size).toBe(1);
  });

  it("may be in JSON", () => {
    const text =
      '{\n\t"apiVersion": "v1", "kind": "Service",\n\t"metadata": {"name": "a"},\n\t"spec": {"ports": [{"port": 0}]}\n}';
    expect(linesOf(createDirectory().write({ "a.json": text }))).toEqual([
      "mesh/a.json:4:30 error out-of-range Service a.default",
    ]);
  });

  it("is shown as the user wrote it, with the line", () => {
    const { diagnostics } = createDirectory().write({ "a.yaml": service("a", "default", 0) });
    expect(diagnostics).toMatchObject([
      { sourceLine: "    port: 0", position: { line: 9, column: 11 } },
    ]);
  });

  it("has no place when it is not in force", () => {
    const snapshot = createDirectory().write({ "a.yaml": service("a", "default", 0) });
    expect(snapshot.locate({ kind: "Service", namespace: "default", name: "a" })).toBeUndefined();
  });

  it("in force from before is at the start of its file", () => {
    const directory = createDirectory();
    directory.write({ "a.yaml": `\n${service("a")}` });
    const snapshot = directory.write({ "a.yaml": "kind: [" });
    const place = snapshot.locate({ kind: "Service", namespace: "default", name: "a" }, ["spec"]);
    expect(place).toEqual({ file: "mesh/a.yaml", line: 1, column: 1 });
  });
});

describe("of two resources of the same name", () => {
  it("the first by path counts when both come at once", () => {
    const directory = createDirectory();
    const snapshot = directory.write({
      "b.yaml": service("a", "default", 82),
      "a.yaml": service("a", "default", 81),
    });
    expect(port(directory)).toBe(81);
    expect(snapshot.diagnostics).toMatchObject([
      {
        position: { file: "mesh/b.yaml", line: 4, column: 9 },
        message:
          "Service a.default is at mesh/a.yaml:4:9 already, which counts; remove or rename one of them",
      },
    ]);
  });

  it("the one in force stays, and follows its file", () => {
    const directory = createDirectory();
    directory.write({ "b.yaml": service("a", "default", 82) });
    directory.write({ "a.yaml": service("a", "default", 81) });
    expect(port(directory)).toBe(82);
    directory.write({ "b.yaml": service("a", "default", 83) });
    expect(port(directory)).toBe(83);
  });

  it("the other takes its place when it goes", () => {
    const directory = createDirectory();
    directory.write({ "b.yaml": service("a", "default", 82) });
    directory.write({ "a.yaml": service("a", "default", 81) });
    const snapshot = directory.write({ "b.yaml": undefined });
    expect(port(directory)).toBe(81);
    expect(linesOf(snapshot)).toEqual([]);
  });

  it("the one that is in order counts when none was in force", () => {
    const directory = createDirectory();
    directory.write({
      "a.yaml": service("a", "default", 0),
      "b.yaml": service("a", "default", 82),
    });
    expect(port(directory)).toBe(82);
  });

  it("the place of the one that counts is said even after it moved", () => {
    const directory = createDirectory();
    directory.write({ "a.yaml": service("a"), "b.yaml": service("a") });
    const { diagnostics } = directory.write({ "a.yaml": `\n\n${service("a")}` });
    expect(diagnostics).toMatchObject([
      { message: expect.stringContaining("at mesh/a.yaml:6:9 already") },
    ]);
  });
});

describe("an empty directory", () => {
  it("is a warning when there was nothing before", () => {
    expect(linesOf(createDirectory().write({}))).toEqual(["mesh:1:1 warning empty-directory"]);
  });

  it("says how to say that nothing is meant, and then it is so", () => {
    const directory = createDirectory();
    directory.write({ "a.yaml": service("a"), "b.yaml": service("b") });
    const { diagnostics } = directory.write({ "a.yaml": undefined, "b.yaml": undefined });
    expect(diagnostics[0]?.message).toContain("put a file into it that has only a comment");
    const snapshot = directory.write({ "empty.yaml": "# nothing\n" });
    expect(specsOf(snapshot)).toEqual({});
    expect(linesOf(snapshot)).toEqual([]);
  });

  it("that gets its files back is as it was", () => {
    const directory = createDirectory();
    const before = directory.write({ "a.yaml": service("a"), "b.yaml": service("b") });
    directory.remove();
    const after = directory.write({ "a.yaml": service("a"), "b.yaml": service("b") });
    expect(after.tables).toBe(before.tables);
    expect(linesOf(after)).toEqual([]);
  });

  it("that is being filled again keeps what it had until it is settled", () => {
    const { store } = createDirectory();
    const text = { type: "text", root: "mesh", path: "mesh/a.yaml", text: service("a") } as const;
    const root = {
      path: "mesh",
      kind: "config",
      exists: true,
      sourceCount: 1,
      isSettled: true,
      problems: [],
    } as const;
    const nothing = { changed: [], removed: [], isComplete: false };
    const other = { ...text, path: "mesh/b.yaml", text: service("b") };
    store.update({ ...nothing, changed: [text, other], roots: [{ ...root, sourceCount: 2 }] });
    const removed = [text.path, other.path];
    store.update({ ...nothing, removed, roots: [{ ...root, exists: false, sourceCount: 0 }] });
    const filling = store.update({
      ...nothing,
      changed: [text],
      roots: [{ ...root, isSettled: false }],
    });
    expect(Object.keys(specsOf(filling))).toEqual(["Service/default/a", "Service/default/b"]);
    const settled = store.update({ ...nothing, roots: [root] });
    expect(Object.keys(specsOf(settled))).toEqual(["Service/default/a"]);
  });

  it("is not one that has lost all but one of its files", () => {
    const directory = createDirectory();
    directory.write({ "a.yaml": service("a"), "b/c.yaml": service("c"), "b/d.yaml": service("d") });
    const snapshot = directory.write({ "b/c.yaml": undefined, "b/d.yaml": undefined });
    expect(Object.keys(specsOf(snapshot))).toEqual(["Service/default/a"]);
  });
});

describe("a Secret", () => {
  const key = Buffer.from("-----BEGIN PRIVATE KEY-----\nMIIsecretsecret\n").toString("base64");

  it.each([
    [
      "a wrong field",
      `kind: Secret\napiVersion: v1\nmetadata: {name: a}\ndata: {tls.key: [${key}]}\n`,
    ],
    ["broken YAML", `kind: Secret\napiVersion: v1\nmetadata: {name: a}\ndata: {tls.key: ${key}\n`],
    [
      "an alias to nothing",
      `kind: Secret\napiVersion: v1\nmetadata: {name: a}\ndata: {tls.key: *MIIsecretsecret }\n`,
    ],
    [
      "broken JSON in kubectl's order",
      `{"apiVersion": "v1",\n"data": {"tls.key": "${key}" x}, "kind": "Secret"}`,
    ],
    ["no kind", `apiVersion: v1\nmetadata: {name: a}\nstringData: {tls.key: MIIsecretsecret}\n`],
    [
      "a neighbour with a wrong field on the same line",
      `{"kind": "List", "apiVersion": "v1", "items": [{"kind": "Secr\\u0065t", "apiVersion": "v1", "metadata": {"name": "a"}, "data": {"x": "${key}"}}, {"kind": "Service", "apiVersion": "v1", "metadata": {"name": "b"}, "spec": {"ports": 1}}]}`,
    ],
    [
      "the name of another one, all on one line",
      `{kind: Secret, apiVersion: v1, metadata: {name: a}}\n---\n{kind: Secret, apiVersion: v1, metadata: {name: a}, data: {x: ${key}}}\n`,
    ],
  ])("is not quoted when it has %s", (_, text) => {
    const { diagnostics } = createDirectory().write({ "a.yaml": text });
    expect(diagnostics).toHaveLength(1);
    expect(JSON.stringify(diagnostics)).not.toMatch(new RegExp(`secretsecret|${key.slice(0, 12)}`));
  });
});
