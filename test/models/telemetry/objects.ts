/** The objects that say what proxies tell of requests, as their YAML has them, as far as the model reads them. */
import type { ResourceOf } from "../../../src/config/kinds.js";
import type { Caller, Metadata } from "../routing/objects.js";

type Spec = ResourceOf<"Telemetry">["spec"];

export type AccessLogging = NonNullable<Spec["accessLogging"]>[number];
export type Metrics = NonNullable<Spec["metrics"]>[number];
export type Override = NonNullable<Metrics["overrides"]>[number];
export type Tracing = NonNullable<Spec["tracing"]>[number];
export type CustomTags = NonNullable<Tracing["customTags"]>;

export interface Telemetry {
  readonly metadata: Metadata;
  readonly spec: Spec;
}

/** The side of a request on which a proxy tells of it. */
export type Side = "CLIENT" | "SERVER";

/** What the mesh's configuration has to do with telemetry. */
export interface MeshConfig {
  readonly accessLogFile: string;
  readonly enableTracing: boolean;
  readonly defaultProviders: {
    readonly accessLogging?: readonly string[];
    readonly metrics?: readonly string[];
    readonly tracing?: readonly string[];
  };
  readonly defaultConfig: {
    readonly tracing?: {
      readonly zipkin?: { readonly address: string };
      readonly sampling?: number;
      readonly maxPathTagLength?: number;
      readonly customTags?: CustomTags;
      readonly enableIstioTags?: boolean;
    };
  };
}

/** A proxy: beside an application, or of gateways. */
export interface Teller extends Caller {
  readonly type: "sidecar" | "router";
}

export interface World {
  readonly telemetries: readonly Telemetry[];
  readonly meshConfig: MeshConfig;
}
