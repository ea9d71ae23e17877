/** Fetches a module, and looks at what it is. */
import { errorMessage } from "../base/error-message.js";
import { type AllowedHost, formatAllowedHost, hostOfUrl, placeOf } from "../net/allowed-host.js";
import { withinTime } from "../net/within-time.js";
import { moduleProblem } from "./check-module.js";
import { type GetContext, get } from "./get.js";
import { moduleOfImage } from "./image-module.js";
import { hostOfRegistry, type ImageReference, parseImageReference } from "./image-reference.js";
import { ModuleError } from "./module-error.js";
import { isPinned } from "./pull-policy.js";
import { openRegistry } from "./registry.js";
import { credentialsFor } from "./registry-credentials.js";
import { MAX_MODULE_BYTES, sha256Of, unboxed } from "./unpack.js";

/** A module that is to be fetched. */
export interface ModuleSource {
  /** `https`, `http` or `oci`. */
  readonly url: string;
  /** Of the module, or of the image that it is in; `""` for any. */
  readonly sha256: string;
  /** The text of a `.dockerconfigjson`; absent without one. */
  readonly credentials?: string;
}

/** What was fetched. */
export interface FetchedModule {
  /** Of the code. */
  readonly sha256: string;
  readonly code: Uint8Array;
}

/** Where it may come from. */
export interface FetchModuleOptions extends Omit<GetContext, "signal"> {
  /** How long it may take in all. */
  readonly timeoutMs: number;
}

const LONGEST_URL = 2048;

/**
 * Why a module is not fetched at all; undefined of one that is. A URL goes into a private file, so that it cannot be of any
 * length.
 */
export function refusal(url: string, hosts: readonly AllowedHost[]): string | undefined {
  const host = url.length > LONGEST_URL ? undefined : hostOf(url);
  if (host === undefined) return "its URL is none that a module can be fetched from";
  if (placeOf(host, hosts) !== undefined) return undefined;
  return `nobody allowed to fetch from there: start with --fetch-modules ${formatAllowedHost(host)}`;
}

/**
 * Fetches a module of a host that is allowed.
 * @throws ModuleError
 */
export async function fetchModule(
  source: ModuleSource,
  ending: AbortSignal,
  { timeoutMs, ...options }: FetchModuleOptions,
): Promise<FetchedModule> {
  try {
    const code = await withinTime(timeoutMs, ending, (signal) =>
      codeOf(source, { ...options, signal }),
    );
    const problem = await moduleProblem(code);
    // The same bytes are no other module at another time.
    if (problem !== undefined) throw new ModuleError(problem, { isFinal: isPinned(source) });
    return { sha256: sha256Of(code), code };
  } catch (error) {
    if (error instanceof ModuleError) throw error;
    throw new ModuleError(errorMessage(error), { cause: error });
  }
}

function hostOf(url: string): AllowedHost | undefined {
  const image = parseImageReference(url);
  if (image !== undefined) return hostOfImage(image);
  return /^https?:\/\//i.test(url) && URL.canParse(url) ? hostOfUrl(new URL(url)) : undefined;
}

function hostOfImage({ registry }: ImageReference): AllowedHost | undefined {
  return URL.canParse(`https://${registry}`) ? hostOfRegistry(registry) : undefined;
}

async function codeOf(
  { url, sha256, credentials }: ModuleSource,
  context: GetContext,
): Promise<Buffer> {
  const image = parseImageReference(url);
  if (image !== undefined) {
    const shown =
      credentials === undefined ? undefined : credentialsFor(image.registry, credentials);
    return moduleOfImage(image, sha256, openRegistry(image, shown, context));
  }
  const answer = await get({ url: new URL(url), maxBytes: MAX_MODULE_BYTES }, context);
  if (answer.status !== 200) {
    throw new ModuleError(`its server answers with status ${String(answer.status)}`);
  }
  const code = await unboxed(answer.body);
  const found = sha256Of(code);
  if (sha256 === "" || sha256 === found) return code;
  throw new ModuleError(`the SHA-256 of what is there is ${found} and not ${sha256}`);
}
