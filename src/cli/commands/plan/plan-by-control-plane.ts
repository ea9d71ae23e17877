/** The plan of a directory in the place of what a control plane reads, made by the control plane. */
import { basename, relative, resolve, sep } from "node:path";
import type {
  PlannedFileJson,
  PlanRequestJson,
  PlanResponseJson,
} from "../../../../gen/types/fairlead/debug/v1/debug_pb.js";
import type { Source } from "../../../config/sources/source.js";
import type { Plan } from "../../../console/plan/plan.js";
import { fileDigest } from "../../../debug/api/file-digest.js";
import type { Proxy } from "../../../mesh/proxy/proxy.js";
import { CommandError } from "../../command-error.js";
import { askControlPlane } from "../../connection/connect.js";
import type { ConnectionOptions } from "../../connection/connection-options.js";
import type { CommandContext } from "../../context.js";
import { plannedSources } from "./planned-sources.js";

/** So many files are told of in a message: the control plane looks at each, and at nothing else meanwhile. */
const MAX_FILES = 500;
/** Characters of texts in a message, but for one that is longer by itself. */
const MAX_LENGTH = 2 ** 20;

/**
 * See the top of this file. The control plane is sent the files that it does not have, or has otherwise.
 * @throws CommandError when the directory or the control plane cannot be read
 */
export async function planByControlPlane(
  context: CommandContext,
  directory: string,
  options: ConnectionOptions,
): Promise<Plan> {
  const { roots, changed: sources } = await plannedSources(directory);
  const [problem] = roots.flatMap(({ problems }) => problems);
  if (problem !== undefined) throw new CommandError(problem.message, "plan with fewer files");
  return askControlPlane(context, options, async (client) => {
    const { ask, end } = client.plan();
    const missing = new Set<string>();
    for (const request of listing(directory, sources)) {
      for (const path of (await ask(request)).missing ?? []) missing.add(path);
    }
    for (const request of texts(directory, sources, missing)) await ask(request);
    const json = await piecesOf(ask);
    end();
    return JSON.parse(json) as Plan;
  });
}

/** The proxies that are connected to a control plane, as it knows them. */
export async function connectedProxies(
  context: CommandContext,
  options: ConnectionOptions,
): Promise<readonly Proxy[]> {
  const { proxies = [] } = await askControlPlane(context, options, (client) =>
    client.getConfiguration(),
  );
  return proxies.map((json) => JSON.parse(json) as Proxy);
}

/** What is asked at first. */
function* listing(directory: string, sources: readonly Source[]): Generator<PlanRequestJson> {
  const head = { directory, name: basename(resolve(directory)) };
  for (let start = 0; start === 0 || start < sources.length; start += MAX_FILES) {
    const files = sources.slice(start, start + MAX_FILES).map(
      (source): PlannedFileJson => ({
        path: pathBelow(directory, source),
        ...(source.type === "text" ? { sha256: fileDigest(source.text) } : problemOf(source)),
      }),
    );
    yield start === 0 ? { ...head, files } : { files };
  }
}

function pathBelow(directory: string, { path }: Source): string {
  return relative(directory, path).split(sep).join("/");
}

function problemOf(source: Source): Pick<PlannedFileJson, "problem"> {
  if (source.type !== "unreadable") return {};
  const { code, message } = source;
  return { problem: { code, message } };
}

/** What is sent of what is missing. */
function* texts(
  directory: string,
  sources: readonly Source[],
  missing: ReadonlySet<string>,
): Generator<PlanRequestJson> {
  let files: PlannedFileJson[] = [];
  let length = 0;
  for (const source of sources) {
    const path = pathBelow(directory, source);
    if (source.type !== "text" || !missing.has(path)) continue;
    if (files.length > 0 && length + source.text.length > MAX_LENGTH) {
      yield { files };
      files = [];
      length = 0;
    }
    files.push({ path, text: source.text });
    length += source.text.length;
  }
  if (files.length > 0) yield { files };
}

async function piecesOf(ask: (request: PlanRequestJson) => Promise<PlanResponseJson>) {
  let all = "";
  for (;;) {
    const { piece = "", isLast = false } = await ask({ tell: true });
    all += piece;
    if (isLast) return all;
  }
}
