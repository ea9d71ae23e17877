/** The file that says whose JSON Web Tokens let proxies in: a list of Istio's JWTRules, as far as they fit. */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import Type from "typebox";
import {
  type JwtIssuer,
  type JwtKeys,
  JwtKeysError,
  keyFinder,
} from "../../ca/token/jwt-issuer.js";
import { formatPath } from "../../config/format-path.js";
import { validateBody } from "../../config/schema/schema.js";
import { parseSection } from "../../config/yaml/parse-section.js";
import { AppError } from "../app-error.js";

const NAME = Type.String({ minLength: 1 });

const SOURCE = Type.Union([
  Type.Object({ claim: NAME }, { additionalProperties: false }),
  Type.Object({ value: NAME }, { additionalProperties: false }),
]);

const WORKLOAD = Type.Object(
  {
    namespace: SOURCE,
    serviceAccount: SOURCE,
    where: Type.Optional(Type.Record(NAME, Type.Array(NAME, { minItems: 1 }))),
  },
  { additionalProperties: false },
);

/** `jwksFile`, `namespaces` and `workload` are ours, the rest is JWTRule's. See Istio, security/v1/request_authentication.proto. */
const RULE = Type.Object(
  {
    issuer: NAME,
    audiences: Type.Array(NAME, { minItems: 1 }),
    jwks: Type.Optional(NAME),
    jwksUri: Type.Optional(NAME),
    jwksFile: Type.Optional(NAME),
    namespaces: Type.Optional(Type.Array(NAME, { minItems: 1 })),
    workload: Type.Optional(WORKLOAD),
  },
  { additionalProperties: false },
);

type Rule = Type.Static<typeof RULE>;

const DEFINITION = { body: "document", schema: Type.Array(RULE, { minItems: 1 }) } as const;
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * Reads the file, which is YAML or JSON.
 * @throws AppError with what is wrong and where
 */
export async function readJwtIssuers(path: string): Promise<readonly JwtIssuer[]> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw unusable(path, "cannot be read", cause);
  });
  const parsed = parseSection(text);
  if (parsed.error !== undefined) throw unusable(path, parsed.error.message);
  const [rules] = parsed.documents;
  const [finding] = validateBody(DEFINITION, rules);
  if (finding !== undefined) {
    throw unusable(path, `${formatPath(finding.path)}: ${finding.message}`);
  }
  const issuers = (rules as readonly Rule[]).map((rule) => issuerOf(rule, path));
  const names = issuers.map(({ issuer }) => issuer);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw unusable(path, `the issuer ${twice} is there twice`);
  return issuers;
}

function issuerOf(rule: Rule, path: string): JwtIssuer {
  const { issuer, audiences, namespaces, workload } = rule;
  // Who writes what becomes of a token's claims there is not who decides here.
  if (workload !== undefined && "claim" in workload.namespace && namespaces === undefined) {
    throw unusable(path, `${issuer} needs namespaces, because a claim names them`);
  }
  const keys = keysOf(rule, path);
  try {
    keyFinder(keys);
  } catch (error) {
    if (error instanceof JwtKeysError) throw unusable(path, `${issuer}: ${error.message}`);
    throw error;
  }
  return {
    issuer,
    audiences,
    keys,
    ...(namespaces === undefined ? {} : { namespaces }),
    ...(workload === undefined ? {} : { workload }),
  };
}

function keysOf({ issuer, jwks, jwksUri, jwksFile }: Rule, path: string): JwtKeys {
  const given: JwtKeys[] = [];
  if (jwks !== undefined) given.push({ jwks });
  if (jwksUri !== undefined) given.push({ jwksUri: trustworthy(jwksUri, path) });
  if (jwksFile !== undefined) given.push({ jwksFile: resolve(dirname(path), jwksFile) });
  const [keys, ...rest] = given;
  if (keys === undefined || rest.length > 0) {
    throw unusable(path, `${issuer} needs one of jwks, jwksUri and jwksFile`);
  }
  return keys;
}

/** Who can change the keys on their way can make any identity. */
function trustworthy(uri: string, path: string): string {
  if (!URL.canParse(uri)) throw unusable(path, `jwksUri ${JSON.stringify(uri)} is no URL`);
  const { protocol, hostname } = new URL(uri);
  if (protocol === "https:" || (protocol === "http:" && LOOPBACK.test(hostname))) return uri;
  throw unusable(path, `jwksUri ${uri} has to begin with https://`);
}

function unusable(path: string, what: string, cause?: unknown): AppError {
  return new AppError("issuers-unusable", `${path}: ${what}`, {
    hint: "it is a list of {issuer, audiences, jwksUri, jwksFile or jwks}; see docs/security.md",
    cause,
  });
}
