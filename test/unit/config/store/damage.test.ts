import { describe, expect, it } from "vitest";
import {
  createDirectory,
  documents,
  linesOf,
  route,
  rule,
  savedOf,
  service,
  specsOf,
} from "../directory.js";

/** A working mesh: a service with two versions, a route to one of them, and a file of two services. */
const MESH = {
  "payments.yaml": service("payments"),
  "rule.yaml": rule("payments", "payments", "v1", "v2"),
  "route.yaml": route("payments", "payments", "v1"),
  "others.yaml": documents(service("orders"), service("carts")),
};

/** What is done to the files, and where and how the diagnostic says so. */
const DAMAGES: readonly {
  readonly what: string;
  readonly files: Parameters<ReturnType<typeof createDirectory>["write"]>[0];
  readonly lines: readonly string[];
  /** The same after a restart, which has no texts of before by which it is known that a file was cut, but what is missing. */
  readonly restarted?: readonly string[];
}[] = [
  {
    what: "a file that cannot be parsed",
    files: { "route.yaml": "apiVersion: v1\nkind: [Service\n" },
    lines: ["mesh/route.yaml:3:1 error invalid-yaml"],
  },
  {
    what: "a file with a document that cannot be parsed",
    files: {
      "others.yaml": documents(service("orders"), "kind: Service\nmetadata: {name: carts\n"),
    },
    lines: ["mesh/others.yaml:13:1 error invalid-yaml"],
  },
  {
    what: "a file that was emptied to be written",
    files: { "route.yaml": "" },
    lines: ["mesh/route.yaml:1:1 error empty-file"],
  },
  {
    what: "a file that is half written, in the middle of a line",
    files: { "others.yaml": documents(service("orders"), service("carts")).slice(0, -80) },
    lines: ["mesh/others.yaml:1:1 error half-written-file"],
    restarted: ["mesh/others.yaml:13:9 error invalid-yaml"],
  },
  {
    what: "a file that is half written, at the end of a line",
    files: { "route.yaml": route("payments", "payments", "v1").split("spec:")[0] ?? "" },
    lines: ["mesh/route.yaml:1:1 error half-written-file"],
    restarted: ["mesh/route.yaml:1:1 error IST0106 VirtualService payments.default"],
  },
  {
    what: "an unknown field",
    files: {
      "route.yaml": route("payments", "payments", "v1").replace("hosts:", "hots: []\n  hosts:"),
    },
    lines: ["mesh/route.yaml:6:3 error unknown-field VirtualService payments.default"],
  },
  {
    what: "an unknown kind",
    files: {
      "route.yaml": route("payments", "payments", "v1").replace("VirtualService", "VirtualServce"),
    },
    lines: ["mesh/route.yaml:2:7 error unknown-kind"],
  },
  {
    what: "a version that is not served",
    files: {
      "route.yaml": route("payments", "payments", "v1").replace("istio.io/v1", "istio.io/v9"),
    },
    lines: ["mesh/route.yaml:1:13 error unsupported-version VirtualService payments.default"],
  },
  {
    what: "a kind of Kubernetes that means nothing here",
    files: { "node.yaml": "apiVersion: v1\nkind: Node\nmetadata:\n  name: a\n" },
    lines: ["mesh/node.yaml:2:7 note ignored-kind"],
  },
  {
    what: "the configuration of a mesh where an installation of Istio has it",
    files: {
      "operator.yaml":
        "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec:\n  meshConfig:\n    accessLogFile: /dev/stdout\n",
    },
    lines: ["mesh/operator.yaml:4:3 warning not-applied"],
  },
  {
    what: "a second resource of the same name, in a file that comes first",
    files: { "a.yaml": service("payments", "default", 99) },
    lines: ["mesh/a.yaml:4:9 error duplicate-resource Service payments.default"],
  },
  {
    what: "a second resource of the same name, in the same file",
    files: { "payments.yaml": documents(service("payments", "default", 99), service("payments")) },
    lines: ["mesh/payments.yaml:4:9 error duplicate-resource Service payments.default"],
  },
  {
    what: "a reference to no host",
    files: { "route.yaml": route("payments", "paymnets", "v1") },
    lines: ["mesh/route.yaml:11:15 error IST0101 VirtualService payments.default"],
  },
  {
    what: "a reference to no subset",
    files: { "route.yaml": route("payments", "payments", "v3") },
    lines: ["mesh/route.yaml:12:17 error IST0101 VirtualService payments.default"],
  },
  {
    what: "an empty directory",
    files: {
      "payments.yaml": undefined,
      "rule.yaml": undefined,
      "route.yaml": undefined,
      "others.yaml": undefined,
    },
    lines: ["mesh:1:1 error empty-directory"],
  },
  {
    what: "a file that is no UTF-8",
    files: { "route.yaml": { code: "not-utf8", message: "the file is no UTF-8" } },
    lines: ["mesh/route.yaml:1:1 error not-utf8"],
  },
  {
    what: "a file that is too large",
    files: { "route.yaml": { code: "file-too-large", message: "the file is too large" } },
    lines: ["mesh/route.yaml:1:1 error file-too-large"],
  },
  {
    what: "a loop of symbolic links",
    files: { "route.yaml": { code: "symlink-loop", message: "the link leads to itself" } },
    lines: ["mesh/route.yaml:1:1 error symlink-loop"],
  },
  {
    what: "an alias bomb",
    files: { "route.yaml": `a: &a [x]\nb: [${"*a,".repeat(2000)}]\n` },
    lines: ["mesh/route.yaml:2:3006 error alias-bomb"],
  },
  {
    what: "a key that is given twice",
    files: { "route.yaml": `${route("payments", "payments", "v1")}spec: {}\n` },
    lines: ["mesh/route.yaml:13:1 error duplicate-key"],
  },
  {
    what: "a resource that lost its name",
    files: {
      "route.yaml": route("payments", "payments", "v1").replace("name: payments", "nam: x"),
    },
    lines: ["mesh/route.yaml:3:1 error missing-field", "mesh/route.yaml:4:3 warning unknown-field"],
  },
  {
    what: "text that is no resource",
    files: { "route.yaml": "just text\n" },
    lines: ["mesh/route.yaml:1:1 error not-a-resource"],
  },
];

describe("the working mesh", () => {
  it("has no diagnostics", () => {
    expect(linesOf(createDirectory().write(MESH))).toEqual([]);
  });

  it.each(DAMAGES)("stays as it was in spite of $what", ({ files, lines }) => {
    const directory = createDirectory();
    const before = directory.write(MESH);
    const after = directory.write(files);
    expect(linesOf(after)).toEqual(lines);
    expect(after.tables).toBe(before.tables);
  });

  it.each(DAMAGES)("stays through a restart in spite of $what", (damage) => {
    const { files, lines, restarted = lines } = damage;
    const directory = createDirectory();
    const before = directory.write(MESH);
    const after = createDirectory({ saved: savedOf(directory) }).write({ ...MESH, ...files });
    expect(specsOf(after)).toEqual(specsOf(before));
    expect(linesOf(after)).toEqual(restarted);
  });

  it("keeps a policy whose file is half written, where its spec began, until the file says that it is empty", () => {
    const head =
      "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: { name: default }\n";
    const directory = createDirectory();
    const before = directory.write({ "mtls.yaml": `${head}spec:\n  mtls: { mode: STRICT }\n` });
    const cut = directory.write({ "mtls.yaml": head });
    expect(linesOf(cut)).toEqual(["mesh/mtls.yaml:1:1 error half-written-file"]);
    expect(cut.tables).toBe(before.tables);
    const empty = directory.write({ "mtls.yaml": `${head}spec: {}\n` });
    expect(linesOf(empty)).toEqual([]);
    expect([...empty.tables.PeerAuthentication.values()].map(({ spec }) => spec)).toEqual([{}]);
  });

  it("stays when the directory is gone", () => {
    const directory = createDirectory();
    const before = directory.write(MESH);
    const after = directory.remove();
    expect(linesOf(after)).toEqual(["mesh:1:1 error missing-directory"]);
    expect(after.tables).toBe(before.tables);
  });
});
