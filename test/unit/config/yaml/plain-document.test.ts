import fc from "fast-check";
import { constructFromEvents } from "js-yaml";
import { describe, expect, test } from "vitest";
import { readEvents } from "../../../../src/config/yaml/events.js";
import { KUBERNETES_SCHEMA } from "../../../../src/config/yaml/kubernetes-schema.js";
import { readPlainDocument } from "../../../../src/config/yaml/plain-document.js";

/** What texts are made of at random: what means something to YAML, and what means nothing. */
const PIECES = [
  ...Array.from("abn10-.:,#&*!|>'\"%@`?~[]{}<\\= _\n"),
  ...["\n  ", "\n", ": ", "- ", " #", "---\n", "...", "key: ", "a: 1\n", "  b: c\n", "- d\n"],
  ...["true", "null", "~", "0x1f", "1.5", "-0", "yes", "{a: b}", "[a, b]", "'it''s'", '"q"'],
  ...["&x", "*x", "<<: ", "!!str ", "__proto__", "fe80::", "\t", "\r\n", "é", "\u2028", "\u0085"],
];

const MANIFEST = `# a comment
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: "shop", labels: {}}
spec:
  hosts: [reviews.shop.svc.cluster.local, 'b']
  gateways:
  - mesh   # of the mesh

  http:
  - match: [{uri: {prefix: /admin}, headers: {x-role: {exact: admin}}}]
    route:
      - destination:
          host: reviews
          subset: v2
        weight: 99
      -
        destination: {host: http://x, subset: -1}
    timeout: 5s
    retries:
    - - 1
      - no
    "a: b": c:d#e
    080: 0o17
    mirror:
`;

const pieces = fc.array(fc.constantFrom(...PIECES), { maxLength: 30 }).map((all) => all.join(""));

/** The manifest with some of it taken out and something else put there. */
const spoilt = fc
  .array(fc.tuple(fc.nat(MANIFEST.length), fc.nat(4), fc.constantFrom("", ...PIECES)), {
    minLength: 1,
    maxLength: 4,
  })
  .map((edits) =>
    edits.reduce(
      (text, [at, gone, put]) => text.slice(0, at) + put + text.slice(at + gone),
      MANIFEST,
    ),
  );

/** What the parser of all YAML reads; throws where there is something wrong. */
const readAny = (source: string): readonly unknown[] =>
  constructFromEvents(readEvents(source), { source, schema: KUBERNETES_SCHEMA });

/** A value in order, whose members have an order too. */
const orderOf = (value: unknown): string => JSON.stringify(value);

describe("a document that is plain", () => {
  test("is read, with all that plain documents may have", () => {
    expect(readPlainDocument(MANIFEST)).toEqual({
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualService",
      metadata: { name: "reviews", namespace: "shop", labels: {} },
      spec: {
        hosts: ["reviews.shop.svc.cluster.local", "b"],
        gateways: ["mesh"],
        http: [
          {
            match: [{ uri: { prefix: "/admin" }, headers: { "x-role": { exact: "admin" } } }],
            route: [
              { destination: { host: "reviews", subset: "v2" }, weight: 99 },
              { destination: { host: "http://x", subset: -1 } },
            ],
            timeout: "5s",
            retries: [[1, false]],
            "a: b": "c:d#e",
            80: 15,
            mirror: null,
          },
        ],
      },
    });
  });

  test("is read at a cost in proportion to its length, where a line has many texts within brackets", () => {
    // Looking for the end of the line at each of them would take minutes.
    const items = Array.from({ length: 100_000 }, (_, i) => `x${String(i)}`);
    expect(readPlainDocument(`a: [${items.join(", ")}]\n`)).toEqual({ a: items });
  });

  test.each([
    ["pieces of YAML", pieces],
    ["a manifest that was spoilt", spoilt],
  ])("says what it says to the parser of all YAML: %s", (_name, texts) => {
    fc.assert(
      fc.property(texts, (text) => {
        const plain = readPlainDocument(text);
        fc.pre(plain !== undefined);
        expect(orderOf([plain])).toBe(orderOf(readAny(text)));
      }),
      { numRuns: 2000, maxSkipsPerRun: 1000 },
    );
  });
});

test.each([
  ["an anchor", "a: &x 1\n"],
  ["an alias", "a: *x\n"],
  ["a tag", "a: !!str 1\n"],
  ["a block of text", "a: |\n  b\n"],
  ["a text of two lines", "a: b\n  c\n"],
  ["a merge", "<<: {a: 1}\n"],
  ["a key that is there twice", "a: 1\na: 2\n"],
  ["a key that is there twice, with nothing behind it at first", "a:\na: 1\n"],
  ["a key that is there twice within brackets", "a: {b: 1, b: 2}\n"],
  ["a list within brackets on two lines", "a: [b,\n  c]\n"],
  ["a second document", "a: 1\n---\nb: 2\n"],
  ["an escape", 'a: "\\n"\n'],
  ["a tab", "a:\tb\n"],
  ["an address that ends with a colon", "a: [fe80::]\n"],
  ["a list", "- a\n"],
  ["a name that looks like the mark of a beginning", "  --- a: 1\n"],
  ["nothing", "# nothing\n"],
  ["a key that objects have themselves", "__proto__: 1\n"],
])("a document is not read that has %s", (_what, text) => {
  expect(readPlainDocument(text)).toBeUndefined();
});
