/** A kubeconfig (JSON is YAML) with a user and a context per known identity, and one for a bearer token given in full. */
export function kubeconfigText(options: {
  readonly endpoint: string;
  readonly caData: string;
  readonly tokens: Readonly<Record<string, string>>;
  readonly who: string;
  readonly namespace?: string | undefined;
}): string {
  const { endpoint, caData, who, namespace } = options;
  const isKnown = options.tokens[who] !== undefined;
  const tokens = isKnown ? options.tokens : { ...options.tokens, token: who };
  const names = Object.keys(tokens);
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "embedded", cluster: { server: endpoint, "certificate-authority-data": caData } }],
    users: names.map((name) => ({ name, user: { token: tokens[name] } })),
    contexts: names.map((name) => ({
      name,
      context: { cluster: "embedded", user: name, ...(namespace === undefined ? {} : { namespace }) },
    })),
    "current-context": isKnown ? who : "token",
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
