import { stringify } from "yaml";

/** A kubeconfig as YAML text, for a known identity by name or for any bearer token. */
export function kubeconfigText(
  endpoint: string,
  caData: string,
  who: string,
  tokens: Readonly<Record<string, string>>,
): string {
  const name = tokens[who] === undefined ? "token" : who;
  const token = tokens[who] ?? who;
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "embedded", cluster: { server: endpoint, "certificate-authority-data": caData } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: "embedded", user: name } }],
    "current-context": name,
  });
}
