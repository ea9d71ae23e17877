import { beforeAll, describe, expect, it } from "vitest";
import { readSecret } from "../../../../src/config/reading/secret.js";
import type { SecretFile, SecretSource } from "../../../../src/config/sources/source.js";
import { createConfigStore } from "../../../../src/config/store/config-store.js";
import { createPair, type Pair } from "../certificates.js";

let first: Pair;
let second: Pair;

beforeAll(async () => {
  first = await createPair("first");
  second = await createPair("second");
});

const folder = (
  files: Partial<Record<SecretFile, string>>,
  names: Partial<Pick<SecretSource, "namespace" | "name">> = {},
): SecretSource => ({
  type: "secret",
  path: "secrets/default/app-tls",
  root: "secrets",
  namespace: "default",
  name: "app-tls",
  files,
  ...names,
});

/** The file and code of each diagnostic. */
const problemsOf = (source: SecretSource): readonly string[] =>
  readSecret(source).diagnostics.map(({ position, code }) => `${position?.file ?? ""} ${code}`);

describe("a folder of a secrets directory", () => {
  it("is a Secret of type kubernetes.io/tls", () => {
    const reading = readSecret(folder({ "tls.crt": first.certificate, "tls.key": first.key }));
    expect(reading.diagnostics).toEqual([]);
    expect(reading.resource).toEqual({
      kind: "Secret",
      apiVersion: "v1",
      metadata: { name: "app-tls", namespace: "default", labels: {}, annotations: {} },
      spec: {
        type: "kubernetes.io/tls",
        data: {
          "tls.crt": Buffer.from(first.certificate).toString("base64"),
          "tls.key": Buffer.from(first.key).toString("base64"),
        },
      },
    });
  });

  it("may have a certificate authority alone, for clients", () => {
    const { resource } = readSecret(folder({ "ca.crt": first.certificate }));
    expect(resource?.spec).toMatchObject({ type: "Opaque" });
  });

  it("has to have both halves of a pair", () => {
    expect(problemsOf(folder({ "tls.crt": first.certificate }))).toEqual([
      "secrets/default/app-tls/tls.key incomplete-secret",
    ]);
    expect(problemsOf(folder({ "tls.key": first.key }))).toEqual([
      "secrets/default/app-tls/tls.crt incomplete-secret",
    ]);
    expect(problemsOf(folder({ "ca.crl": "" }))).toEqual([
      "secrets/default/app-tls/tls.crt incomplete-secret",
    ]);
  });

  it("has to have a key that fits", () => {
    expect(problemsOf(folder({ "tls.crt": first.certificate, "tls.key": second.key }))).toEqual([
      "secrets/default/app-tls/tls.key mismatched-key",
    ]);
  });

  it("has to have PEM in its files, of which nothing is quoted", () => {
    const files = {
      "tls.crt": "half a certif",
      "tls.key": "-----BEGIN PRIVATE KEY-----\nMIIsecret",
      "ca.crt": "x",
    };
    const reading = readSecret(folder(files));
    expect(problemsOf(folder(files))).toEqual([
      "secrets/default/app-tls/ca.crt invalid-certificate",
      "secrets/default/app-tls/tls.crt invalid-certificate",
      "secrets/default/app-tls/tls.key invalid-key",
    ]);
    expect(JSON.stringify(reading)).not.toContain("MIIsecret");
  });

  it("has to be named as a namespace and a resource are", () => {
    const files = { "ca.crt": first.certificate };
    expect(problemsOf(folder(files, { namespace: "Default" }))).toHaveLength(1);
    expect(problemsOf(folder(files, { name: "app_tls" }))).toHaveLength(1);
    expect(problemsOf(folder(files, { name: "app.example.com" }))).toEqual([]);
  });
});

describe("a pair that is being renewed", () => {
  const root = {
    path: "secrets",
    kind: "secrets" as const,
    exists: true,
    sourceCount: 1,
    isSettled: true,
    problems: [],
  };
  const update = (store: ReturnType<typeof createConfigStore>, files: SecretSource["files"]) =>
    store.update({ roots: [root], changed: [folder(files)], removed: [], isComplete: false });

  it("stays what it was until both halves are renewed", () => {
    const store = createConfigStore();
    const before = update(store, { "tls.crt": first.certificate, "tls.key": first.key });
    const between = update(store, { "tls.crt": second.certificate, "tls.key": first.key });
    expect(between.tables).toBe(before.tables);
    expect(between.diagnostics).toMatchObject([
      {
        code: "mismatched-key",
        position: { file: "secrets/default/app-tls/tls.key" },
        resource: "Secret app-tls.default",
      },
    ]);
    const after = update(store, { "tls.crt": second.certificate, "tls.key": second.key });
    expect(after.diagnostics).toEqual([]);
    expect(after.tables.Secret.get("default/app-tls")?.spec.data?.["tls.key"]).toBe(
      Buffer.from(second.key).toString("base64"),
    );
  });

  it("is found in its folder", () => {
    const store = createConfigStore();
    const snapshot = update(store, { "tls.crt": first.certificate, "tls.key": first.key });
    const place = snapshot.locate({ kind: "Secret", namespace: "default", name: "app-tls" });
    expect(place).toEqual({ file: "secrets/default/app-tls/tls.crt", line: 1, column: 1 });
  });

  it("goes with its folder, but not with the whole directory", () => {
    const store = createConfigStore();
    const before = update(store, { "ca.crt": first.certificate });
    const gone = { changed: [], removed: ["secrets/default/app-tls"], isComplete: false };
    const kept = store.update({ ...gone, roots: [{ ...root, sourceCount: 0 }] });
    expect(kept.tables).toBe(before.tables);
    expect(kept.diagnostics).toMatchObject([{ severity: "error", code: "empty-directory" }]);
    const other = {
      ...folder({ "ca.crt": first.certificate }),
      path: "secrets/default/b",
      name: "b",
    };
    const after = store.update({ roots: [root], changed: [other], removed: [], isComplete: false });
    expect([...after.tables.Secret.keys()]).toEqual(["default/b"]);
  });
});
