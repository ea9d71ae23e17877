/** Envoy's client status discovery service: envoy/service/status/v3/csds.proto. */
import type { JsonObject } from "@bufbuild/protobuf";
import type { ServiceDefinition } from "@grpc/grpc-js";
import { RE2JS } from "re2js";
import type { ClientStatusRequestJson } from "../../../gen/types/envoy/service/status/v3/csds_pb.js";
import type { NodeMatcherJson } from "../../../gen/types/envoy/type/matcher/v3/node_pb.js";
import type { StringMatcherJson } from "../../../gen/types/envoy/type/matcher/v3/string_pb.js";
import { CallRefused } from "../../grpc/call-refused.js";
import { addService } from "../../grpc/hosted-service.js";
import type { GrpcServer } from "../../grpc/server.js";
import { status } from "../../grpc/status-code.js";
import type { TypeStatus } from "../../xds/state/status/stream-status.js";
import { describeProxy } from "../api/describe-proxy.js";
import { type Answer, type CallGuard, eachRequest, unary } from "../calls.js";
import type { ReadAccepted, ShownResource } from "../held/accepted-resources.js";
import { type Connection, connectionsOf, type Observed } from "../observed.js";
import { timestamp } from "../timestamp.js";
import { clientStatus } from "./client-status.js";

/** The name of the service. */
export const CLIENT_STATUS_SERVICE = "envoy.service.status.v3.ClientStatusDiscoveryService";

/** What the service is made of. */
export interface ClientStatusOptions {
  readonly definition: ServiceDefinition;
  readonly observed: Observed;
  readonly readAccepted: ReadAccepted;
}

/** So many resources are written in one answer; more would keep proxies waiting for theirs. */
const MAX_RESOURCES = 5000;

function matchesText(matcher: StringMatcherJson, text: string): boolean {
  const fold = (one: string): string => (matcher.ignoreCase === true ? one.toLowerCase() : one);
  const value = fold(text);
  if (matcher.exact !== undefined) return value === fold(matcher.exact);
  if (matcher.prefix !== undefined) return value.startsWith(fold(matcher.prefix));
  if (matcher.suffix !== undefined) return value.endsWith(fold(matcher.suffix));
  if (matcher.contains !== undefined) return value.includes(fold(matcher.contains));
  if (matcher.safeRegex?.regex !== undefined) return matchesRegex(matcher.safeRegex.regex, text);
  throw new CallRefused(status.INVALID_ARGUMENT, "a node matcher's node_id has no pattern");
}

function matchesRegex(regex: string, text: string): boolean {
  try {
    return RE2JS.compile(regex).matches(text);
  } catch {
    throw new CallRefused(status.INVALID_ARGUMENT, `${regex} is no regular expression of RE2`);
  }
}

function matches({ nodeId, nodeMetadatas = [] }: NodeMatcherJson, id: string): boolean {
  if (nodeId === undefined || nodeMetadatas.length > 0) {
    throw new CallRefused(status.INVALID_ARGUMENT, "node matchers are for node_id alone");
  }
  return matchesText(nodeId, id);
}

function resourceState(
  { name, accepted, refused, updatedAt }: ShownResource,
  typeUrl: string,
): JsonObject {
  const held =
    accepted === undefined
      ? {}
      : {
          versionInfo: accepted.version,
          xdsConfig: accepted.json,
          lastUpdated: timestamp(updatedAt),
        };
  const judged =
    refused === undefined
      ? { configStatus: "SYNCED", clientStatus: "ACKED" }
      : {
          configStatus: "ERROR",
          clientStatus: "NACKED",
          errorState: {
            lastUpdateAttempt: timestamp(refused.at),
            details: refused.error,
            versionInfo: refused.version,
          },
        };
  return { typeUrl, name, ...held, ...judged };
}

/** An entry for each resource of a type; for the type itself where it has none, or where some are not answered yet. */
function typeStates(
  { typeUrl, unjudged }: TypeStatus,
  whole: readonly JsonObject[],
  resources: readonly ShownResource[],
): readonly JsonObject[] {
  const each = resources.map((resource) => resourceState(resource, typeUrl));
  if (each.length > 0 && unjudged === 0) return each;
  return [...whole.filter((one) => one["typeUrl"] === typeUrl), ...each];
}

async function withResources(
  connection: Connection,
  { observed, readAccepted }: ClientStatusOptions,
): Promise<JsonObject> {
  const { stream } = connection;
  const shown = await readAccepted(stream, observed);
  const { node, genericXdsConfigs } = clientStatus(describeProxy(connection, observed));
  return {
    node,
    genericXdsConfigs: stream.types.flatMap((type) =>
      typeStates(type, genericXdsConfigs, shown.get(type.typeUrl) ?? []),
    ),
  };
}

function refuseTooMany(
  connections: readonly Connection[],
  { observed }: ClientStatusOptions,
): void {
  let count = 0;
  for (const { stream } of connections) {
    for (const { typeUrl } of stream.types) {
      count += observed.accepted(stream.stream, typeUrl).length;
      if (count <= MAX_RESOURCES) continue;
      throw new CallRefused(
        status.RESOURCE_EXHAUSTED,
        `these clients hold more than ${MAX_RESOURCES} resources: ask with exclude_resource_contents, or for fewer by a node matcher`,
      );
    }
  }
}

function createAnswer(options: ClientStatusOptions): Answer<ClientStatusRequestJson, JsonObject> {
  return async ({ nodeMatchers = [], excludeResourceContents = false }) => {
    const connections = connectionsOf(options.observed).filter(
      ({ proxy }) =>
        nodeMatchers.length === 0 || nodeMatchers.some((matcher) => matches(matcher, proxy.id)),
    );
    if (excludeResourceContents) {
      const described = connections.map((one) => describeProxy(one, options.observed));
      return { config: described.map(clientStatus) };
    }
    refuseTooMany(connections, options);
    const config: JsonObject[] = [];
    for (const connection of connections) config.push(await withResources(connection, options));
    return { config };
  };
}

/** Adds the service to a server. */
export function addClientStatusService(
  server: GrpcServer,
  guard: CallGuard,
  options: ClientStatusOptions,
): void {
  const answer = createAnswer(options);
  addService(server, options.definition, {
    FetchClientStatus: unary(answer, guard),
    StreamClientStatus: eachRequest(answer, guard),
  });
}
