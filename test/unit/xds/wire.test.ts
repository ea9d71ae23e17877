/** Requests are read as protobuf says, in whatever order and length their fields come. */

import { fromBinary, fromJson, toBinary, toJson } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { expect, test } from "vitest";
import { TYPE_URL } from "../../../src/xds/resource.js";
import { decodeDeltaRequest, decodeSotwRequest } from "../../../src/xds/wire/decode-request.js";
import { encodeResponse } from "../../../src/xds/wire/encode-response.js";
import { messageType, registry, resource } from "../../wire/xds/view-server.js";

/** A field of a DeltaDiscoveryRequest that may be there several times, or one that nobody knows. */
type Field =
  | { readonly is: "subscribe"; readonly name: string }
  | { readonly is: "unsubscribe"; readonly name: string }
  | { readonly is: "version"; readonly name: string; readonly version: string }
  | { readonly is: "unknown"; readonly number: number };

// Lengths are written in one byte, two or three.
const text = fc.oneof(
  { weight: 8, arbitrary: fc.string({ maxLength: 20, unit: "binary" }) },
  { weight: 2, arbitrary: fc.constant("b".repeat(200)) },
  { weight: 1, arbitrary: fc.constant("c".repeat(20_000)) },
);
const subscribed = text.map((name): Field => ({ is: "subscribe", name }));
const fields = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: subscribed },
    { weight: 1, arbitrary: text.map((name): Field => ({ is: "unsubscribe", name })) },
    {
      weight: 5,
      arbitrary: fc
        .tuple(text, text)
        .map(([name, version]): Field => ({ is: "version", name, version })),
    },
    { weight: 1, arbitrary: fc.nat().map((number): Field => ({ is: "unknown", number })) },
  ),
  { maxLength: 30 },
);

/** No client says two versions of one name. */
const distinct = (list: readonly Field[]): readonly Field[] =>
  list.map((field, i) =>
    field.is === "version" ? { ...field, name: `${i}${field.name}` } : field,
  );

function write(writer: BinaryWriter, field: Field): BinaryWriter {
  switch (field.is) {
    case "subscribe":
      return writer.tag(3, WireType.LengthDelimited).string(field.name);
    case "unsubscribe":
      return writer.tag(4, WireType.LengthDelimited).string(field.name);
    case "version":
      return writer
        .tag(5, WireType.LengthDelimited)
        .fork()
        .tag(1, WireType.LengthDelimited)
        .string(field.name)
        .tag(2, WireType.LengthDelimited)
        .string(field.version)
        .join();
    case "unknown":
      return writer.tag(99, WireType.Varint).uint32(field.number);
  }
}

function encoded(list: readonly Field[]): Buffer {
  return Buffer.from(list.reduce(write, new BinaryWriter()).finish());
}

test("a request for differences has the names and versions that were written", () => {
  fc.assert(
    fc.property(fields.map(distinct), (list) => {
      const { request } = decodeDeltaRequest(encoded(list));
      const namesOf = (is: Field["is"]): string[] =>
        list.flatMap((field) => (field.is === is && "name" in field ? [field.name] : []));
      const versions = list.flatMap((field) =>
        field.is === "version" ? [[field.name, field.version] as const] : [],
      );
      expect(request.subscribe).toEqual(namesOf("subscribe"));
      expect(request.unsubscribe).toEqual(namesOf("unsubscribe"));
      expect(request.initialVersions.entries()).toEqual(new Map(versions));
    }),
  );
});

test("a request for the state of the world has the names that were written", () => {
  fc.assert(
    fc.property(fc.array(subscribed, { maxLength: 30 }), (list) => {
      const names = list.map((field) => ("name" in field ? field.name : ""));
      expect(decodeSotwRequest(encoded(list)).request.names).toEqual(names);
    }),
  );
});

test.each([
  ["a name", [0x1a, 5, 0x61]],
  ["a version", [0x2a, 9, 0x0a, 1, 0x61, 0x12, 9, 0x62]],
  ["a length", [0x1a, 0xff]],
])("a request in which %s is cut off is no message", (_, bytes) => {
  expect(() => decodeDeltaRequest(Buffer.from(bytes))).toThrow("not a DeltaDiscoveryRequest");
});

test("a response in state of the world has an assignment without endpoints for a name that has none", () => {
  const resources = [resource("endpoint", "there")];
  const payload = { version: "v", resources, changed: resources, removed: ["gone"] };
  const typeUrl = TYPE_URL.endpoint;
  const { parts } = encodeResponse({
    typeUrl,
    style: "partial",
    nonce: "n",
    payload,
    isShared: false,
  });
  const schema = messageType("envoy.service.discovery.v3.DiscoveryResponse");
  const message = toJson(schema, fromBinary(schema, Buffer.concat(parts.slice(1))), { registry });
  expect(message).toMatchObject({
    versionInfo: "v",
    resources: expect.arrayContaining([
      expect.objectContaining({ clusterName: "there" }),
      { "@type": typeUrl, clusterName: "gone" },
    ]) as unknown,
  });
});

test("of what a client says is wrong no more is read than anybody would look at", () => {
  const types = ["DeltaDiscoveryRequest", "DiscoveryRequest"].map((name) =>
    messageType(`envoy.service.discovery.v3.${name}`),
  );
  const [delta, sotw] = types.map((type) => {
    const json = { responseNonce: "1", errorDetail: { message: "x".repeat(1_000_000) } };
    return Buffer.from(toBinary(type, fromJson(type, json, { registry })));
  }) as [Buffer, Buffer];
  const errors = [decodeDeltaRequest(delta), decodeSotwRequest(sotw)].map(
    ({ request }) => request.error,
  );
  expect(errors).toEqual(["x".repeat(65_536), "x".repeat(65_536)]);
});
