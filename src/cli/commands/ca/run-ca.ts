import { defined } from "../../../base/defined.js";
import { columns } from "../../../base/text/columns.js";
import { visibleLines } from "../../../base/text/visible-text.js";
import { loadStatus, type RotationStatus } from "../../../ca/authority/rotation-status.js";
import { prepareNextRoot } from "../../../ca/authority/slot-source.js";
import { CommandError } from "../../command-error.js";
import { meantState } from "../../connection/local-control-plane.js";
import type { CommandContext } from "../../context.js";
import { rootsToTrust } from "../bootstrap/control-plane-to-join.js";

/** The options of all commands about the authority. */
export interface AuthorityCommandOptions {
  readonly state?: string;
  readonly output: "text" | "json";
}

/** Prints the roots that are trusted, as PEM. */
export async function printRoots(
  context: CommandContext,
  { state: named }: Pick<AuthorityCommandOptions, "state">,
): Promise<void> {
  const state = await meantState(context, named);
  context.stdout.write(await rootsToTrust({ state }));
}

/** Prints the roots that are trusted, and during a rotation how far the proxies are. */
export async function printStatus(
  context: CommandContext,
  { state: named, output }: AuthorityCommandOptions,
): Promise<void> {
  const { stdout } = context;
  const state = await meantState(context, named);
  const status = await loadStatus(state);
  if (status === undefined) {
    throw new CommandError(
      `no control plane has run on ${state}`,
      "start one with `fairlead serve`, or name its directory with --state",
    );
  }
  if (output === "json") stdout.write(`${JSON.stringify(readable(status), undefined, 2)}\n`);
  else stdout.write(visibleLines(describeStatus(status)));
}

/** Prepares the next root; the control plane that runs on the state directory does the rest. */
export async function prepareAndSay(
  context: CommandContext,
  { state: named }: AuthorityCommandOptions,
): Promise<void> {
  const { stderr } = context;
  const state = await meantState(context, named);
  const prepared = await prepareNextRoot(state, Date.now);
  if (prepared === undefined) {
    throw new CommandError(
      `${state} has no root of its own`,
      "`fairlead serve` makes one when it first runs; with --cacerts, change the files there",
    );
  }
  if (!prepared) {
    throw new CommandError(
      "the next root is prepared already",
      "`fairlead ca status` says how far it is",
    );
  }
  stderr.write(
    "the next root is prepared: it signs when every proxy trusts it; `fairlead ca status` says how far it is\n",
  );
}

const isoTime = (ms: number): string => new Date(ms).toISOString();

function describeStatus({ roots, signing, proxies }: RotationStatus): readonly string[] {
  const rows = roots.map(({ role, subject, fingerprint, notAfter, ...trusted }) => [
    role,
    subject,
    fingerprint.slice(0, 16),
    isoTime(notAfter),
    trusted.trustedUntil === undefined
      ? `since ${isoTime(trusted.trustedSince)}`
      : `until ${isoTime(trusted.trustedUntil)}`,
  ]);
  const table = columns([["ROLE", "ROOT", "SHA-256", "VALID UNTIL", "TRUSTED"], ...rows]);
  return [
    ...table,
    ...(signing === undefined
      ? []
      : ["", `${signing.subject} signs below it, until ${isoTime(signing.notAfter)}`]),
    ...(proxies === undefined ? [] : ["", ...describeProxies(proxies)]),
  ];
}

function describeProxies({
  trusting,
  waiting,
  unseen,
  agentsUntil = 0,
}: NonNullable<RotationStatus["proxies"]>): readonly string[] {
  const all = trusting + waiting.length + unseen;
  return [
    `${trusting} of ${all} proxies trust the next root`,
    ...(waiting.length === 0 ? [] : [`waiting for: ${waiting.join(", ")}`]),
    ...(unseen === 0
      ? []
      : [`${unseen} get roots with their certificates alone, and have the life of one to do so`]),
    ...(agentsUntil <= Date.now()
      ? []
      : [`agents that keep their keys have the next root by ${isoTime(agentsUntil)}`]),
  ];
}

function readableProxies({
  agentsUntil,
  ...counts
}: NonNullable<RotationStatus["proxies"]>): object {
  return {
    ...counts,
    ...(agentsUntil === undefined ? {} : { agentsUntil: isoTime(agentsUntil) }),
  };
}

/** Times as people read them. */
function readable({ roots, signing, proxies }: RotationStatus): object {
  return {
    roots: roots.map(({ notAfter, trustedSince, trustedUntil, ...root }) => ({
      ...root,
      notAfter: isoTime(notAfter),
      trustedSince: isoTime(trustedSince),
      ...(trustedUntil === undefined ? {} : { trustedUntil: isoTime(trustedUntil) }),
    })),
    ...defined({
      signing: signing && { ...signing, notAfter: isoTime(signing.notAfter) },
      proxies: proxies && readableProxies(proxies),
    }),
  };
}
