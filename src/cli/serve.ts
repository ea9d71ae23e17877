import { resolve } from "node:path";
import { Command, Option } from "commander";
import pino, { type Logger } from "pino";
import { type ControlPlane, startControlPlane } from "../app.js";
import { type Diagnostic, formatDiagnostic } from "../base/diagnostic.js";
import { collect, parsePort, parseTtl } from "./arguments.js";
import { type CommandContext, colorsFor, stopped } from "./context.js";
import { LOG_LEVELS } from "./log-levels.js";
import { formatLogLine } from "./log-line.js";
import { defaultStatePath } from "./state-path.js";

interface ServeOptions {
  readonly config: readonly string[];
  readonly secrets?: string;
  readonly state: string;
  readonly address: string;
  readonly port: number;
  readonly tlsPort: number;
  readonly httpPort: number;
  readonly tlsName?: readonly string[];
  readonly workloadTtl?: number;
  readonly logLevel: string;
}

const HELP = `
Proxies join with a bootstrap of \`fairlead bootstrap\` and a token of \`fairlead token create\`. On a terminal the log is
lines to read; else it is JSON, a line for each entry.

Examples:
  $ fairlead serve --config mesh
  $ fairlead serve --config /etc/fairlead --secrets /etc/certificates --address 0.0.0.0 --tls-name mesh.example.com`;

/** `fairlead serve`. */
export function serveCommand(context: CommandContext): Command {
  return new Command("serve")
    .description("run the control plane alone")
    .requiredOption("--config <dir>", "a directory of YAML, which is watched; repeatable", collect)
    .option("--secrets <dir>", "certificates as files: NAMESPACE/NAME/{tls.crt,tls.key,ca.crt}")
    .option("--state <dir>", "what must survive a restart", defaultStatePath(context.environment))
    .option("--address <ip>", "where to listen", "127.0.0.1")
    .option("--port <port>", "xDS in plaintext, without secrets", parsePort, 15010)
    .option("--tls-port <port>", "xDS with TLS", parsePort, 15012)
    .option("--http-port <port>", "metrics and health", parsePort, 15014)
    .option("--tls-name <name>", "a name or address that proxies call it by; repeatable", collect)
    .option("--workload-ttl <time>", "how long workload certificates are valid", parseTtl)
    .addOption(
      new Option("--log-level <level>", "how much to log").choices(LOG_LEVELS).default("info"),
    )
    .addHelpText("after", HELP)
    .action((options: ServeOptions) => runServe(context, options));
}

async function runServe(context: CommandContext, options: ServeOptions): Promise<void> {
  const logger = createLogger(context, options.logLevel);
  const tell = diagnosticTeller(context, logger);
  const controlPlane = await startControlPlane({
    configDirs: options.config,
    ...(options.secrets === undefined ? {} : { secretsDir: options.secrets }),
    stateDir: resolve(options.state),
    address: options.address,
    plaintextPort: options.port,
    tlsPort: options.tlsPort,
    httpPort: options.httpPort,
    ...(options.tlsName === undefined ? {} : { tlsNames: options.tlsName }),
    ...(options.workloadTtl === undefined ? {} : { workloadTtlMs: options.workloadTtl }),
    logger,
  });
  try {
    tell(controlPlane.snapshot().diagnostics);
    controlPlane.onUpdate(({ newDiagnostics }) => {
      tell(newDiagnostics);
    });
    announce(logger, controlPlane, options.address);
    await stopped(context);
    logger.info("stopping");
  } finally {
    await controlPlane.close();
  }
}

function announce(logger: Logger, controlPlane: ControlPlane, address: string): void {
  const { plaintextPort, tlsPort, httpPort } = controlPlane;
  logger.info({ address, plaintextPort, tlsPort, httpPort }, "serving");
}

/** People get lines to read, programs JSON. */
function createLogger(context: CommandContext, level: string): Logger {
  const { stdout } = context;
  const colors = colorsFor(context, stdout);
  const write = stdout.isTerminal
    ? (line: string) => {
        stdout.write(formatLogLine(line, colors));
      }
    : (line: string) => {
        stdout.write(line);
      };
  return pino({ level }, { write });
}

const LOG_METHOD = { error: "error", warning: "warn", note: "info" } as const;

/** People get the source line and a caret, programs the parts. */
function diagnosticTeller(
  { stdout }: CommandContext,
  logger: Logger,
): (diagnostics: readonly Diagnostic[]) => void {
  return (diagnostics) => {
    for (const diagnostic of diagnostics) {
      const { severity, code, message, position, resource } = diagnostic;
      if (stdout.isTerminal) stdout.write(`${formatDiagnostic(diagnostic)}\n`);
      else logger[LOG_METHOD[severity]]({ code, position, resource }, message);
    }
  };
}
