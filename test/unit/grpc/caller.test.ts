import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { expect, test } from "vitest";
import { type Caller, callerOf } from "../../../src/grpc/caller.js";

/** The caller of a stream of which no more is known than where it comes from. */
function callerFrom(socket: object | undefined, headers: IncomingHttpHeaders = {}): Caller {
  const session = socket === undefined ? undefined : { socket };
  return callerOf({ session } as unknown as ServerHttp2Stream, headers);
}

test.each([
  ["127.0.0.1", "127.0.0.1:80"],
  ["::1", "[::1]:80"],
  ["::ffff:10.0.0.1", "[::ffff:10.0.0.1]:80"],
])("who calls from %s has the name %s", (remoteAddress, name) => {
  expect(callerFrom({ remoteAddress, remotePort: 80 })).toMatchObject({
    address: remoteAddress,
    name,
  });
});

test("who calls by a Unix socket, or is gone already, has no address and proves nothing", () => {
  const nobody = {
    address: "",
    name: "a Unix socket",
    isEncrypted: false,
    authorization: [],
    certificate: undefined,
  };
  expect(callerFrom({})).toEqual(nobody);
  expect(callerFrom(undefined)).toEqual(nobody);
});

test("what is said for authorization is taken along", () => {
  expect(callerFrom({}, { authorization: "Bearer a" }).authorization).toEqual(["Bearer a"]);
});
