import { expect, test } from "vitest";
import { parseOffline } from "../../../../src/config/parse-offline.js";
import { createDirectory, documents } from "../directory.js";

const policy = (spec: string, name = "a") => `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: ${name} }
spec: ${spec}
`;
const WRONG_RULE = "rules: [{ to: [{ operation: { ports: [none] } }] }]";
const SELECTED = "selector: { matchLabels: { app: shop } }";
const DENY_ALL = { action: "DENY", rules: [{}] };

const specOf = ({ store }: ReturnType<typeof createDirectory>, name = "a"): unknown =>
  store.snapshot().tables.AuthorizationPolicy.get(`default/${name}`)?.spec;

test("a policy with errors that never was without denies everything to what it selects, and says where", () => {
  const directory = createDirectory();
  const { diagnostics } = directory.write({ "a.yaml": policy(`{ ${SELECTED}, ${WRONG_RULE} }`) });
  expect(specOf(directory)).toEqual({ ...DENY_ALL, selector: { matchLabels: { app: "shop" } } });
  expect(diagnostics).toMatchObject([
    {
      severity: "warning",
      code: "fails-closed",
      position: { file: "mesh/a.yaml", line: 2 },
      message: expect.stringContaining("it denies every request") as string,
    },
    { severity: "error", position: { file: "mesh/a.yaml", line: 4 } },
  ]);
});

test.each([
  ["cannot be read", "selector: [shop]"],
  ["is wrong", 'selector: { matchLabels: { app: "*" } }'],
  ["is doubled", `${SELECTED}, targetRef: { kind: Service, name: shop }`],
])("it denies everything in its namespace when what it is for %s", (_what, targets) => {
  const directory = createDirectory();
  directory.write({ "a.yaml": policy(`{ ${targets}, ${WRONG_RULE} }`) });
  expect(specOf(directory)).toEqual(DENY_ALL);
});

test("a policy that is no map denies everything in its namespace", () => {
  const directory = createDirectory();
  directory.write({ "a.yaml": policy("none") });
  expect(specOf(directory)).toEqual(DENY_ALL);
});

test("an audit with errors denies nothing", () => {
  const directory = createDirectory();
  directory.write({ "a.yaml": policy(`{ action: AUDIT, ${WRONG_RULE} }`) });
  expect(specOf(directory)).toBeUndefined();
});

test("a policy stays what it was without errors", () => {
  const directory = createDirectory();
  directory.write({ "a.yaml": policy(`{ ${SELECTED}, rules: [{}] }`) });
  const good = specOf(directory);
  directory.write({ "a.yaml": policy(`{ ${SELECTED}, ${WRONG_RULE} }`) });
  expect(specOf(directory)).toBe(good);
});

test("a substitute follows its policy, outlives its file's damage, and goes when the policy is mended or removed", () => {
  const directory = createDirectory();
  directory.write({ "a.yaml": policy(`{ ${SELECTED}, ${WRONG_RULE} }`) });
  directory.write({ "a.yaml": policy(`{ ${WRONG_RULE} }`) });
  expect(specOf(directory)).toEqual(DENY_ALL);
  directory.write({ "a.yaml": "kind: [" });
  expect(specOf(directory)).toEqual(DENY_ALL);
  directory.write({
    "a.yaml": documents(policy("{ rules: [{}] }"), policy(`{ ${WRONG_RULE} }`, "b")),
  });
  expect(specOf(directory)).toEqual({ rules: [{}] });
  expect(specOf(directory, "b")).toEqual(DENY_ALL);
  directory.write({ "a.yaml": policy("{ rules: [{}] }") });
  expect(specOf(directory, "b")).toBeUndefined();
});

const ofKind = (kind: string, spec: string): string =>
  policy(spec).replace("AuthorizationPolicy", kind);

test("a RequestAuthentication with errors that never was without requires a token that nobody has", () => {
  const directory = createDirectory();
  const wrong = "jwtRules: [{ issuer: a, presense: REQUIRED }]";
  const { diagnostics } = directory.write({
    "a.yaml": ofKind("RequestAuthentication", `{ ${SELECTED}, ${wrong} }`),
  });
  const found = directory.store.snapshot().tables.RequestAuthentication.get("default/a");
  expect(found?.spec).toEqual({
    selector: { matchLabels: { app: "shop" } },
    jwtRules: [{ issuer: "nobody.invalid", jwks: '{"keys":[]}', presence: "REQUIRED" }],
  });
  expect(diagnostics).toMatchObject([
    {
      severity: "warning",
      code: "fails-closed",
      message: expect.stringContaining("it refuses every request") as string,
    },
    { severity: "error" },
  ]);
});

test.each([
  ["what it is for", `{ ${SELECTED}, mtls: { mode: STRCT } }`, { app: "shop" }],
  [
    "its namespace when that cannot be read",
    "{ selector: [shop], mtls: { mode: STRICT } }",
    undefined,
  ],
])(
  "a PeerAuthentication with errors that never was without is STRICT for %s",
  (_what, spec, matchLabels) => {
    const directory = createDirectory();
    const { diagnostics } = directory.write({ "a.yaml": ofKind("PeerAuthentication", spec) });
    const found = directory.store.snapshot().tables.PeerAuthentication.get("default/a");
    expect(found?.spec).toEqual({
      ...(matchLabels === undefined ? {} : { selector: { matchLabels } }),
      mtls: { mode: "STRICT" },
    });
    expect(diagnostics).toMatchObject([
      {
        severity: "warning",
        code: "fails-closed",
        message: expect.stringContaining("mutual TLS alone") as string,
      },
      { severity: "error" },
    ]);
  },
);

test("a PeerAuthentication stays what it was without errors", () => {
  const directory = createDirectory();
  directory.write({ "a.yaml": ofKind("PeerAuthentication", "{ mtls: { mode: PERMISSIVE } }") });
  directory.write({ "a.yaml": ofKind("PeerAuthentication", "{ mtls: { mode: NONE } }") });
  const found = directory.store.snapshot().tables.PeerAuthentication.get("default/a");
  expect(found?.spec).toEqual({ mtls: { mode: "PERMISSIVE" } });
});

test("of files by themselves too such a policy denies everything", () => {
  const { tables } = parseOffline([{ path: "a.yaml", text: policy(`{ ${WRONG_RULE} }`) }]);
  expect(tables.AuthorizationPolicy.get("default/a")?.spec).toEqual(DENY_ALL);
});
