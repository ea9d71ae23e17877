import { resolve } from "node:path";
import { defined } from "../../base/defined.js";
import type { SocketAddress } from "../../envoy/bootstrap/bootstrap.js";
import { podTable, refusalLines, secondsText, tryText } from "../../up/terminal/report.js";
import { tryLines } from "../../up/terminal/try-lines.js";
import { type Terminal, UpTerminal } from "../../up/terminal/up-terminal.js";
import { startUp, type Up } from "../../up/up.js";
import { type CommandContext, colorsFor, stopped } from "../context.js";
import { absolute } from "../options/arguments.js";
import { upStatePath } from "../options/state-path.js";
import { calledServers } from "./called-servers.js";
import type { CalledServersOptions } from "./called-servers-options.js";
import { collectAtRest, runAsControlPlane, runAsServing } from "./v8-flags.js";

/** The options of `fairlead up`. */
export interface UpCommandOptions extends CalledServersOptions {
  readonly state?: string;
  readonly secrets?: string;
  readonly cacerts?: string;
  readonly port: number;
  readonly tlsPort: number;
  readonly httpPort: number;
  readonly logLevel: string;
  readonly standIns: boolean;
  readonly dnsResolver?: readonly SocketAddress[];
}

const WAITING_INTERVAL_MS = 5000;

/** Runs a mesh until the command is to end. */
export async function runUp(
  context: CommandContext,
  directory: string,
  options: UpCommandOptions,
): Promise<void> {
  runAsControlPlane();
  const { environment, installation } = context;
  const stateDirectory = resolve(options.state ?? upStatePath(environment, directory));
  const terminal = new UpTerminal(terminalOf(context), stateDirectory);
  const startedAt = performance.now();
  const up = await startUp({
    directory,
    stateDirectory,
    ...defined({
      secretsDirectory: options.secrets,
      cacertsDir: absolute(options.cacerts),
      dnsResolvers: options.dnsResolver,
    }),
    ports: { plaintext: options.port, tls: options.tlsPort, http: options.httpPort },
    envoy: {
      named: environment["FAIRLEAD_ENVOY"],
      path: environment["PATH"],
      installation,
    },
    standIns: options.standIns,
    ...calledServers(options),
    logLevel: options.logLevel,
    onEvent: (event) => {
      terminal.event(event);
    },
  });
  let stopCollecting = (): void => undefined;
  try {
    follow(up, terminal);
    const ended = stopped(context);
    await Promise.race([startPods(up, terminal), ended]);
    if (!context.stop.aborted) {
      terminal.running();
      terminal.diagnostics(up.controlPlane.diagnostics());
      const [heading = "", ...rows] = podTable(up.mesh.pods(), up.controlPlane.proxies());
      terminal.lines([""]);
      if (rows.length > 0) terminal.lines([heading], colorsFor(context, context.stdout).bold);
      terminal.lines(rows);
      terminal.lines(summary(up, { context, directory, startMs: performance.now() - startedAt }));
      runAsServing();
      stopCollecting = collectAtRest(up.controlPlane.isAtRest);
    }
    await ended;
  } finally {
    stopCollecting();
    terminal.closing();
    terminal.lines(["stopping"]);
    await up.close();
  }
}

function terminalOf(context: CommandContext): Terminal {
  const { stdout } = context;
  return {
    write: (text) => {
      stdout.write(text);
    },
    interactive: stdout.isTerminal,
    colors: colorsFor(context, stdout),
  };
}

function follow({ controlPlane }: Up, terminal: UpTerminal): void {
  controlPlane.onUpdate((update) => {
    terminal.updated(update, controlPlane.snapshot().tables);
  });
  controlPlane.onSettled((settled) => {
    terminal.settled(settled, controlPlane.snapshot().tables);
  });
}

async function startPods(up: Up, terminal: UpTerminal): Promise<void> {
  const { plaintextPort, tlsPort, httpPort } = up.controlPlane;
  terminal.lines([
    `control plane: 127.0.0.1:${plaintextPort} (xDS), :${tlsPort} (xDS with TLS), :${httpPort} (HTTP)`,
    `proxies: Envoy ${up.envoy.version}, ${up.envoy.file}`,
  ]);
  const timer = setInterval(() => {
    terminal.waiting();
  }, WAITING_INTERVAL_MS);
  await up.mesh.start();
  clearInterval(timer);
}

interface SummaryOptions {
  readonly context: CommandContext;
  readonly directory: string;
  readonly startMs: number;
}

function summary(up: Up, { context, directory, startMs }: SummaryOptions): readonly string[] {
  const { controlPlane, mesh, rootFile, logDirectory } = up;
  const { tables } = controlPlane.snapshot();
  const pods = mesh.pods();
  const lines = tryLines({
    tables,
    pods: pods.map(({ pod }) => pod),
    standIns: mesh.standIns(),
    rootFile,
    curlHasProxy: hasProxy(context.environment),
  });
  return [
    ...(pods.length === 0
      ? [`There is no workload in ${directory}: add a Deployment, and its pods start.`]
      : []),
    ...refusalLines(controlPlane.proxies()),
    "",
    ...(lines.length === 0 ? [] : ["Try:", ...tryText(lines), ""]),
    `Started in ${secondsText(startMs)}. Edit the files in ${directory}: what changes is in force at once, and told here.`,
    `Logs, also the access logs: ${logDirectory}`,
    "Ctrl-C ends all of it.",
    "",
  ];
}

/** Whether curl would ask some proxy of the user's. */
function hasProxy(environment: CommandContext["environment"]): boolean {
  return Object.keys(environment).some((name) => /^(https?|all|no)_proxy$/i.test(name));
}
