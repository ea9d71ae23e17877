import { setTimeout as sleep } from "node:timers/promises";
import type {
  ConvergenceJson,
  GetConvergenceRequestJson,
  ResourceNameJson,
  ResourceSyncJson,
} from "../../../../gen/types/fairlead/debug/v1/debug_pb.js";
import { columns } from "../../../base/text/columns.js";
import { counted } from "../../../base/text/counted.js";
import { visibleLines } from "../../../base/text/visible-text.js";
import { kindsNamed } from "../../../config/kind-named.js";
import { KINDS } from "../../../config/kinds.js";
import type { DebugClient } from "../../../debug/api/client.js";
import { CommandError, USAGE } from "../../command-error.js";
import { askControlPlane } from "../../connection/connect.js";
import type { ConnectionOptions } from "../../connection/connection-options.js";
import type { CommandContext } from "../../context.js";

/** The options of `fairlead wait`. */
export interface WaitOptions extends ConnectionOptions {
  readonly namespace?: string;
  readonly for: "distribution" | "delete";
  /** `NAME.NAMESPACE`, or a name of the namespace. */
  readonly proxy?: string;
  readonly threshold: number;
  /** In milliseconds. */
  readonly timeout: number;
  readonly output: "text" | "json";
}

/** The resource that is meant, as it is given; all when it is not. */
interface Given {
  readonly type: string | undefined;
  readonly name: string | undefined;
}

/** How often the control plane is asked. */
const POLL_MS = 100;
/** Who has waited for so long is told for what. */
const NOTICE_MS = 1000;
const REFUSED = 3;
const TIMED_OUT = 4;

/**
 * Waits until proxies hold what they should, or no longer.
 * @throws CommandError with the exit code that says why not all do
 */
export async function runWait(
  context: CommandContext,
  given: Given,
  options: WaitOptions,
): Promise<void> {
  const question = questionOf(given, options);
  const began = performance.now();
  const notice = {
    at: began + NOTICE_MS,
    tell: (meanwhile: ConvergenceJson) => {
      const awaited = awaitedIn(meanwhile, question);
      context.stderr.write(
        visibleLines([`waiting for ${awaited}, ${options.timeout / 1000} s at most`]),
      );
    },
  };
  const latest = await askControlPlane(
    context,
    options,
    (client) => untilOver(client, question, { deadline: began + options.timeout, notice }),
    {
      INVALID_ARGUMENT: "it is a kind of resource, such as VirtualService, destination-rule or pa",
    },
  );
  const ms = performance.now() - began;
  const { outstanding = [] } = latest;
  if (options.output === "json") {
    context.stdout.write(`${JSON.stringify({ ...latest, outstanding }, undefined, 2)}\n`);
  } else if (isAboutProxies(latest, question)) {
    context.stdout.write(visibleLines(report(latest, ms)));
  }
  const problem = problemOf(latest, question, options.timeout);
  if (problem !== undefined) throw problem;
}

/** What is waited for. */
interface Question extends Pick<WaitOptions, "for" | "threshold"> {
  /** Empty when all are meant. */
  readonly proxy: string;
  readonly resource?: Required<ResourceNameJson>;
}

function questionOf({ type: kind, name }: Given, options: WaitOptions): Question {
  const { namespace = "default", for: condition, threshold, proxy } = options;
  const asked = {
    for: condition,
    threshold,
    proxy: proxy === undefined ? "" : idOf(nameParts(proxy, namespace)),
  };
  if (kind === undefined) {
    if (condition === "distribution") return asked;
    throw new CommandError(
      "nothing says which resource is to be gone",
      "give its type and name",
      USAGE,
    );
  }
  if (name === undefined) {
    throw new CommandError(
      `nothing says which ${kind} is meant`,
      `give its name too: \`fairlead wait ${kind} NAME.NAMESPACE\``,
      USAGE,
    );
  }
  const named = isClusterScoped(kind) ? { name, namespace: "" } : nameParts(name, namespace);
  return { ...asked, resource: { kind, ...named } };
}

/** Whether all kinds that are called so are of no namespace: dots are parts of their names. */
function isClusterScoped(word: string): boolean {
  const kinds = kindsNamed(word);
  return kinds.length > 0 && kinds.every((kind) => "clusterScoped" in KINDS[kind]);
}

/** A name, and the namespace behind its last dot, if it has one. */
function nameParts(text: string, namespace: string): { name: string; namespace: string } {
  const dot = text.lastIndexOf(".");
  if (dot < 0) return { name: text, namespace };
  return { name: text.slice(0, dot), namespace: text.slice(dot + 1) };
}

const idOf = ({ name, namespace }: ReturnType<typeof nameParts>): string => `${name}.${namespace}`;

/** How it is when nothing that is waited for can come any more, or it is too late. */
async function untilOver(
  client: Pick<DebugClient, "getConvergence">,
  question: Question,
  { deadline, notice }: { readonly deadline: number; readonly notice: Notice },
): Promise<ConvergenceJson> {
  const { proxy, resource } = question;
  const request: GetConvergenceRequestJson = { proxy, ...(resource && { resource }) };
  let latest = await client.getConvergence({ ...request, refresh: true });
  let isTold = false;
  while (standingOf(latest, question) === "waiting" && performance.now() < deadline) {
    if (!isTold && performance.now() >= notice.at) {
      notice.tell(latest);
      isTold = true;
    }
    await sleep(POLL_MS);
    latest = await client.getConvergence(request);
  }
  return latest;
}

/** What is told, once, to who still waits at some time. */
interface Notice {
  readonly at: number;
  readonly tell: (meanwhile: ConvergenceJson) => void;
}

/** `waiting` as long as time may change it; `faulty` when the resource itself has errors. */
type Standing = "held" | "waiting" | "refused" | "faulty";

function standingOf(latest: ConvergenceJson, question: Question): Standing {
  const { proxies = 0, outstanding = [], errors = 0, behind = 0 } = latest;
  if (question.resource !== undefined && question.for === "distribution" && errors > 0) {
    return "faulty";
  }
  if (missingOf(latest, question) !== undefined) return "waiting";
  if (proxies - behind >= question.threshold * proxies) return "held";
  return pendingIn(outstanding).length > 0 ? "waiting" : "refused";
}

/** What has to be, before it counts what proxies hold; undefined when all of it is. */
function missingOf(
  { proxies = 0, resource }: ConvergenceJson,
  { for: condition, proxy }: Question,
): "resource" | "removal" | "proxy" | undefined {
  const { present = false } = resource ?? {};
  if (resource !== undefined && condition === "distribution" && !present) return "resource";
  if (condition === "delete" && present) return "removal";
  return proxy !== "" && proxies === 0 ? "proxy" : undefined;
}

/** What proxies hold says nothing about a resource that is not in force. */
const isAboutProxies = (latest: ConvergenceJson, question: Question): boolean =>
  standingOf(latest, question) !== "faulty" && missingOf(latest, question) === undefined;

const pendingIn = (outstanding: readonly ResourceSyncJson[]): readonly ResourceSyncJson[] =>
  outstanding.filter(({ status }) => status === "PENDING");

const namesOf = (outstanding: readonly ResourceSyncJson[]): number =>
  new Set(outstanding.map(({ proxy }) => proxy)).size;

function report(
  { proxies = 0, outstanding = [], errors = 0, behind = 0, resource }: ConvergenceJson,
  ms: number,
): readonly string[] {
  const rows = outstanding.map(({ proxy = "", shortName = "", name = "", status, error = "" }) => {
    const what = status === "PENDING" ? "has not answered" : (status ?? "").toLowerCase();
    return [proxy, shortName, name, error === "" ? what : `${what}: ${error}`];
  });
  const table =
    rows.length === 0 ? [] : columns([["PROXY", "TYPE", "RESOURCE", "STATUS"], ...rows]);
  const mistakes =
    errors === 0 || resource !== undefined
      ? []
      : [
          `The configuration has ${counted(errors, "error")}, of which nothing new is in force: \`fairlead analyze\` shows where`,
        ];
  const about = resource === undefined ? "" : `${resource.name ?? ""}: `;
  const hold = proxies === 1 ? "holds what it should" : "hold what they should";
  const held = `${proxies - behind} of ${counted(proxies, "proxy")} ${hold}`;
  return [...table, ...mistakes, `${about}${held}, after ${(ms / 1000).toFixed(1)} s`];
}

function problemOf(
  latest: ConvergenceJson,
  question: Question,
  timeoutMs: number,
): CommandError | undefined {
  switch (standingOf(latest, question)) {
    case "held":
      return undefined;
    case "faulty":
      return new CommandError(
        `${nameOf(latest)} has ${counted(latest.errors ?? 0, "error")}: it is ${latest.resource?.present === true ? "in force without what is wrong, or in an earlier version" : "not in force"}`,
        "`fairlead analyze` shows what is wrong",
        REFUSED,
      );
    case "refused": {
      const { behind = 0 } = latest;
      return new CommandError(
        `${counted(behind, "proxy")} ${behind === 1 ? "goes" : "go"} on with an earlier version of what is refused`,
        "mend the configuration that made it",
        REFUSED,
      );
    }
    case "waiting":
      return new CommandError(...lateness(latest, question, timeoutMs / 1000), TIMED_OUT);
  }
}

const nameOf = ({ resource }: ConvergenceJson): string => resource?.name ?? "the configuration";

/** What is waited for, in words. */
function awaitedIn(latest: ConvergenceJson, question: Question): string {
  switch (missingOf(latest, question)) {
    case "resource":
      return `${nameOf(latest)}, which no file has yet`;
    case "removal":
      return `${nameOf(latest)} to be gone`;
    case "proxy":
      return `the proxy ${question.proxy}, which is not connected`;
    case undefined:
      return `${counted(namesOf(pendingIn(latest.outstanding ?? [])), "proxy")} to answer`;
  }
}

/** What did not come in time, and what to do. */
function lateness(
  latest: ConvergenceJson,
  question: Question,
  seconds: number,
): readonly [string, string] {
  const whoIsThere = "`fairlead proxy-status` shows who is connected and what they say";
  switch (missingOf(latest, question)) {
    case "resource":
      return [
        `there was no ${nameOf(latest)} within ${seconds} s`,
        "it has to be in a directory that the control plane reads",
      ];
    case "removal":
      return [
        `${nameOf(latest)} was still there after ${seconds} s`,
        "it is gone when no file of the control plane's directories has it any more",
      ];
    case "proxy":
      return [`no proxy ${question.proxy} was connected within ${seconds} s`, whoIsThere];
    case undefined: {
      const pending = namesOf(pendingIn(latest.outstanding ?? []));
      return [`${counted(pending, "proxy")} did not answer within ${seconds} s`, whoIsThere];
    }
  }
}
