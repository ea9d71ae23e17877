import { X509Certificate } from "node:crypto";
import { credentialIn } from "../../config/credential.js";
import { certificateProblem } from "../../config/key-pair.js";
import type { ServerTLSSettings } from "../../config/kinds/networking/server-tls-settings.js";
import { SECRET_TYPE } from "../../config/secret-grants.js";
import type { AnalysisContext, Analyzer, Report } from "../analyzer.js";
import type { AnalyzedOf } from "../resources.js";
import { noWorkloads } from "./gateway-ports.js";

type Gateway = AnalyzedOf<"Gateway">;
type Secret = AnalyzedOf<"Secret">;

/** Servers of Gateways without their certificate. */
export const gatewaySecretAnalyzer: Analyzer = {
  name: "gateway.SecretAnalyzer",
  description: "whether the Secrets of Gateways are there, with a certificate that is valid",
  *analyze(context) {
    for (const gateway of context.resources.all("Gateway")) yield* analyzeGateway(gateway, context);
  },
};

function* analyzeGateway(gateway: Gateway, context: AnalysisContext): Iterable<Report> {
  const { selector = {}, servers = [] } = gateway.spec;
  const workloads = context.workloads.selected(selector);
  if (workloads.length === 0) {
    yield noWorkloads(gateway);
    return;
  }
  const namespaces = [...new Set(workloads.map(({ namespace }) => namespace))];
  for (const [index, { tls }] of servers.entries()) {
    const credential = tls?.credentialName ?? "";
    const names = secretNames(credential, namespaces);
    if (names.length === 0) continue;
    const place = { resource: gateway, path: ["spec", "servers", index, "tls", "credentialName"] };
    const secrets = names.flatMap((name) => findSecret(context, name) ?? []);
    if (secrets.length === 0) {
      const keys = names.map(({ namespace, name }) => `${namespace}/${name}`);
      const message = `there is no Secret "${keys.join('" or "')}"`;
      // Files without any Secret leave them to who has them.
      const isElsewhere = context.resources.all("Secret").length === 0;
      const severity = isElsewhere ? "warning" : "error";
      yield { ...place, code: "IST0101", severity, message };
    }
    const problem = secrets
      .map((secret) => secretProblem(secret, context.now) ?? rootsProblem(secret, tls, context))
      .find(isProblem);
    if (problem !== undefined) yield { ...place, code: "IST0161", message: problem };
  }
}

interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

/** Where a credential may be; nowhere for one that is no Secret, such as `sds://`. */
function secretNames(credential: string, namespaces: readonly string[]): readonly SecretName[] {
  const plain = credential.replace(SECRET_TYPE, "");
  if (plain === "" || plain.includes("://")) return [];
  const [namespace = "", name] = plain.split("/", 2);
  if (name !== undefined) return [{ namespace, name }];
  return namespaces.map((one) => ({ namespace: one, name: plain }));
}

function findSecret(
  { resources }: AnalysisContext,
  { namespace, name }: SecretName,
): Secret | undefined {
  return resources.find("Secret", namespace, name);
}

/** Modes in which a server asks its clients for certificates that are not the mesh's. */
const VERIFYING: ReadonlySet<string> = new Set(["MUTUAL", "OPTIONAL_MUTUAL"]);

/** That a server which asks for clients' certificates has nothing to verify them by: it ends all connections then. */
function rootsProblem(
  secret: Secret,
  { mode = "PASSTHROUGH", caCertCredentialName = "" }: ServerTLSSettings = {},
  context: AnalysisContext,
): string | undefined {
  if (!VERIFYING.has(mode) || caCertCredentialName !== "") return undefined;
  const { namespace, name } = secret;
  const { name: rooted, spec } =
    findSecret(context, { namespace, name: `${name}-cacert` }) ?? secret;
  if (credentialIn(spec).roots !== undefined) return undefined;
  return `Secret "${namespace}/${rooted}" has no ca.crt, by which mode ${mode} verifies clients: none can connect`;
}

function isProblem(problem: string | undefined): problem is string {
  return problem !== undefined;
}

function secretProblem({ name, namespace, spec }: Secret, now: Date): string | undefined {
  const which = `Secret "${namespace}/${name}"`;
  const { certificate } = credentialIn(spec).pair ?? {};
  if (certificate === undefined) {
    return `${which} has no certificate with its key: tls.crt and tls.key would be right`;
  }
  const problem = certificateProblem(certificate);
  if (problem !== undefined) return `${which} has no certificate: ${problem.message}`;
  const { validFrom, validTo } = new X509Certificate(certificate.text);
  if (now < new Date(validFrom)) return `the certificate of ${which} is valid from ${validFrom} on`;
  if (now > new Date(validTo)) return `the certificate of ${which} was valid until ${validTo}`;
  return undefined;
}
