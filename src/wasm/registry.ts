/** Gets manifests and blobs from a registry of images, which may want to know who asks. See OCI's distribution specification. */

import { parseJson } from "../base/parse-json.js";
import { limitedAscii } from "../base/text/limited-ascii.js";
import { CallError } from "../net/call-url.js";
import { type Answer, type GetContext, type GetRequest, get } from "./get.js";
import { type ImageReference, isOfThisMachine, urlOfRegistry } from "./image-reference.js";
import { ModuleError } from "./module-error.js";
import type { RegistryCredentials } from "./registry-credentials.js";

/** See the top of this file. All that it throws is a ModuleError or a CallError. */
export interface Registry {
  /** The manifest of a tag or a digest. */
  readonly manifest: (reference: string) => Promise<Buffer>;
  /** What has a digest. */
  readonly blob: (digest: string, maxBytes: number) => Promise<Buffer>;
}

const MANIFEST_TYPES = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
].join(", ");
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
const MAX_TOKEN_BYTES = 1024 * 1024;
/** What a server without TLS is taken for by those who want it. */
const WITHOUT_TLS: readonly (string | undefined)[] = [
  "EPROTO",
  "ERR_SSL_WRONG_VERSION_NUMBER",
  "ERR_SSL_PACKET_LENGTH_TOO_LONG",
];

/** The registry of an image. Nothing is asked before something is wanted. */
export function openRegistry(
  { registry, repository }: ImageReference,
  credentials: RegistryCredentials | undefined,
  context: GetContext,
): Registry {
  let base = urlOfRegistry(registry, "https");
  let authorization =
    credentials !== undefined && "token" in credentials ? `Bearer ${credentials.token}` : undefined;

  const ask = (path: string, request: Omit<GetRequest, "url">): Promise<Answer> =>
    get(
      {
        ...request,
        url: new URL(`${repository}/${path}`, base),
        ...(authorization === undefined ? {} : { authorization }),
      },
      context,
    );
  const askAnyhow = async (path: string, request: Omit<GetRequest, "url">): Promise<Answer> => {
    try {
      return await ask(path, request);
    } catch (error) {
      const isPlain = error instanceof CallError && WITHOUT_TLS.includes(error.code);
      if (!isPlain || base.protocol === "http:" || !isOfThisMachine(registry)) throw error;
      base = urlOfRegistry(registry, "http");
      return ask(path, request);
    }
  };
  const bytesOf = async (path: string, request: Omit<GetRequest, "url">): Promise<Buffer> => {
    let answer = await askAnyhow(path, request);
    if (answer.status === 401) {
      authorization = await authorizationFor(answer, { base, repository, credentials }, context);
      answer = await ask(path, request);
    }
    if (answer.status === 200) return answer.body;
    throw new ModuleError(problemOf(answer.status, path, credentials));
  };
  return {
    manifest: (reference) =>
      bytesOf(`manifests/${reference}`, {
        headers: { accept: MANIFEST_TYPES },
        maxBytes: MAX_MANIFEST_BYTES,
      }),
    blob: (digest, maxBytes) => bytesOf(`blobs/${digest}`, { maxBytes }),
  };
}

function problemOf(
  status: number,
  path: string,
  credentials: RegistryCredentials | undefined,
): string {
  const answers = `its registry answers with status ${String(status)} when it is asked for ${path}`;
  if (status !== 401 && status !== 403) return answers;
  return credentials === undefined
    ? `${answers}; if it wants credentials, name a Secret that has them as imagePullSecret`
    : `${answers}, with the credentials of its imagePullSecret`;
}

/** Who asks for what. */
interface Asking {
  readonly base: URL;
  readonly repository: string;
  readonly credentials: RegistryCredentials | undefined;
}

/** What a registry is to be shown that said what it wants to see. */
async function authorizationFor(
  { headers }: Answer,
  asking: Asking,
  context: GetContext,
): Promise<string | undefined> {
  const basic = basicOf(asking.credentials);
  const challenge = headers["www-authenticate"] ?? "";
  const [scheme = "", text = ""] = /^\s*(\S+)\s*(.*)$/s.exec(challenge)?.slice(1) ?? [];
  if (scheme.toLowerCase() === "basic") return basic;
  if (scheme.toLowerCase() !== "bearer") return undefined;
  const answer = await get(
    {
      url: tokenUrl(parametersOf(text), asking),
      ...(basic === undefined ? {} : { authorization: basic }),
      headers: { accept: "application/json" },
      maxBytes: MAX_TOKEN_BYTES,
    },
    context,
  );
  const token = answer.status === 200 ? tokenIn(answer.body) : undefined;
  if (token !== undefined) return `Bearer ${token}`;
  const problem = `who gives tokens for its registry gave none: status ${String(answer.status)}`;
  throw new ModuleError(problem);
}

function basicOf(credentials: RegistryCredentials | undefined): string | undefined {
  if (credentials === undefined || "token" in credentials) return undefined;
  const { user, password } = credentials;
  return `Basic ${Buffer.from(`${user}:${password}`, "utf8").toString("base64")}`;
}

/** The parameters of a challenge, by their names in small letters. */
function parametersOf(text: string): ReadonlyMap<string, string> {
  const parameters = text.matchAll(/(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/g);
  return new Map(
    [...parameters].map(([, name = "", quoted, plain = ""]) => [
      name.toLowerCase(),
      quoted?.replace(/\\(.)/g, "$1") ?? plain,
    ]),
  );
}

/** Where a token is to be had. Credentials are shown there: over TLS, unless the registry itself has none. */
function tokenUrl(parameters: ReadonlyMap<string, string>, { base, repository }: Asking): URL {
  const realm = parameters.get("realm") ?? "";
  const url = URL.canParse(realm) ? new URL(realm) : undefined;
  if (url?.protocol !== "https:" && (url?.protocol !== "http:" || base.protocol !== "http:")) {
    throw new ModuleError(`its registry wants a token of ${JSON.stringify(limitedAscii(realm))}`);
  }
  const service = parameters.get("service");
  if (service !== undefined) url.searchParams.set("service", service);
  url.searchParams.set("scope", parameters.get("scope") ?? `repository:${repository}:pull`);
  return url;
}

function tokenIn(body: Buffer): string | undefined {
  const value = parseJson(body.toString("utf8"));
  if (typeof value !== "object" || value === null) return undefined;
  const token = "token" in value ? value.token : "access_token" in value ? value.access_token : "";
  return typeof token === "string" && /^[\x21-\x7e]+$/.test(token) ? token : undefined;
}
