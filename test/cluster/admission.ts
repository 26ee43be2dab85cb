import { randomUUID } from "node:crypto";
import { createServer } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster } from "./access.ts";
import { createCertificate } from "./certificate.ts";
import { listen } from "./relay.ts";

/** What the webhook does with an object that somebody wants to write. */
export type Admission =
  | { readonly do: "allow"; readonly warnings?: readonly string[] }
  /** `code` is the HTTP status of the refusal: Gatekeeper says 403, a webhook that leaves it out gives 400. */
  | { readonly do: "deny"; readonly message: string; readonly code?: number }
  /** The webhook itself is broken. */
  | { readonly do: "fail" }
  /** Answers after so long; the API server gives up after `timeoutSeconds`. */
  | { readonly do: "delay"; readonly ms: number };

export interface AdmissionRequest {
  readonly operation: string;
  readonly namespace: string;
  readonly name: string;
  readonly kind: string;
  readonly dryRun: boolean;
}

export interface AdmissionOptions {
  /** Only requests in this namespace are asked about, so that tests beside this one are not. */
  readonly namespace: string;
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly timeoutSeconds?: number;
  readonly failurePolicy?: "Fail" | "Ignore";
  decide(request: AdmissionRequest): Admission;
}

export interface AdmissionWebhook extends AsyncDisposable {
  readonly requests: readonly AdmissionRequest[];
}

/** A validating admission webhook, served by the test itself, registered until disposed. */
export async function startAdmission(cluster: Cluster, options: AdmissionOptions): Promise<AdmissionWebhook> {
  const certificate = createCertificate({ commonName: "admission" });
  const requests: AdmissionRequest[] = [];
  const server = createServer(certificate, async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const { uid, request } = parseReview(JSON.parse(Buffer.concat(chunks).toString("utf8")));
    requests.push(request);
    const decision = options.decide(request);
    if (decision.do === "delay") await sleep(decision.ms);
    outgoing.writeHead(decision.do === "fail" ? 500 : 200, { "content-type": "application/json" });
    outgoing.end(JSON.stringify(reviewOf(uid, decision)));
  });
  const url = `https://127.0.0.1:${await listen(server)}/`;
  const name = `admission-${randomUUID().slice(0, 8)}.test.example`;
  const path = `/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/${name}`;
  await cluster.api.apply(path, configuration(name, url, certificate.cert, options));
  return {
    requests,
    async [Symbol.asyncDispose]() {
      await cluster.api.must("DELETE", path);
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function configuration(name: string, url: string, cert: string, options: AdmissionOptions): object {
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingWebhookConfiguration",
    metadata: { name },
    webhooks: [
      {
        name,
        clientConfig: { url, caBundle: Buffer.from(cert).toString("base64") },
        admissionReviewVersions: ["v1"],
        sideEffects: "None",
        failurePolicy: options.failurePolicy ?? "Fail",
        timeoutSeconds: options.timeoutSeconds ?? 2,
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": options.namespace } },
        rules: [
          {
            apiGroups: options.apiGroups,
            apiVersions: ["*"],
            operations: ["CREATE", "UPDATE"],
            resources: options.resources,
          },
        ],
      },
    ],
  };
}

function reviewOf(uid: string, decision: Admission): object {
  const allowed = decision.do !== "deny";
  const response = {
    uid,
    allowed,
    ...(decision.do === "deny" ? { status: { message: decision.message, code: decision.code ?? 403 } } : {}),
    ...(decision.do === "allow" && decision.warnings !== undefined ? { warnings: decision.warnings } : {}),
  };
  return { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", response };
}

function parseReview(value: unknown): { readonly uid: string; readonly request: AdmissionRequest } {
  const request = recordOf(recordOf(value)["request"]);
  const text = (name: string) => String(request[name] ?? "");
  return {
    uid: text("uid"),
    request: {
      operation: text("operation"),
      namespace: text("namespace"),
      name: text("name"),
      kind: String(recordOf(request["kind"])["kind"] ?? ""),
      dryRun: request["dryRun"] === true,
    },
  };
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
