/** What a person sees of `up`: what happens, line by line, in the order in which it happens. */

import type pc from "picocolors";
import type { Settled } from "../../app/update/followed-update.js";
import type { Update } from "../../app.js";
import { type Diagnostic, diagnosticLines } from "../../base/diagnostic.js";
import { counted } from "../../base/text/counted.js";
import { visibleText } from "../../base/text/visible-text.js";
import type { Kind } from "../../config/kinds.js";
import { formatRef, keyOf } from "../../config/resource.js";
import type { ResourceTables } from "../../config/snapshot.js";
import type { EnvoyState } from "../envoy/supervisor.js";
import { isAboutMade, isMade } from "../made/made.js";
import type { MeshEvent } from "../mesh-event.js";
import type { PlacedPod } from "../pods/pod-plan.js";
import { logFileOf } from "../pods/pod-proxy.js";
import { podId } from "../pods/pods.js";
import { logPath, madePath } from "../state/state-directory.js";
import {
  changeText,
  isDeclared,
  noticeLines,
  portFailureLines,
  secondsText,
  settledText,
  solvedText,
  someOf,
} from "./report.js";

/** Where the lines go. */
export interface Terminal {
  write(text: string): void;
  /** A person watches: a line may be written over. */
  readonly interactive: boolean;
  readonly colors: ReturnType<typeof pc.createColors>;
}

const ERASE_LINE = "\r\u001b[K";

/** See the top of this file. */
export class UpTerminal {
  readonly #terminal: Terminal;
  readonly #stateDirectory: string;
  readonly #told = new Set<string>();
  readonly #made = new Set<string>();
  readonly #waitedFor = new Set<string>();
  #proxies = 0;
  #phase: "starting" | "running" | "closing" = "starting";
  #hasProgress = false;

  constructor(terminal: Terminal, stateDirectory: string) {
    this.#terminal = terminal;
    this.#stateDirectory = stateDirectory;
  }

  /** Writes lines, each as it is painted when what is in it is visible. */
  lines(lines: readonly string[], paint = (line: string) => line): void {
    if (lines.length === 0) return;
    this.#eraseProgress();
    this.#terminal.write(lines.map((line) => `${paint(visibleText(line))}\n`).join(""));
    if (this.#phase === "starting") this.#showProgress();
  }

  /** From now on what happens is news, not progress. */
  running(): void {
    this.#eraseProgress();
    this.#phase = "running";
  }

  /** From now on nothing is told but by `lines`. */
  closing(): void {
    this.#eraseProgress();
    this.#phase = "closing";
  }

  /** For the start that takes long: what it waits for. */
  waiting(): void {
    if (this.#phase !== "starting" || this.#waitedFor.size === 0) return;
    this.lines([`  waiting for ${someOf([...this.#waitedFor.keys()])}`]);
  }

  /** Tells of something that happens in the mesh. */
  event(event: MeshEvent): void {
    switch (event.kind) {
      case "desired":
        this.#once(noticeLines(event.desired, event.standIns));
        break;
      case "ports-failed":
        this.#once(portFailureLines(event.failures));
        break;
      case "started":
        this.#started(event.pod);
        break;
      case "proxy":
        this.#proxy(event.pod, event.state);
        break;
      case "ended":
        this.#waitedFor.delete(podId(event.pod));
        this.#news(`${podId(event.pod)} ended`);
        break;
      case "diagnostics":
        this.#once(event.diagnostics.flatMap(diagnosticLines));
        break;
      case "error":
        this.lines([`error: ${String(event.error)}`], this.#terminal.colors.red);
        break;
    }
  }

  /** Tells what is wrong, and no longer wrong, with the files after a change of them. */
  updated({ newDiagnostics, clearedDiagnostics, changed }: Update, tables: ResourceTables): void {
    for (const { ref } of changed) {
      const row = tables[ref.kind as Kind].get(keyOf(ref));
      if (row !== undefined && isMade(row)) this.#made.add(formatRef(ref));
    }
    // What is wrong when it starts is told when it has started.
    if (this.#phase !== "running") return;
    this.diagnostics(newDiagnostics);
    const { green } = this.#terminal.colors;
    this.lines(
      this.#theirs(clearedDiagnostics).map(solvedText),
      (line) => green("solved: ") + line,
    );
  }

  /** Tells what is wrong with the files. */
  diagnostics(diagnostics: readonly Diagnostic[]): void {
    this.lines(this.#theirs(diagnostics).flatMap(diagnosticLines));
  }

  #theirs(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
    const made = madePath(this.#stateDirectory);
    return diagnostics.filter((diagnostic) => !isAboutMade(diagnostic, made));
  }

  /** Tells who took a change. */
  settled(settled: Settled, tables: ResourceTables): void {
    const changed = settled.update.changed.filter((change) =>
      isDeclared(change, tables, this.#made),
    );
    const text = changeText({ changed });
    if (text !== undefined) this.#news(`${text}: ${settledText(settled)}`);
  }

  #started(pod: PlacedPod): void {
    if (pod.proxy === "none") return;
    this.#proxies += 1;
    this.#waitedFor.add(podId(pod));
    this.#showProgress();
  }

  #proxy(pod: PlacedPod, state: EnvoyState): void {
    const id = podId(pod);
    if (state.phase === "ready") {
      this.#waitedFor.delete(id);
      const how =
        pod.proxy === "none" ? "without a sidecar" : `ready in ${secondsText(state.startMs)}`;
      this.#news(`${id} runs at ${pod.addresses.pod}, ${how}`);
      this.#showProgress();
    }
    if (state.phase === "failed" && this.#phase !== "closing") {
      const log = logFileOf(logPath(this.#stateDirectory), pod);
      const text = `${id}: ${state.reason}, starts again in ${secondsText(state.retryInMs)}; its log: ${log}`;
      this.lines([text], this.#terminal.colors.red);
    }
  }

  /** Each line the first time that it is true. */
  #once(lines: readonly string[]): void {
    const news = lines.filter((line) => !this.#told.has(line));
    for (const line of news) this.#told.add(line);
    this.lines(news.map((line) => `  ${line}`));
  }

  #news(text: string): void {
    if (this.#phase === "running") this.lines([text]);
  }

  #showProgress(): void {
    if (this.#phase !== "starting" || !this.#terminal.interactive || this.#proxies === 0) return;
    const ready = this.#proxies - this.#waitedFor.size;
    const text = `  ${ready} of ${counted(this.#proxies, "proxy")} ready`;
    this.#terminal.write(ERASE_LINE + text);
    this.#hasProgress = true;
  }

  #eraseProgress(): void {
    if (this.#hasProgress) this.#terminal.write(ERASE_LINE);
    this.#hasProgress = false;
  }
}
