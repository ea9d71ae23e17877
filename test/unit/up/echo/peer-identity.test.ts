import { expect, test } from "vitest";
import { peerIdentity } from "../../../../src/up/echo/peer-identity.js";

const GATEWAY = "spiffe://cluster.local/ns/istio-system/sa/istio-ingressgateway";
const PAYMENTS = "spiffe://cluster.local/ns/default/sa/payments";

test.each([
  ["nothing without the header", undefined, undefined],
  ["nothing when the header is empty", "", undefined],
  ["nothing when the certificate has no URI", 'Hash=00;Subject="CN=a"', undefined],
  ["the URI of a lone element", `By=${PAYMENTS};Hash=00;Subject="";URI=${GATEWAY}`, GATEWAY],
  [
    "the URI of the nearest client",
    `By=a;URI=spiffe://evil,By=${PAYMENTS};Hash=00;URI=${GATEWAY}`,
    GATEWAY,
  ],
  ["a key in any case", `uri=${GATEWAY}`, GATEWAY],
  [
    "a URI behind a quoted subject with separators",
    `Subject="O=a;b,URI=spiffe://evil";URI=${GATEWAY}`,
    GATEWAY,
  ],
  ["a quoted URI", `URI="${GATEWAY}"`, GATEWAY],
  ["a URI behind an escaped quote", `Subject="a\\",URI=spiffe://evil";URI=${GATEWAY}`, GATEWAY],
  ["nothing when only an earlier element has one", `URI=${GATEWAY},By=${PAYMENTS}`, undefined],
])("in a header of client certificates finds %s", (_, header, identity) => {
  expect(peerIdentity(header)).toBe(identity);
});
