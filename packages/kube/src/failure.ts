import { ActionError } from "@eks-actions/action/error";

export interface ConnectionErrorInit {
  /** Whether the server may have seen the request: then only what is safe to repeat is sent again. */
  readonly sent: boolean;
  /** False for what no further attempt can mend. Default true. */
  readonly retry?: boolean;
  readonly cause?: unknown;
}

/** A connection could not be made or broke. Internal: callers see `ActionError` `API_CONNECT`. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
  readonly sent: boolean;
  readonly retry: boolean;

  constructor(message: string, init: ConnectionErrorInit) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause });
    this.sent = init.sent;
    this.retry = (init.retry ?? true) && !isCertificateProblem(init.cause);
  }
}

// Codes of OpenSSL's verification and of node:tls.
const CERTIFICATE =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|CERT_|ERR_TLS_CERT_ALTNAME_INVALID|ERR_OSSL|ERR_SSL_WRONG_VERSION)/;

export function isCertificateProblem(cause: unknown): boolean {
  return CERTIFICATE.test(codeOf(cause));
}

export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  if ("code" in error && typeof error.code === "string") return error.code;
  return error.cause === undefined ? "" : codeOf(error.cause);
}

/** What a person is told when the API server cannot be reached. */
export function connectFailure(server: string, error: ConnectionError): ActionError {
  const code = codeOf(error.cause);
  return new ActionError("API_CONNECT", {
    message: `the API server ${server} cannot be reached: ${error.message}`,
    hint: hintFor(code),
    cause: error,
  });
}

function hintFor(code: string): string {
  if (CERTIFICATE.test(code)) {
    return "the certificate does not fit the kubeconfig's certificate-authority-data or server name; write the kubeconfig anew with actions/auth";
  }
  if (code === "ENOTFOUND") {
    return "the name does not resolve: the cluster was deleted, or its endpoint is private and this runner is outside its VPC";
  }
  return "a private endpoint needs a runner inside the VPC, or an entry in the cluster's publicAccessCidrs";
}
