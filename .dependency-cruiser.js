// Which part may import which. Imports go downwards only; see docs/architecture.md.

/** What each folder (or file) of src may import of src, beside itself. */
const LAYERS = {
  base: [],
  grpc: ["base"],
  config: ["base"],
  mesh: ["config", "base"],
  analysis: ["mesh", "config", "base"],
  // What is sent: one type for who makes it and who serves it.
  "xds/resource": ["base"],
  envoy: ["xds/resource", "mesh", "config", "base"],
  simulator: ["envoy", "base"],
  xds: ["grpc", "base"],
  ca: ["grpc", "base"],
  net: ["base"],
  oidc: ["net", "base"],
  wasm: ["net", "base"],
  debug: ["analysis", "simulator", "envoy", "mesh", "config", "xds", "ca", "grpc", "base"],
  console: ["simulator", "envoy", "mesh", "config", "xds", "ca", "base"],
  app: [
    "debug",
    "console",
    "simulator",
    "envoy",
    "mesh",
    "config",
    "xds",
    "ca",
    "oidc",
    "wasm",
    "net",
    "grpc",
    "base",
  ],
  up: ["app", "envoy", "mesh", "config", "ca", "base"],
  agent: ["up", "envoy", "ca", "grpc", "base"],
  cli: [
    "agent",
    "up",
    "app",
    "analysis",
    "debug",
    "console",
    "simulator",
    "envoy",
    "mesh",
    "config",
    "xds",
    "ca",
    "base",
  ],
  main: ["cli", "base"],
};

/** The packages that only some parts may use. */
const OWNED_PACKAGES = [
  { packages: "js-yaml|chokidar", owners: "config" },
  { packages: "@peculiar/[^/]+|reflect-metadata", owners: "ca" },
  { packages: "@grpc/[^/]+", owners: "grpc|xds|debug|ca|app" },
  { packages: "commander", owners: "cli|main" },
];

const partPath = (parts) => `^src/(${parts})(/|\\.ts$)`;

const layerRules = Object.entries(LAYERS).map(([part, below]) => ({
  name: `layer-${part}`,
  comment: `src/${part} may import ${["itself", ...below].join(", ")}.`,
  severity: "error",
  from: { path: partPath(part) },
  to: { path: "^src/", pathNot: partPath([part, ...below].join("|")) },
}));

const packageRules = OWNED_PACKAGES.map(({ packages, owners }) => ({
  name: `only-${owners.replaceAll("|", "-")}`,
  comment: `Only ${owners} may import ${packages}.`,
  severity: "error",
  from: { path: "^src/", pathNot: partPath(owners) },
  to: { path: `^node_modules/(${packages})/` },
}));

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    ...layerRules,
    ...packageRules,
    {
      name: "known-part",
      comment: "A new part of src gets a place in the layers first.",
      severity: "error",
      from: { path: "^src/", pathNot: partPath(Object.keys(LAYERS).join("|")) },
      to: {},
    },
    {
      name: "pure",
      comment: "These compute: no input, no output, no clock.",
      severity: "error",
      from: { path: partPath("mesh|envoy|simulator|xds/state|xds/wire") },
      // To compare is no input or output.
      to: { dependencyTypes: ["core"], pathNot: "^(node:)?util$" },
    },
    {
      name: "istio-words",
      comment: "Nothing below src/envoy knows Envoy's messages.",
      severity: "error",
      from: { path: partPath("mesh|config|base") },
      to: { path: "^gen/" },
    },
    {
      name: "types-only",
      comment: "gen/types has no code, only declarations.",
      severity: "error",
      from: {},
      to: { path: "^gen/", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "not-to-test",
      comment: "What ships does not know its tests, nor what builds it.",
      severity: "error",
      from: { path: "^src/" },
      to: { path: "^(test|bench|scripts)/" },
    },
    {
      name: "no-development-packages",
      comment: "What ships runs on the packages that it declares.",
      severity: "error",
      from: { path: "^src/" },
      to: {
        dependencyTypes: ["npm-dev", "npm-optional", "npm-peer", "npm-no-pkg", "npm-unknown"],
        dependencyTypesNot: ["type-only"],
      },
    },
    {
      name: "no-unresolved",
      comment: "An import that leads nowhere.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: "no-cycles",
      comment: "Two files that import each other are one.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-orphans",
      comment: "A file that nothing imports does nothing.",
      severity: "error",
      from: { orphan: true, path: "^src/", pathNot: ["^src/main\\.ts$", "-worker\\.ts$"] },
      to: {},
    },
  ],
  options: {
    // A file that is imported for its types alone is a dependency too.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: ["node_modules", "^gen/"] },
    enhancedResolveOptions: {
      conditionNames: ["import", "node", "types"],
      exportsFields: ["exports"],
    },
  },
};
