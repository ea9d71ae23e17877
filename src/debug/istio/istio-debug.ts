/**
 * The questions of istioctl: types `istio.io/debug...` on a discovery stream. See Istio, pilot/pkg/xds, `StatusGen` and
 * `DebugGen`.
 */

import {
  create,
  type DescMessage,
  fromJson,
  type JsonObject,
  type Registry,
  toBinary,
} from "@bufbuild/protobuf";
import type { ControlPlaneJson } from "../../../gen/types/fairlead/debug/v1/debug_pb.js";
import { typeUrlOf } from "../../base/protobuf/type-url.js";
import { CallRefused } from "../../grpc/call-refused.js";
import { status } from "../../grpc/status-code.js";
import type { Question, Questions } from "../../xds/questions.js";
import type { CheckAccess } from "../access.js";
import { describeProxy } from "../api/describe-proxy.js";
import type { ComposeDump } from "../held/config-dump.js";
import { connectionsOf, type Observed } from "../observed.js";
import { clientStatus } from "./client-status.js";
import { controlPlaneIdentifier } from "./control-plane-identifier.js";
import { answerPath } from "./debug-paths.js";
import { FILLED_SECTIONS, istioDump } from "./istio-dump.js";
import { CLIENT_CONFIG, SYNC } from "./status-response.js";

const PREFIX = "istio.io/debug";
const DUMP = `${PREFIX}/config_dump`;
const RESPONSE = "envoy.service.discovery.v3.DiscoveryResponse";

/** What questions are answered with. */
export interface IstioDebugOptions {
  readonly observed: Observed;
  readonly controlPlane: ControlPlaneJson;
  readonly composeDump: ComposeDump;
  readonly checkAccess: CheckAccess;
  /** Has Envoy's messages. */
  readonly registry: Registry;
}

/** What a response carries: the value of an Any and its type. */
interface Carried {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

function messageOf(registry: Registry, typeName: string): DescMessage {
  const schema = registry.getMessage(typeName);
  if (schema === undefined) throw new CallRefused(status.UNIMPLEMENTED, `no type ${typeName}`);
  return schema;
}

/** A message that is written as canonical protobuf JSON, as an Any. */
function carried(registry: Registry, typeName: string, json: JsonObject): Carried {
  const schema = messageOf(registry, typeName);
  const value = toBinary(schema, fromJson(schema, json, { registry }));
  return { typeUrl: typeUrlOf(typeName), value };
}

function response(
  registry: Registry,
  { typeUrl }: Question,
  resources: readonly Carried[],
  controlPlane: ControlPlaneJson,
): Buffer {
  const schema = messageOf(registry, RESPONSE);
  const message = {
    typeUrl,
    resources: [...resources],
    controlPlane: { identifier: controlPlaneIdentifier(controlPlane) },
  };
  return Buffer.from(toBinary(schema, create(schema, message)));
}

/** The one name of a question that has to have one. */
function onlyName({ names }: Question): string {
  const [name] = names;
  if (name !== undefined && names.length === 1) return name;
  throw new CallRefused(
    status.INVALID_ARGUMENT,
    `a debug request names one resource, this one ${names.length}`,
  );
}

async function answerOf(
  question: Question,
  { observed, composeDump, registry, controlPlane }: IstioDebugOptions,
): Promise<readonly Carried[]> {
  switch (question.typeUrl) {
    case SYNC:
      return connectionsOf(observed).map((connection) =>
        carried(registry, CLIENT_CONFIG, clientStatus(describeProxy(connection, observed))),
      );
    case DUMP: {
      const id = onlyName(question);
      const connection = connectionsOf(observed).find(({ proxy }) => proxy.id === id);
      if (connection === undefined) return [];
      const sections = istioDump(
        await composeDump(connection.stream, observed, [...FILLED_SECTIONS]),
      );
      return sections.map(({ name, json }) => carried(registry, name, json));
    }
    default: {
      const path = onlyName(question);
      const text = await answerPath(path, { observed, composeDump, controlPlane });
      return [{ typeUrl: PREFIX, value: Buffer.from(text) }];
    }
  }
}

/** Answers istioctl, if it may ask. */
export function createIstioDebug(options: IstioDebugOptions): Questions {
  return {
    concerns: (typeUrl) => [PREFIX, SYNC, DUMP].includes(typeUrl),
    answer: async (question) => {
      const { peer } = question;
      const access = await options.checkAccess(peer.isEncrypted ? "tls" : "plaintext", peer);
      if (access.kind === "denied") throw new CallRefused(access.code, access.message);
      const resources = await answerOf(question, options);
      return response(options.registry, question, resources, options.controlPlane);
    },
  };
}
