import { at, groupOf, isRecord, type KubeObject } from "@eks-actions/manifest";

/** Where the app answers: the host of an HTTPRoute, else of an Ingress, else of a LoadBalancer. */
export function environmentUrl(objects: readonly KubeObject[]): string | undefined {
  const first = (kind: string, read: (object: KubeObject) => string | undefined) =>
    objects
      .filter((object) => `${groupOf(object.apiVersion)}/${object.kind}` === kind)
      .map(read)
      .find((url) => url !== undefined);
  return (
    first("gateway.networking.k8s.io/HTTPRoute", (route) => url("https", textAt(route, ["spec", "hostnames", 0]))) ??
    first("networking.k8s.io/Ingress", ingressUrl) ??
    first("/Service", (service) => {
      const ingress = at(service, ["status", "loadBalancer", "ingress", 0]);
      return isRecord(ingress) ? url("http", textAt(ingress, ["hostname"]) ?? textAt(ingress, ["ip"])) : undefined;
    })
  );
}

function ingressUrl(ingress: KubeObject): string | undefined {
  const host =
    textAt(ingress, ["spec", "rules", 0, "host"]) ??
    textAt(ingress, ["status", "loadBalancer", "ingress", 0, "hostname"]);
  return url(at(ingress, ["spec", "tls", 0]) === undefined ? "http" : "https", host);
}

function url(scheme: string, host: string | undefined): string | undefined {
  return host !== undefined && /^[A-Za-z0-9.-]{1,253}$/.test(host) ? `${scheme}://${host}` : undefined;
}

function textAt(value: unknown, path: readonly (string | number)[]): string | undefined {
  const found = at(value, path);
  return typeof found === "string" && found !== "" ? found : undefined;
}
