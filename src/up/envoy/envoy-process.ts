/** One Envoy as a child process, from its start until it has ended. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** How to run one Envoy. */
export interface EnvoyOptions {
  /** The variables of its environment; none when absent. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The executable. */
  readonly binary: string;
  /** The bootstrap, as JSON. */
  readonly bootstrap: object;
  /** A directory of its own, made when it is missing; the bootstrap is written into it. */
  readonly directory: string;
  /**
   * The file that gets Envoy's log and, where /dev/stdout is the access log, that too; appended to. When absent, they go to
   * `output`.
   */
  readonly logFile?: string;
  /** A descriptor; when absent, where those of this process go. */
  readonly output?: number;
  /** Where the bootstrap puts the admin interface. */
  readonly admin: { readonly address: string; readonly port: number };
  /** Worker threads: 0 is one for each CPU, as in Istio; one when absent. */
  readonly concurrency?: number;
  /** Envoy's word for a level; `warning` when absent. */
  readonly logLevel?: string;
  /** More of its command line, which is instead of what it would have by itself. */
  readonly arguments?: readonly string[];
}

/** How an Envoy ended. */
export interface EnvoyExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it could not be started at all. */
  readonly error?: Error;
}

/** A running Envoy. */
export interface EnvoyProcess {
  /** Absent when it could not be started. */
  readonly pid?: number;
  /** Resolves when it has ended; never rejects. */
  readonly exited: Promise<EnvoyExit>;
  /**
   * Resolves when Envoy has all of its first configuration and serves. Rejects with `EnvoyError` when it ends before
   * that, or with the signal's reason.
   */
  ready(signal?: AbortSignal): Promise<void>;
  /** What the admin interface answers, to a GET when nothing else is said; rejects when it does not answer, or not with 200. */
  admin(path: string, method?: "GET" | "POST"): Promise<string>;
  /** Ends it: asked first, made to after five seconds. */
  stop(): Promise<EnvoyExit>;
}

/** An Envoy that did not do what it was started for. */
class EnvoyError extends Error {
  readonly code: "ended" | "admin";

  constructor(code: EnvoyError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "EnvoyError";
    this.code = code;
  }
}

const READY_POLL_MS = 50;
const STOP_TIMEOUT_MS = 5000;
const ADMIN_TIMEOUT_MS = 2000;
const ACCESS_LOG_FLUSH_MS = 100;
const DRAIN_SECONDS = 45;
const LEVEL = "--log-level";
/** The bootstrap may name what proves the proxy's identity. */
const PRIVATE_FILE = 0o600;
const PRIVATE_DIRECTORY = 0o700;

/**
 * Starts an Envoy in a process group of its own, so that a Ctrl-C in the terminal reaches only who started it. Throws
 * when its files cannot be written.
 */
export function startEnvoy(options: EnvoyOptions): EnvoyProcess {
  const child = spawnEnvoy(options);
  const exited = new Promise<EnvoyExit>((resolve) => {
    child.once("exit", (code, signal) => {
      resolve({ code, signal });
    });
    child.once("error", (error) => {
      resolve({ code: null, signal: null, error });
    });
  });
  const admin: EnvoyProcess["admin"] = (path, method = "GET") =>
    adminRequest(options.admin, path, method);
  return {
    ...(child.pid === undefined ? {} : { pid: child.pid }),
    exited,
    ready: (signal) => untilReady(admin, exited, signal),
    admin,
    stop: async () => {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
      const exit = await exited;
      clearTimeout(timer);
      return exit;
    },
  };
}

function spawnEnvoy(options: EnvoyOptions): ChildProcess {
  const bootstrapFile = join(options.directory, "bootstrap.json");
  mkdirSync(options.directory, { recursive: true, mode: PRIVATE_DIRECTORY });
  // Whatever is there, be it a link, the file is a new one.
  rmSync(bootstrapFile, { force: true });
  writeFileSync(bootstrapFile, JSON.stringify(options.bootstrap, undefined, 2), {
    mode: PRIVATE_FILE,
    flag: "wx",
  });
  const log = openLog(options.logFile);
  const output = log ?? options.output ?? "inherit";
  try {
    return spawn(options.binary, envoyArguments(bootstrapFile, options), {
      cwd: options.directory,
      detached: true,
      env: options.environment ?? {},
      stdio: ["ignore", output, output],
    });
  } finally {
    if (log !== undefined) closeSync(log);
  }
}

function openLog(file: string | undefined): number | undefined {
  if (file === undefined) return undefined;
  mkdirSync(dirname(file), { recursive: true, mode: PRIVATE_DIRECTORY });
  return openSync(file, "a", PRIVATE_FILE);
}

function envoyArguments(
  bootstrapFile: string,
  options: Pick<EnvoyOptions, "logLevel" | "concurrency" | "arguments">,
): string[] {
  const { logLevel = "warning", concurrency = 1, arguments: more = [] } = options;
  // It refuses what is said twice.
  const said = new Set(more.map((argument) => argument.replace(/=.*/s, "").replace(/^-l$/, LEVEL)));
  const byItself: readonly (readonly [string, ...string[]])[] = [
    [LEVEL, logLevel],
    ...(concurrency === 0 ? [] : [["--concurrency", String(concurrency)] as const]),
    // Istio's: connections of a listener's former configuration are told to end at once, and are ended then.
    ["--drain-strategy", "immediate"],
    ["--drain-time-s", String(DRAIN_SECONDS)],
    ["--file-flush-interval-msec", String(ACCESS_LOG_FLUSH_MS)],
    ["--disable-hot-restart"],
    ["--skip-deprecated-logs"],
  ];
  const unsaid = byItself.filter(([name]) => !said.has(name));
  return ["--config-path", bootstrapFile, ...unsaid.flat(), ...more];
}

async function untilReady(
  admin: EnvoyProcess["admin"],
  exited: Promise<EnvoyExit>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const end: { exit?: EnvoyExit } = {};
  void exited.then((exit) => (end.exit = exit));
  for (;;) {
    signal?.throwIfAborted();
    if (end.exit !== undefined) throw new EnvoyError("ended", describeExit(end.exit));
    if (await answers(admin)) return;
    await delay(READY_POLL_MS);
  }
}

/** In words for a log: `Envoy ended with code 1`. */
export function describeExit({ code, signal, error }: EnvoyExit): string {
  if (error !== undefined) return `Envoy could not be started: ${error.message}`;
  return signal === null ? `Envoy ended with code ${code ?? "?"}` : `Envoy was ended by ${signal}`;
}

async function answers(admin: EnvoyProcess["admin"]): Promise<boolean> {
  try {
    await admin("/ready");
    return true;
  } catch {
    // Not yet listening, or 503 while it waits for its configuration.
    return false;
  }
}

function adminRequest(
  { address, port }: EnvoyOptions["admin"],
  path: string,
  method: "GET" | "POST",
): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error): void => {
      reject(
        new EnvoyError("admin", `Envoy's admin interface at ${address}:${port}: ${cause.message}`, {
          cause,
        }),
      );
    };
    const timeout = ADMIN_TIMEOUT_MS;
    const call = request({ host: address, port, path, method, agent: false, timeout });
    call.once("timeout", () => call.destroy(new Error("no answer in time")));
    call.once("error", fail);
    call.once("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", fail);
      response.once("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        if (response.statusCode === 200) resolve(text);
        else fail(new Error(`${response.statusCode ?? "no status"} ${text.trim()}`));
      });
    });
    call.end();
  });
}
