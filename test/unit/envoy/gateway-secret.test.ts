/** What of a Secret a gateway's servers are given. */
import { expect, test } from "vitest";
import { certificateSecret } from "../../../src/envoy/tls/gateway-secret.js";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** Bytes that are no text, as an OCSP response is. */
const STAPLE = Buffer.from([0x30, 0x82, 0xff, 0x00, 0xc3]).toString("base64");

test("a certificate is shown with what its authority says of it, byte by byte", () => {
  const data = {
    "tls.crt": base64("certificate"),
    "tls.key": base64("key"),
    "tls.ocsp-staple": STAPLE,
  };
  expect(certificateSecret("kubernetes://web", { data })).toEqual({
    name: "kubernetes://web",
    tlsCertificate: {
      certificateChain: { inlineBytes: base64("certificate") },
      privateKey: { inlineBytes: base64("key") },
      ocspStaple: { inlineBytes: STAPLE },
    },
  });
});

test("nothing is shown with a certificate of which a Secret's authority says nothing, or in Istio's older form", () => {
  const older = { cert: base64("certificate"), key: base64("key"), "tls.ocsp-staple": STAPLE };
  const empty = { "tls.crt": base64("a"), "tls.key": base64("b"), "tls.ocsp-staple": "" };
  for (const data of [older, empty]) {
    expect(certificateSecret("kubernetes://web", { data })?.tlsCertificate).not.toHaveProperty(
      "ocspStaple",
    );
  }
});
