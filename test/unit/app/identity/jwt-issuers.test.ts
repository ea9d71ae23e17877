import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readJwtIssuers } from "../../../../src/app/identity/jwt-issuers.js";
import { NOMAD_WORKLOAD } from "../../ca/make-jwt.js";
import { temporaryDirectory } from "../../ca/temporary-directory.js";

async function fileOf(text: string): Promise<string> {
  const path = join(await temporaryDirectory(), "issuers.yaml");
  await writeFile(path, text);
  return path;
}

test("issuers have their keys in a file beside theirs, behind a URL, or in the rule itself", async () => {
  const path = await fileOf(`
- issuer: https://kubernetes.default.svc
  audiences: [istio-ca]
  jwksFile: keys.json
- issuer: https://ci.example.com
  audiences: [mesh]
  jwksUri: https://ci.example.com/jwks
  namespaces: [ci]
- { issuer: local, audiences: [mesh], jwks: '{"keys": []}' }
`);
  expect(await readJwtIssuers(path)).toEqual([
    {
      issuer: "https://kubernetes.default.svc",
      audiences: ["istio-ca"],
      keys: { jwksFile: join(path, "..", "keys.json") },
    },
    {
      issuer: "https://ci.example.com",
      audiences: ["mesh"],
      keys: { jwksUri: "https://ci.example.com/jwks" },
      namespaces: ["ci"],
    },
    { issuer: "local", audiences: ["mesh"], keys: { jwks: '{"keys": []}' } },
  ]);
});

test("an issuer may have claims that name its workloads", async () => {
  const path = await fileOf(`
- issuer: https://nomad.example.com
  audiences: [fairlead]
  jwksUri: https://nomad.example.com/.well-known/jwks.json
  namespaces: [default]
  workload:
    namespace: { claim: nomad_namespace }
    serviceAccount: { claim: nomad_job_id }
    where: { nomad_task: [proxy] }
`);
  expect(await readJwtIssuers(path)).toMatchObject([{ workload: NOMAD_WORKLOAD }]);
});

const workloadOf = (workload: string): string =>
  `- {issuer: a, audiences: [b], jwks: '{"keys": []}', workload: ${workload}}`;

test.each([
  ["is no YAML", "- {", /cannot be read as YAML/],
  ["has no issuers", "[]", /the resource/],
  ["has an issuer without audiences", "- {issuer: a, jwks: '{}'}", /audiences/],
  ["has a field that is none", "- {issuer: a, audiences: [b], jwksURL: c}", /jwksURL/],
  ["has an issuer without keys", "- {issuer: a, audiences: [b]}", /a needs one of jwks/],
  ["has keys twice", "- {issuer: a, audiences: [b], jwks: x, jwksFile: keys.json}", /needs one of/],
  ["has keys that are none", "- {issuer: a, audiences: [b], jwks: x}", /no JSON Web Key Set/],
  [
    "fetches keys in plaintext",
    "- {issuer: a, audiences: [b], jwksUri: 'http://c.example.com'}",
    /https/,
  ],
  [
    "has an issuer twice",
    "- &a {issuer: a, audiences: [b], jwks: '{\"keys\": []}'}\n- *a",
    /issuer a is there twice/,
  ],
  [
    "has any namespace that a claim names",
    workloadOf("{namespace: {claim: c}, serviceAccount: {claim: d}}"),
    /a needs namespaces/,
  ],
  [
    "has a workload without a service account",
    workloadOf("{namespace: {value: c}}"),
    /workload.*serviceAccount/,
  ],
  [
    "has a claim and a value for the same",
    workloadOf("{namespace: {value: c, claim: d}, serviceAccount: {value: e}}"),
    /workload\.namespace/,
  ],
  [
    "has a pattern for a claim",
    workloadOf("{namespace: {value: c}, serviceAccount: {claim: d, regex: e}}"),
    /workload\.serviceAccount/,
  ],
])("a file that %s is refused with the reason", async (_what, text, why) => {
  const path = await fileOf(text);
  await expect(readJwtIssuers(path)).rejects.toMatchObject({
    name: "AppError",
    code: "issuers-unusable",
    message: expect.stringMatching(why) as string,
  });
});
