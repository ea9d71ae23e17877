import { expect, test } from "vitest";
import { credentialsFor } from "../../../src/wasm/registry-credentials.js";

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const of = (entry: object, name = "ghcr.io") =>
  credentialsFor(
    "ghcr.io",
    JSON.stringify({ auths: { "other.io": { auth: base64("x:y") }, [name]: entry } }),
  );

test.each([
  ["a name and a password", { username: "ann", password: "secret" }, "secret"],
  ["both in one", { auth: base64("ann:sec:ret") }, "sec:ret"],
  ["both ways, of which the plain one counts", { auth: base64("ann:old"), password: "new" }, "new"],
])("credentials are %s", (_how, entry, password) => {
  expect(of(entry)).toEqual({ user: "ann", password });
});

test("a token of the registry needs no name", () => {
  expect(of({ registrytoken: "t", auth: base64("ann:secret") })).toEqual({ token: "t" });
});

test("those of other registries are none of this one's, nor are such as say nothing", () => {
  expect(of({ auth: base64("ann:secret") }, "ghcr.io:5000")).toBeUndefined();
  expect(of({ auth: 7, username: null })).toBeUndefined();
});

test.each(["", "null", "[1]", '{"auths":7}'])("%j has no credentials at all", (text) => {
  expect(() => credentialsFor("ghcr.io", text)).toThrow("has no auths");
});
