/** The tables of a measurement. */
import type { CommandsFigures } from "../measure/commands.js";
import type { EnvoyFigures } from "../measure/envoys.js";
import type { KindsFigures } from "../measure/kinds.js";
import type { Figures, Growth, StartFigures } from "../measure/measure-all.js";
import type { PhaseFigures } from "../measure/phases.js";
import type { MeshFigures } from "../measure/run-mesh.js";
import type { StormFigures } from "../measure/storm.js";
import { formatBytes, formatFactor, formatMs, formatRows } from "./format.js";

/** See the top of this file; one line an element. */
export function report({
  machine,
  phases,
  growth,
  kinds,
  crowd,
  storm,
  start,
  envoys,
  commands,
}: Figures): readonly string[] {
  const { node, cpus, load } = machine;
  return [
    `Node ${node}, ${cpus} CPUs, load ${load.toFixed(1)} at the start. Times of edits, bytes and CPU are of one edit.`,
    ...(phases === undefined ? [] : ["", ...meshLines(phases)]),
    ...(crowd === undefined ? [] : ["", ...meshLines(crowd)]),
    ...(growth === undefined ? [] : ["", ...growthLines(growth)]),
    ...(kinds === undefined ? [] : ["", ...kindLines(kinds)]),
    ...(storm === undefined ? [] : ["", ...stormLines(storm)]),
    ...(start.length === 0 ? [] : ["", ...startLines(start)]),
    ...(envoys === undefined ? [] : ["", ...envoyLines(envoys)]),
    ...(commands === undefined ? [] : ["", ...commandLines(commands)]),
  ];
}

function meshLines(mesh: MeshFigures): readonly string[] {
  const { shape, proxies, phases, floor, failure } = mesh;
  const head = ["", "CPU", "floor", "ratio", "p50", "p99", "max", "to each proxy", "RSS", "peak"];
  const rows = phases.map((phase, index) => phaseRow(phase, floor[index]));
  const { services, namespaces, endpoints } = shape;
  return [
    `${services} services in ${namespaces} namespaces, ${endpoints} endpoints each; ${proxies} proxies`,
    ...formatRows([head, ...rows]),
    `memory: ${formatMebibytes(mesh.idleRss)} before the first proxy, ${perProxy(mesh)} MiB for each proxy`,
    ...phases.flatMap(missingLine),
    ...(failure === undefined ? [] : [`streams ended by themselves, the first with: ${failure}`]),
  ];
}

function phaseRow(phase: PhaseFigures, floor: PhaseFigures | undefined): readonly string[] {
  const { name, cpuMs, p50Ms, p99Ms, maxMs, bytes, rss, peak } = phase;
  return [
    name,
    formatMs(cpuMs),
    formatMs(floor?.cpuMs),
    formatFactor(cpuMs, floor?.cpuMs),
    formatMs(p50Ms),
    formatMs(p99Ms),
    formatMs(maxMs),
    formatBytes(bytes),
    formatMebibytes(rss),
    formatMebibytes(peak),
  ];
}

const formatMebibytes = (mebibytes: number): string => `${mebibytes.toFixed(0)} MiB`;

/** What connecting added, shared by the proxies that connected. */
function perProxy({ phases, idleRss, proxies }: MeshFigures): string {
  const connected = phases[0]?.rss ?? idleRss;
  return ((connected - idleRss) / proxies).toFixed(2);
}

function missingLine({ name, missing }: PhaseFigures): readonly string[] {
  return missing > 0 ? [`${name}: ${missing} receipts did not come in time`] : [];
}

function growthLines({ base, services, proxies }: Growth): readonly string[] {
  const head = ["growth of CPU", "base", "services ×2", "", "proxies ×2", ""];
  const cpuOf = ({ phases }: MeshFigures, name: string): number | undefined =>
    phases.find((phase) => phase.name === name)?.cpuMs;
  const rows = services.phases.map(({ name }) => {
    const [once, moreServices, moreProxies] = [base, services, proxies].map((mesh) =>
      cpuOf(mesh, name),
    );
    return [
      name,
      formatMs(once),
      formatMs(moreServices),
      formatFactor(moreServices, once),
      formatMs(moreProxies),
      formatFactor(moreProxies, once),
    ];
  });
  const perService = ((services.idleRss - base.idleRss) * 1024) / base.shape.services;
  const connected = ({ phases, idleRss }: MeshFigures): number => phases[0]?.rss ?? idleRss;
  const perOneMore = (connected(proxies) - connected(base)) / base.proxies;
  return [
    ...formatRows([head, ...rows]),
    `memory: ${perService.toFixed(0)} KiB for each more service, ${perOneMore.toFixed(2)} MiB for each more proxy`,
  ];
}

function kindLines({ shape, proxies, kinds }: KindsFigures): readonly string[] {
  const head = ["one edit of", "CPU", "responses", "bytes", "services ×2", ""];
  const rows = kinds.map(({ name, once, twice }) => [
    name,
    formatMs(once.cpuMs),
    once.responses.toFixed(0),
    formatBytes(once.bytes),
    formatMs(twice.cpuMs),
    formatFactor(twice.cpuMs, once.cpuMs),
  ]);
  return [
    `edits of other kinds, ${shape.services} services, ${proxies} proxies; responses and bytes to all of them`,
    ...formatRows([head, ...rows]),
  ];
}

function stormLines(storm: StormFigures): readonly string[] {
  const { settled, newcomers, stormMs, edits, p50Ms, p99Ms, maxMs, missing } = storm;
  const late = missing > 0 ? `; ${missing} receipts did not come in time` : "";
  return [
    `${newcomers} proxies connect beside ${settled} within ${formatMs(stormMs)}, while ${edits} endpoints move:`,
    `those that were connected know after ${formatMs(p50Ms)} (p50), ${formatMs(p99Ms)} (p99), ${formatMs(maxMs)} at most${late}`,
  ];
}

function startLines(start: readonly StartFigures[]): readonly string[] {
  const rows = start.map(({ services, ms }) => [String(services), formatMs(ms)]);
  return formatRows([["services", "start to first answer"], ...rows]);
}

function envoyLines({ shape, called, ways }: EnvoyFigures): readonly string[] {
  const head = ["", "ready", "CPU", "bytes", "RSS", "first p50", "p99", "later p50", "p99"];
  const rows = ways.map(({ way, readyMs, readyCpuMs, ready, first, later, ...rest }) => [
    way,
    formatMs(readyMs),
    formatMs(readyCpuMs),
    `${formatBytes(ready.bytes)} → ${formatBytes(rest.called.bytes)}`,
    `${formatMebibytes(ready.rss)} → ${formatMebibytes(rest.called.rss)}`,
    ...[first, later].flatMap(({ p50Ms, p99Ms }) => [formatMs(p50Ms), formatMs(p99Ms)]),
  ]);
  return [
    `a real Envoy, ${shape.services} services: when it is ready → when it has called ${called} of them`,
    ...formatRows([head, ...rows]),
    ...ways.flatMap(({ way, failed, failures }) =>
      failed > 0 ? [`${way}: ${failed} calls failed: ${failures.join(", ")}`] : [],
    ),
  ];
}

function commandLines({ shape, proxies, node, commands }: CommandsFigures): readonly string[] {
  const head = ["", "by the clock", "CPU", "of the control plane", "printed"];
  const rows = [node, ...commands].map(({ command, ms, cpuMs, serverCpuMs, bytes }) => [
    command,
    formatMs(ms),
    formatMs(cpuMs),
    formatMs(serverCpuMs),
    formatBytes(bytes),
  ]);
  return [
    `commands, ${shape.services} services, ${proxies} proxies; medians`,
    ...formatRows([head, ...rows]),
    ...commands.flatMap(({ command, failed }) => (failed ? [`failed: ${command}`] : [])),
  ];
}

/** Whether everything reached everybody, no stream ended by itself, and each command did what it should. */
export function isComplete({ phases, growth, crowd, storm, envoys, commands }: Figures): boolean {
  if (commands?.commands.some(({ failed }) => failed) === true) return false;
  const all = [phases, growth?.base, growth?.services, growth?.proxies, crowd];
  if (envoys?.ways.some(({ failed }) => failed > 0) === true) return false;
  if (storm !== undefined && storm.missing > 0) return false;
  return all.every(
    (mesh) =>
      mesh === undefined ||
      (mesh.failure === undefined && mesh.phases.every(({ missing }) => missing === 0)),
  );
}
