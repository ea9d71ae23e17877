import Type from "typebox";
import type { DiscoveryRequestJson } from "../../../gen/types/envoy/service/discovery/v3/discovery_pb.js";
import { TYPE_URL } from "../../../src/xds/resource.js";
import { openSotw, type SotwStream } from "../../../test/wire/xds/discovery-client.js";
import { serveView, type TypeName, type ViewSketch } from "../../../test/wire/xds/view-server.js";
import { defineSuite } from "../suite.js";
import { BARRIER } from "./editions.js";

const Names = Type.Optional(Type.Union([Type.Array(Type.String()), Type.Null()]));

const Watched = Type.Object({
  nonceSent: Type.Optional(Type.String()),
  /** The client has accepted the response before, so that it asks again. */
  alwaysRespond: Type.Optional(Type.Boolean()),
  resourceNames: Names,
});

/** Which requests of state of the world are answered, after a client was sent what it watches. */
export const xdsShouldRespond = defineSuite(
  "xds-should-respond",
  Type.Object({
    watched: Type.Record(Type.String(), Watched),
    request: Type.Object({
      typeUrl: Type.String(),
      versionInfo: Type.Optional(Type.String()),
      responseNonce: Type.Optional(Type.String()),
      resourceNames: Names,
    }),
    respond: Type.Boolean(),
  }),
  async ({ watched, request, respond }) => {
    const names = [
      ...Object.values(watched).flatMap(({ resourceNames }) => resourceNames ?? []),
      ...(request.resourceNames ?? []),
    ];
    const server = await serveView(viewOf([...names, "other"]));
    const stream = openSotw(server.address);
    try {
      const nonces = new Map<string, string>();
      for (const [typeUrl, given] of Object.entries(watched)) {
        const nonce = await watch(stream, typeUrl, given);
        nonces.set(given.nonceSent ?? "", nonce);
      }
      const { responseNonce = "", resourceNames, ...rest } = request;
      const nonce = nonces.get(responseNonce) ?? responseNonce;
      stream.send({ node, ...rest, resourceNames: resourceNames ?? [], responseNonce: nonce });
      const responded = await answers(stream, request.typeUrl);
      return {
        passed: responded === respond,
        got: responded ? "a response" : "no response",
        expected: `${respond ? "a response" : "no response"} to ${JSON.stringify(request)}`,
      };
    } finally {
      stream.close();
      server.close();
    }
  },
);

const node = { id: "conformance" };

function viewOf(names: readonly string[]): ViewSketch {
  const editions = Object.fromEntries(names.map((name) => [name, "1"]));
  const types = Object.keys(TYPE_URL) as TypeName[];
  return Object.fromEntries(types.map((type) => [type, editions]));
}

/** Subscribes as a client does that watches a type; the result is the nonce of what it was sent. */
async function watch(
  stream: SotwStream,
  typeUrl: string,
  { alwaysRespond = false, resourceNames }: Type.Static<typeof Watched>,
): Promise<string> {
  const asked = {
    node,
    typeUrl,
    resourceNames: resourceNames ?? [],
  } satisfies DiscoveryRequestJson;
  stream.send(asked);
  const { nonce = "", versionInfo = "" } = await stream.next();
  if (alwaysRespond) stream.send({ ...asked, responseNonce: nonce, versionInfo });
  return nonce;
}

/** Whether a response of a type comes before the answer to a question for something else. */
async function answers(stream: SotwStream, typeUrl: string): Promise<boolean> {
  stream.send({ node, typeUrl: TYPE_URL[BARRIER], resourceNames: ["other"] });
  for (;;) {
    const response = await stream.next();
    if (response.typeUrl === typeUrl) return true;
    if (response.typeUrl === TYPE_URL[BARRIER]) return false;
  }
}
