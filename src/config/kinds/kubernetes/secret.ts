import { credentialIn } from "../../credential.js";
import { certificateProblem, keyPairProblems } from "../../key-pair.js";
import type { Finding, KindDefinition } from "../../kind.js";
import type { ConfigResource } from "../../resource.js";
import { Flag, lenient, optional, Text, TextMap, type ValueOf } from "../value/fields.js";
import { eachMember, type Findings } from "../value/findings.js";
import { notApplied } from "../value/unapplied.js";

/** Keys and certificates: `data` is base64, `stringData` is plain and wins. */
export type SecretBody = ValueOf<typeof SecretBody>;
export const SecretBody = lenient({
  type: optional(Text),
  data: optional(TextMap),
  stringData: optional(TextMap),
  immutable: optional(Flag),
});

const TLS_TYPE = "kubernetes.io/tls";

/** Kubernetes' Secret. */
export const secret = {
  kind: "Secret",
  group: "",
  versions: ["v1"],
  body: "document",
  schema: SecretBody,
  check: (resource: ConfigResource<SecretBody>): readonly Finding[] => [...checkSecret(resource)],
} as const satisfies KindDefinition<SecretBody>;

/** Where Istio's control plane has the authority of a mesh, and what signs in it. See Istio, "Plug in CA Certificates". */
const AUTHORITY = { name: "cacerts", key: "ca-key.pem" };

function* checkSecret({ metadata, spec }: ConfigResource<SecretBody>): Findings {
  const hasKey = [spec.data, spec.stringData].some((all = {}) => Object.hasOwn(all, AUTHORITY.key));
  if (metadata.name === AUTHORITY.name && hasKey) {
    yield notApplied(
      ["metadata", "name"],
      "an authority in a Secret (`serve --cacerts DIR` is given its files)",
    );
  }
  const unreadable = [...checkEncoding(spec)];
  yield* unreadable;
  if (unreadable.length === 0) yield* checkCredential(spec);
}

function checkEncoding({ data }: SecretBody): Findings {
  return eachMember(data, ["data"], function* (value, path, name) {
    if (!isBase64(value)) {
      const message = `data["${name}"] is no base64: stringData is for plain text`;
      yield { path, code: "invalid-base64", message };
    }
  });
}

/** What no proxy could serve with. Kubernetes looks at the type alone. */
function* checkCredential(spec: SecretBody): Findings {
  const { pair, roots } = credentialIn(spec);
  if (pair === undefined && spec.type === TLS_TYPE) {
    const message = `a Secret of type ${TLS_TYPE} has to have tls.crt and tls.key, neither of them empty`;
    yield { path: ["type"], code: "incomplete-secret", message };
  }
  const problems = [
    ...(pair === undefined ? [] : keyPairProblems(pair.certificate, pair.key)),
    ...(roots === undefined ? [] : [certificateProblem(roots)]),
  ];
  for (const problem of problems) {
    if (problem === undefined) continue;
    yield { path: problem.of.path, code: problem.code, message: problem.message };
  }
}

/** Base64 with its padding; line breaks are fine. */
function isBase64(text: string): boolean {
  const characters = text.replace(/[\r\n]/g, "");
  return characters.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(characters);
}
