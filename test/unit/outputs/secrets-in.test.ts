import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { formatJoinToken, newJoinToken } from "../../../src/ca/token/join-token.js";
import { createIssuer } from "../../mesh/harness/tokens.js";
import { noteOutput, SOURCE_MARK } from "../../outputs/note-output.js";
import { leaksIn } from "../../outputs/search.js";
import { secretsIn } from "../../outputs/secrets-in.js";

const kindsIn = (text: string): readonly string[] => [
  ...new Set(secretsIn(text).map(({ kind }) => kind)),
];

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const pem = privateKey.export({ format: "pem", type: "pkcs8" }).toString();
const der = (key: typeof rsa): string =>
  key.export({ format: "der", type: "pkcs8" }).toString("base64");
const jwk = JSON.stringify(privateKey.export({ format: "jwk" }));

test.each([
  ["a key of PKCS #8", pem, "private key in PEM"],
  [
    "a key of SEC 1",
    privateKey.export({ format: "pem", type: "sec1" }).toString(),
    "private key in PEM",
  ],
  ["a key in JSON", JSON.stringify({ key: pem }), "private key in PEM"],
  ["a key in base64", Buffer.from(pem).toString("base64"), "private key in PEM in base64"],
  [
    "a key in base64, behind a byte",
    Buffer.from(` ${pem}`).toString("base64"),
    "private key in PEM in base64",
  ],
  [
    "a key in base64, behind two bytes",
    Buffer.from(`  ${pem}`).toString("base64"),
    "private key in PEM in base64",
  ],
  ["a bare key", der(privateKey), "private key in PKCS #8"],
  ["a bare key of RSA", der(rsa), "private key in PKCS #8"],
  ["a key of a set", jwk, "private key in a JWK"],
  ["a key of a set in JSON", JSON.stringify({ log: jwk }), "private key in a JWK"],
  ["a join token", formatJoinToken(newJoinToken()).reveal(), "join token"],
  ["a JSON Web Token", createIssuer("https://issuer.example.com").issue(), "JSON Web Token"],
])("%s is found in what a program writes", (_what, secret, kind) => {
  expect(kindsIn(`before ${secret} behind`)).toContain(kind);
});

test("what anybody may know is no secret", () => {
  const known = [
    publicKey.export({ format: "pem", type: "spki" }).toString(),
    JSON.stringify(publicKey.export({ format: "jwk" })),
    newJoinToken().id,
    "-----BEGIN PRIVATE KEY-----",
    "tls.key has no -----BEGIN PRIVATE KEY----- line",
    "fairlead-mesh-abcdef",
  ];
  expect(known.flatMap(kindsIn)).toEqual([]);
});

test("a leak names what wrote it, and not what it wrote", () => {
  const token = formatJoinToken(newJoinToken()).reveal();
  const noted = `${SOURCE_MARK}one\nnothing\n${SOURCE_MARK}another\n{"token":"${token}"}\n`;
  expect(leaksIn(noted)).toEqual(["a join token was written: another"]);
});

test("what is noted is where all of it is searched", () => {
  noteOutput("a test of this", "nothing that matters");
  const noted = readFileSync(join(inject("outputs"), String(process.pid)), "utf8");
  expect(noted).toContain("a test of this\nnothing that matters\n");
});
