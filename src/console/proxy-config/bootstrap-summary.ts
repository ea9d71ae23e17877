import type { BootstrapConfigDumpJson } from "../api.js";

type Fields = Readonly<Record<string, unknown>>;

const text = (fields: Fields | undefined, key: string): string => {
  const value = fields?.[key];
  return typeof value === "string" ? value : "";
};

/** Which versions a proxy is of, as rows of a name and a value; what it does not say is left out. */
export function bootstrapSummary({
  bootstrap,
}: BootstrapConfigDumpJson): readonly (readonly string[])[] {
  const { metadata, userAgentBuildVersion } = bootstrap?.node ?? {};
  const { version = {}, metadata: build } = userAgentBuildVersion ?? {};
  const { majorNumber = 0, minorNumber = 0, patch = 0 } = version;
  const label = text(build, "build.label");
  const numbers = [majorNumber, minorNumber, patch].join(".") + (label === "" ? "" : `-${label}`);
  const details = ["revision.status", "build.type", "ssl.version"].map((key) => text(build, key));
  return [
    ["Istio Version:", text(metadata, "ISTIO_VERSION")],
    ["Istio Proxy Version:", text(metadata, "ISTIO_PROXY_SHA").replace(/^[^:]*:/, "")],
    ["Envoy Version:", [numbers, ...details.filter((detail) => detail !== "")].join("/")],
  ].filter(([, value]) => value !== "");
}
