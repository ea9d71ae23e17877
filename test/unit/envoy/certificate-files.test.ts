import { expect, test } from "vitest";
import { clientFileSecrets, serverFileSecrets } from "../../../src/envoy/tls/certificate-files.js";

const LIST = "/certs/revoked.pem";

test("roots with a list of what they have revoked are a secret of their own, in which both are watched", () => {
  const roots = { caCertificates: "/certs/roots.pem", caCrl: LIST };
  const secret = {
    name: `file-root:/certs/roots.pem~${LIST}`,
    validationContext: { trustedCa: { filename: "/certs/roots.pem" }, crl: { filename: LIST } },
  };
  expect(serverFileSecrets({ mode: "MUTUAL", ...roots })).toEqual([secret]);
  expect(clientFileSecrets({ mode: "SIMPLE", ...roots })).toEqual([secret]);
});

test.each([{}, { caCertificates: "system" }])(
  "a list is one of the system's roots where no others are named (%j)",
  (roots) => {
    expect(clientFileSecrets({ mode: "SIMPLE", ...roots, caCrl: LIST })).toMatchObject([
      {
        validationContext: {
          crl: { filename: LIST },
          trustedCa: { filename: expect.stringMatching(/^\/etc\/ssl/) },
        },
      },
    ]);
    expect(clientFileSecrets({ mode: "SIMPLE", ...roots })).toEqual([]);
  },
);
