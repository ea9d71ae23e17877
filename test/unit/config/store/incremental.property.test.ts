import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Engine } from "../../../../src/base/engine/engine.js";
import {
  createDirectory,
  type Directory,
  documents,
  type FileContent,
  route,
  rule,
  service,
  specsOf,
} from "../directory.js";

/** Enough to find each fault that was put in on purpose. */
const RUNS = 80;
/** Random edits take as long as the machine is busy with others. */
const TIMEOUT = { timeout: 60_000 };

const NAMES = ["a", "b", "c"];
const FILES = ["1.yaml", "2.yaml", "3.yaml", "4.json", "5.yaml"];

const name = fc.constantFrom(...NAMES);

/** Documents that are in order, by themselves. */
const goodDocument = fc.oneof(
  fc
    .tuple(name, fc.integer({ min: 1, max: 3 }))
    .map(([one, port]) => service(one, "default", port)),
  fc
    .tuple(name, name, fc.option(fc.constantFrom("v1", "v2"), { nil: undefined }))
    .map((parts) => route(...parts)),
  fc
    .tuple(name, name, fc.subarray(["v1", "v2"]))
    .map(([one, host, subsets]) => rule(one, host, ...subsets)),
  name.map((one) => `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${one}}\n`),
  fc.constant("# a comment\n"),
);

/** Documents that are wrong in one way or another. */
const badDocument = fc.constantFrom(
  "kind: [\n",
  "just text\n",
  "a: &a [x]\nb: [*a, *b]\n",
  service("a").replace("port: 80", "port: eighty"),
  route("b", "a").replace("hosts", "hots"),
  service("c").replace("kind: Service", "kind: Servic"),
  service("c").replace("v1", "v7"),
  "apiVersion: v1\nkind: Node\nmetadata: {name: a}\n",
);

const document = fc.oneof(
  { weight: 4, arbitrary: goodDocument },
  { weight: 1, arbitrary: badDocument },
);
const text = fc.array(document, { minLength: 1, maxLength: 3 }).map((texts) => documents(...texts));

const content: fc.Arbitrary<FileContent> = fc.oneof(
  { weight: 8, arbitrary: text },
  { weight: 2, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.constant("") },
  { weight: 1, arbitrary: fc.constant({ code: "not-utf8", message: "the file is no UTF-8" }) },
);

/** One batch: some files with what they have then. */
const batch = fc.dictionary(fc.constantFrom(...FILES), content, { minKeys: 1, maxKeys: 3 });
const batches = fc.array(batch, { minLength: 1, maxLength: 8 });

type Batch = Parameters<Directory["write"]>[0];

/** Another order of the members, because that must not matter. */
const reversed = (files: Batch): Batch => Object.fromEntries(Object.entries(files).reverse());

describe("a store that does not remember", TIMEOUT, () => {
  it("says after any edits what one says that sees the last files for the first time", () => {
    fc.assert(
      fc.property(batches, (edits) => {
        const directory = createDirectory({ remembers: false });
        let files: Batch = {};
        for (const edit of edits) {
          files = { ...files, ...edit };
          directory.write(edit);
          const engine = new Engine({ memo: false });
          const fresh = createDirectory({ remembers: false, engine }).write(reversed(files));
          const snapshot = directory.store.snapshot();
          expect(specsOf(snapshot)).toEqual(specsOf(fresh));
          expect(snapshot.diagnostics).toEqual(fresh.diagnostics);
        }
      }),
      { numRuns: RUNS },
    );
  });
});

describe("a store that remembers", TIMEOUT, () => {
  const good: Batch = {
    "1.yaml": documents(service("a"), service("b"), service("c")),
    "2.yaml": documents(rule("a", "a", "v1", "v2"), route("a", "a", "v1")),
    "3.yaml": route("b", "b"),
    "4.json": undefined,
    "5.yaml": undefined,
  };

  it("is as it was when all is in order again, whatever came between", () => {
    fc.assert(
      fc.property(batches, (edits) => {
        const directory = createDirectory();
        const before = directory.write(good);
        for (const edit of edits) directory.write(edit);
        const after = directory.write(good);
        expect(after.diagnostics).toEqual([]);
        expect(specsOf(after)).toEqual(specsOf(before));
      }),
      { numRuns: RUNS },
    );
  });

  it("never loses what is in a file that nobody touched", () => {
    const untouched = {
      ...good,
      "1.yaml": service("b"),
      "2.yaml": service("c"),
      "6.yaml": service("d"),
    };
    fc.assert(
      fc.property(batches, (edits) => {
        const directory = createDirectory();
        const before = directory.write(untouched).tables.Service.get("default/d");
        for (const edit of edits) {
          expect(directory.write(edit).tables.Service.get("default/d")).toBe(before);
        }
      }),
      { numRuns: RUNS },
    );
  });

  it("says the same without memory of what it computed", () => {
    fc.assert(
      fc.property(batches, (edits) => {
        const quick = createDirectory();
        const slow = createDirectory({ engine: new Engine({ memo: false }) });
        for (const edit of [good, ...edits]) {
          const snapshot = quick.write(edit);
          const expected = slow.write(edit);
          expect(specsOf(snapshot)).toEqual(specsOf(expected));
          expect(snapshot.diagnostics).toEqual(expected.diagnostics);
        }
      }),
      { numRuns: RUNS },
    );
  });
});
