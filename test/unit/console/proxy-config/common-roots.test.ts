import { expect, test } from "vitest";
import type { SecretsConfigDumpJson } from "../../../../src/console/api.js";
import { commonRoots, describeRoot } from "../../../../src/console/proxy-config/common-roots.js";
import { authorityTemplate, makeCertificate } from "../../ca/make-certificate.js";

const NOT_AFTER = Date.parse("2036-11-27T12:00:00Z");

const [old, next] = await Promise.all(
  ["O=shop, CN=old", "O=shop, CN=next"].map(async (subject) => {
    const made = await makeCertificate(authorityTemplate({ subject, notAfter: NOT_AFTER }));
    return made.pem;
  }),
);

/** The secrets of a proxy that trusts these certificates. */
function trusting(...pems: readonly (string | undefined)[]): SecretsConfigDumpJson {
  const secret = {
    name: "ROOTCA",
    validationContext: { trustedCa: { inlineString: pems.join("") } },
  };
  return { dynamicActiveSecrets: [{ name: "default" }, { name: "ROOTCA", secret }] } as object;
}

test("while roots are replaced, proxies that trust the old or the new one trust one in common", () => {
  expect(commonRoots(trusting(old, next), trusting(next)).map(describeRoot)).toEqual([
    "CN=next, O=shop, until 2036-11-27",
  ]);
  expect(commonRoots(trusting(old), trusting(next, old)).map(describeRoot)).toEqual([
    "CN=old, O=shop, until 2036-11-27",
  ]);
});

test("proxies of two authorities trust none in common", () => {
  expect(commonRoots(trusting(old), trusting(next))).toEqual([]);
});

test("a proxy that has no roots yet is told of", () => {
  expect(() => commonRoots(trusting(old), trusting())).toThrow("has no roots");
  expect(() => commonRoots({}, trusting(old))).toThrow("has no roots");
});
