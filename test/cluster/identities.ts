/** Who may ask. `admin` bypasses RBAC and priority levels: for set-up only. `ci` is the action's identity. */
export type Identity = "admin" | "ci";

/** Group of `ci`, bound in each namespace of a test. */
export const DEPLOYERS = "eks:deployers";

export interface Tokens {
  readonly admin: string;
  readonly ci: string;
}

/** https://kubernetes.io/docs/reference/access-authn-authz/authentication/#static-token-file */
export function tokenFile(tokens: Tokens): string {
  return `${tokens.admin},admin,admin,"system:masters"\n${tokens.ci},ci,ci,"${DEPLOYERS}"\n`;
}

/** A kubeconfig with a user and a context per identity. JSON is YAML. */
export function kubeconfigText(options: {
  readonly endpoint: string;
  readonly caData: string;
  readonly tokens: Tokens;
  readonly current: Identity;
  readonly namespace?: string | undefined;
}): string {
  const { endpoint, caData, tokens, current, namespace } = options;
  const context = (user: Identity) => ({
    name: user,
    context: { cluster: "local", user, ...(namespace === undefined ? {} : { namespace }) },
  });
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "local", cluster: { server: endpoint, "certificate-authority-data": caData } }],
    users: [
      { name: "admin", user: { token: tokens.admin } },
      { name: "ci", user: { token: tokens.ci } },
    ],
    contexts: [context("admin"), context("ci")],
    "current-context": current,
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

/** The file that `--authentication-token-webhook-config-file` names: a kubeconfig whose cluster is the webhook. */
export function webhookConfig(webhook: { readonly url: string; readonly caData: string }): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "webhook", cluster: { server: webhook.url, "certificate-authority-data": webhook.caData } }],
    users: [{ name: "apiserver", user: {} }],
    contexts: [{ name: "webhook", context: { cluster: "webhook", user: "apiserver" } }],
    "current-context": "webhook",
  });
}
