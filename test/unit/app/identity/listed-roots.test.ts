/** The roots of the mesh together with a revocation list that a server names by its file. */
import { expect, test } from "vitest";
import { createMeshRootsWithLists } from "../../../../src/app/identity/listed-roots.js";
import { Table } from "../../../../src/base/table/table.js";
import type { SecretJson } from "../../../../src/envoy/api.js";
import { MESSAGE } from "../../../../src/envoy/resource/message-types.js";
import { meshRootsList } from "../../../../src/envoy/tls/mesh-roots.js";
import type { EncodedResource } from "../../../../src/xds/resource.js";
import { goldenEncoder } from "../../golden/golden-case.js";

const encoder = goldenEncoder();

const secret = (json: SecretJson): EncodedResource => ({
  name: json.name ?? "",
  ...encoder.encode(MESSAGE.secret, json),
});

const inline = (text: string) => ({ inlineBytes: Buffer.from(text).toString("base64") });

const LIST = secret(meshRootsList("/certs/list.pem"));
const OTHER = secret({ name: "other", validationContext: { trustedCa: { filename: "/ca" } } });
const SECRETS = Table.from([LIST, OTHER].map((one) => [one.name, one] as const));

const shown = (resource: EncodedResource | undefined): unknown =>
  resource && encoder.decode(MESSAGE.secret, resource.bytes);

test("a secret that names a list alone is completed by the roots, and no other is", () => {
  const withMeshRoots = createMeshRootsWithLists(encoder);
  const roots = secret({ name: "ROOTCA", validationContext: { trustedCa: inline("roots") } });
  const made = withMeshRoots(SECRETS, roots);
  expect(shown(made.get(LIST.name))).toEqual({
    name: "ROOTCA~/certs/list.pem",
    validationContext: { trustedCa: inline("roots"), crl: { filename: "/certs/list.pem" } },
  });
  expect(made.get("other")).toBe(OTHER);
  expect(withMeshRoots(SECRETS, roots).get(LIST.name)).toBe(made.get(LIST.name));
});

test("the list that the roots have themselves counts", () => {
  const context = { trustedCa: inline("roots"), crl: inline("list") };
  const roots = secret({ name: "ROOTCA", validationContext: context });
  const made = createMeshRootsWithLists(encoder)(SECRETS, roots);
  expect(shown(made.get(LIST.name))).toMatchObject({ validationContext: context });
});
