/** An agent: it keeps an identity in files, and an Envoy that joins by it. See docs/decisions/0024-an-agent-that-keeps-its-key.md. */
import type { EnvoyProcess } from "../up/envoy/envoy-process.js";
import { AgentError } from "./agent-error.js";
import { openEnvoyOutput } from "./envoy-output.js";
import { faultOf, type Identity, type WantedIdentity } from "./identity.js";
import { type IdentityDirectory, isSpoiled, openIdentityDirectory } from "./identity-directory.js";
import { type IdentityEvent, type KeepIdentityOptions, keepIdentity } from "./keep-identity.js";
import { type EnvoyRunEvent, runEnvoy } from "./run-envoy.js";
import { type ProbeEvent, type ProbeSettings, runProbe } from "./run-probe.js";

/** What an agent has to tell. */
export type AgentEvent = IdentityEvent | EnvoyRunEvent | ProbeEvent;

/** Of what an agent is made. */
export interface AgentOptions
  extends Pick<KeepIdentityOptions, "wanted" | "token" | "certify" | "clock" | "signal"> {
  /** The directory that has the identity. */
  readonly directory: string;
  /** PEM of roots that it is given; it needs some where the directory has none. */
  readonly givenRoots?: string;
  /** Absent when somebody else runs Envoy. */
  readonly envoy?: {
    /** Starts one that writes to a descriptor, or to where this process does. */
    readonly launch: (output: number | undefined) => EnvoyProcess;
    /** Writes on what comes out of that descriptor. */
    readonly write: (text: string) => void;
    /** The path of the admin interface by which it begins to drain. */
    readonly drainPath: string;
    readonly drainMs: number;
  };
  /** Absent when nothing is asked by a command. */
  readonly probe?: ProbeSettings;
  readonly onEvent: (event: AgentEvent) => void;
}

/**
 * Runs until the signal is aborted; resolves when its Envoy has ended.
 * @throws AgentError when it cannot do what it was started for
 * @throws StateFileError when the directory cannot be used
 */
export async function runAgent(options: AgentOptions): Promise<void> {
  const directory = await openIdentityDirectory(options.directory);
  try {
    await runIn(directory, options);
  } finally {
    await directory.release();
  }
}

async function runIn(directory: IdentityDirectory, options: AgentOptions): Promise<void> {
  const { wanted, token, clock, signal, envoy } = options;
  const roots = await directory.roots(options.givenRoots);
  if (roots === undefined) throw noRoot();
  const current = await usableIdentity(directory, { wanted, roots, now: clock.now() }, options);
  if (current === undefined && token === undefined) throw noToken(wanted);
  let kept = Promise.resolve();
  await new Promise<void>((resolve) => {
    if (current !== undefined) resolve();
    kept = keepIdentity({
      ...options,
      ...{ directory, roots, current },
      onEvent: (event) => {
        options.onEvent(event);
        if (event.kind === "certified") resolve();
      },
    });
    void kept.then(resolve);
  });
  const probed = options.probe && runProbe({ ...options, ...options.probe, directory });
  if (envoy !== undefined && !signal.aborted) {
    const output = await openEnvoyOutput(options.directory, envoy.write);
    const launch = (): EnvoyProcess => envoy.launch(output.descriptor);
    await runEnvoy({ ...envoy, launch, signal, onEvent: options.onEvent });
    await output.close();
  }
  await probed;
  await kept;
}

/** What the directory has, if it is good. What is spoiled is as if it were not there; what others can get at is refused. */
async function usableIdentity(
  directory: IdentityDirectory,
  expectation: { readonly wanted: WantedIdentity; readonly roots: string; readonly now: number },
  { onEvent }: Pick<AgentOptions, "onEvent">,
): Promise<Identity | undefined> {
  try {
    const identity = await directory.identity();
    if (identity === undefined) return undefined;
    const reason = faultOf(identity, expectation);
    if (reason === undefined) {
      onEvent({ kind: "found", identity });
      return identity;
    }
    onEvent({ kind: "useless", reason });
  } catch (error) {
    if (!isSpoiled(error)) throw error;
    onEvent({ kind: "useless", reason: error.message });
  }
  return undefined;
}

const noRoot = (): AgentError =>
  new AgentError(
    "no-root",
    "there is no root by which to know the control plane",
    "copy its root here and give the file with --root-cert; `fairlead ca root` prints it there",
  );

const noToken = ({ namespace, serviceAccount }: WantedIdentity): AgentError =>
  new AgentError(
    "no-token",
    "there is no valid certificate to join by",
    `make a join token with \`fairlead token create --service-account ${namespace}/${serviceAccount}\`, and give its file with --token-file`,
  );
