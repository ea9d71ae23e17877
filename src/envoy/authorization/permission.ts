/** What a request is for: the attributes of the permissions of Envoy's RBAC. */
import { RE2JS } from "re2js";
import type { AuthorizationOperation } from "../../config/kinds/security/authorization-fields.js";
import { cidrRange } from "../address.js";
import { any } from "../any.js";
import type { PermissionJson, ValueMatcherJson } from "../api.js";
import {
  type Algebra,
  type Attribute,
  type AttributeTest,
  attributeTest,
  type MetadataTest,
} from "./attribute.js";
import { anyValue } from "./jwt-claims.js";
import { headerPattern, hostPattern, stringPattern } from "./value-pattern.js";

type Match = (value: string) => PermissionJson;

/** How permissions are put together. */
export const PERMISSIONS: Algebra<PermissionJson> = {
  any: { any: true },
  all: (rules) => ({ andRules: { rules: [...rules] } }),
  not: (notRule) => ({ notRule }),
};

function attribute(match: Match, httpOnly: boolean): Attribute<PermissionJson> {
  return { httpOnly, oneOf: (values) => ({ orRules: { rules: values.map(match) } }) };
}

const HOST = attribute((value) => ({ header: hostPattern(value) }), true);
const METHOD = attribute((value) => ({ header: headerPattern(":method", value) }), true);
const LET_IN_PATH = attribute(templatePath, true);
const PATH = attribute(path, true);
const PORT = attribute((value) => ({ destinationPort: Number(value) }), false);
const ADDRESS = attribute((value) => ({ destinationIp: cidrRange(value) }), false);
// Envoy has the name in small letters, however the client writes it.
const SERVER_NAME = attribute(
  (value) => ({ requestedServerName: stringPattern(value.toLowerCase()) }),
  false,
);

/** `{*}` and `{**}` make a path a template, of whole segments. */
const TEMPLATE = /(\{\*{1,2}\})/;

/** A path that is let in: as Istio asks, by Envoy's own templates. They are for paths of the characters of RFC 3986 alone. */
function templatePath(value: string): PermissionJson {
  if (!TEMPLATE.test(value)) return path(value);
  const pathTemplate = value.replaceAll(/\{(\*{1,2})\}/g, "$1");
  return {
    uriTemplate: {
      name: "uri-template",
      typedConfig: any("envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig", {
        pathTemplate,
      }),
    },
  };
}

/** A path of any characters: what is kept out would get past Envoy's own templates by a bracket in a segment. */
function path(value: string): PermissionJson {
  const parts = value.split(TEMPLATE);
  if (parts.length === 1) return { urlPath: { path: stringPattern(value) } };
  const regex = parts.map((part) => WILDCARDS[part] ?? RE2JS.quote(part)).join("");
  return { urlPath: { path: { safeRegex: { regex } } } };
}

const WILDCARDS: Readonly<Record<string, string>> = { "{*}": "[^/]+", "{**}": ".*" };

const METADATA = /^experimental\.(envoy\.filters\.[^[]*)\[(.+)\]$/s;

/** What another filter said of the request: a text, or a list in which one of the texts is (`[x]`). */
function filterMetadata(filter: string, key: string): Attribute<PermissionJson> {
  return {
    httpOnly: false,
    oneOf: (values): MetadataTest => ({
      metadata: { filter, path: [{ key }], value: anyValue(values.map(metadataValue)) },
    }),
  };
}

function metadataValue(value: string): ValueMatcherJson {
  const inBrackets = /^\[(.*)\]$/s.exec(value)?.[1];
  return inBrackets === undefined
    ? { stringMatch: stringPattern(value) }
    : { listMatch: { oneOf: { stringMatch: stringPattern(inBrackets) } } };
}

/** The attribute of what a request is for that a condition's key names; undefined when it names none. */
export function permissionAttribute(key: string): Attribute<PermissionJson> | undefined {
  switch (key) {
    case "destination.ip":
      return ADDRESS;
    case "destination.port":
      return PORT;
    case "connection.sni":
      return SERVER_NAME;
    default: {
      const [, filter, member] = METADATA.exec(key) ?? [];
      return filter === undefined || member === undefined
        ? undefined
        : filterMetadata(filter, member);
    }
  }
}

/** What an operation asks, in Istio's order; `allows` when its rule lets requests in. */
export function operationTests(
  operation: AuthorizationOperation,
  allows: boolean,
): readonly AttributeTest<PermissionJson>[] {
  return [
    ...attributeTest(HOST, operation.hosts, operation.notHosts),
    ...attributeTest(METHOD, operation.methods, operation.notMethods),
    ...attributeTest(allows ? LET_IN_PATH : PATH, operation.paths),
    ...attributeTest(PATH, [], operation.notPaths),
    ...attributeTest(PORT, operation.ports, operation.notPorts),
  ];
}
