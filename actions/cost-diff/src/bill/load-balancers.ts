import { groupOf } from "@eks-actions/manifest";
import { HOURS_PER_MONTH, type PriceBook } from "@eks-actions/pricing";
import type { Item, Manifest, Warning } from "../model.ts";
import { dig, digText, objectId } from "../sides/place.ts";
import type { Usage } from "./usage-file.ts";

export interface LoadBalancers {
  readonly items: readonly Item[];
  readonly publicIpv4: readonly Item[];
  readonly warnings: readonly Warning[];
  /** Usage-based prices that apply, whether a number is known or not. */
  readonly usage: readonly { readonly key: string; readonly quantity: number | undefined }[];
  readonly internetFacing: number;
}

interface Balancer {
  readonly kind: "alb" | "nlb" | "clb";
  readonly isPublic: boolean;
  readonly ids: readonly string[];
}

/** Load balancers that Services, Ingresses and Gateways make. */
export function loadBalancers(
  manifests: readonly Manifest[],
  options: { readonly isAutoMode: boolean; readonly zones: number; readonly usage: Usage; readonly book: PriceBook },
): LoadBalancers {
  const { zones, usage, book } = options;
  const warnings: Warning[] = [];
  const hasController =
    options.isAutoMode ||
    manifests.some(
      ({ object }) => object.kind === "Deployment" && /aws-load-balancer-controller/.test(object.metadata.name),
    );
  const balancers = [...services(manifests, hasController, warnings), ...ingresses(manifests), ...gateways(manifests)];
  const hourly = (key: string, count: number): readonly Item[] =>
    count === 0 ? [] : [{ key, price: book.service(key).price, quantity: HOURS_PER_MONTH * count }];
  const count = (kind: Balancer["kind"]) => balancers.filter((one) => one.kind === kind).length;
  const internetFacing = balancers.filter(({ isPublic }) => isPublic).length;
  return {
    items: [
      ...hourly("elb.alb.hour", count("alb")),
      ...hourly("elb.clb.hour", count("clb")),
      ...hourly("elb.nlb.hour", count("nlb")),
    ],
    publicIpv4: hourly("vpc.publicIpv4", balancers.filter(({ isPublic }) => isPublic).length * zones),
    warnings,
    usage: usageOf(balancers, usage),
    internetFacing,
  };
}

function usageOf(balancers: readonly Balancer[], usage: Usage): LoadBalancers["usage"] {
  const totals = new Map<string, number | undefined>();
  for (const { kind, ids } of balancers) {
    const key = kind === "clb" ? "elb.clb.gb" : `elb.${kind}.lcu`;
    const stated = ids.map((id) => usage.loadBalancers.get(id)).find((one) => one !== undefined);
    const quantity = kind === "clb" ? stated?.gb : stated?.lcu === undefined ? undefined : stated.lcu * HOURS_PER_MONTH;
    const before = totals.get(key);
    totals.set(key, quantity === undefined && before === undefined ? undefined : (before ?? 0) + (quantity ?? 0));
  }
  return [...totals].sort((a, b) => (a[0] < b[0] ? -1 : 1)).map(([key, quantity]) => ({ key, quantity }));
}

const NLB_CLASSES = new Set(["service.k8s.aws/nlb", "eks.amazonaws.com/nlb"]);

/** https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/service/nlb/ */
function services(manifests: readonly Manifest[], hasController: boolean, warnings: Warning[]): readonly Balancer[] {
  return manifests.flatMap((manifest): readonly Balancer[] => {
    const { object } = manifest;
    if (object.kind !== "Service" || object.apiVersion !== "v1" || digText(object, "spec", "type") !== "LoadBalancer")
      return [];
    const annotation = (name: string) =>
      object.metadata.annotations?.[`service.beta.kubernetes.io/aws-load-balancer-${name}`];
    const isNlb =
      NLB_CLASSES.has(digText(object, "spec", "loadBalancerClass") ?? "") ||
      /^(external|nlb|nlb-ip)$/.test(annotation("type") ?? "") ||
      hasController;
    if (!isNlb) {
      warnings.push({
        code: "LB_CLASS_ASSUMED",
        args: { object: objectId(manifest) },
        file: manifest.file,
        line: manifest.line,
      });
    }
    // The in-tree controller makes public ones, the newer one internal ones, unless told otherwise.
    const isPublic = isNlb
      ? annotation("scheme") === "internet-facing"
      : annotation("internal") !== "true" && annotation("scheme") !== "internal";
    // Classic load balancers get addresses that are billed with the balancer's zones as well.
    return [{ kind: isNlb ? "nlb" : "clb", isPublic, ids: [objectId(manifest)] }];
  });
}

function ingresses(manifests: readonly Manifest[]): readonly Balancer[] {
  const classes = new Map(
    manifests
      .filter(({ object }) => object.kind === "IngressClass")
      .map(({ object }) => [object.metadata.name, object] as const),
  );
  const params = new Map(
    manifests
      .filter(({ object }) => object.kind === "IngressClassParams")
      .map(({ object }) => [object.metadata.name, object] as const),
  );
  const groups = new Map<string, Balancer>();
  for (const manifest of manifests) {
    const { object } = manifest;
    if (object.kind !== "Ingress" || groupOf(object.apiVersion) !== "networking.k8s.io") continue;
    const name =
      digText(object, "spec", "ingressClassName") ?? object.metadata.annotations?.["kubernetes.io/ingress.class"] ?? "";
    const ingressClass = classes.get(name);
    const controller = digText(ingressClass, "spec", "controller");
    const isAlb =
      controller === undefined ? name === "alb" : /^(ingress\.k8s\.aws|eks\.amazonaws\.com)\/alb$/.test(controller);
    if (!isAlb) continue;
    const annotations = object.metadata.annotations ?? {};
    const own = params.get(digText(ingressClass, "spec", "parameters", "name") ?? "");
    const group = digText(own, "spec", "group", "name") ?? annotations["alb.ingress.kubernetes.io/group.name"];
    const key = group === undefined ? objectId(manifest) : `group ${group}`;
    const scheme = digText(own, "spec", "scheme") ?? annotations["alb.ingress.kubernetes.io/scheme"];
    const before = groups.get(key);
    groups.set(key, {
      kind: "alb",
      isPublic: before?.isPublic === true || scheme === "internet-facing",
      ids: [...(before?.ids ?? []), objectId(manifest)],
    });
  }
  return [...groups.values()];
}

function gateways(manifests: readonly Manifest[]): readonly Balancer[] {
  const controllers = new Map(
    manifests
      .filter(({ object }) => object.kind === "GatewayClass")
      .map(({ object }) => [object.metadata.name, digText(object, "spec", "controllerName") ?? ""] as const),
  );
  return manifests.flatMap((manifest): readonly Balancer[] => {
    const { object } = manifest;
    if (object.kind !== "Gateway" || groupOf(object.apiVersion) !== "gateway.networking.k8s.io") return [];
    const match = /^gateway\.k8s\.aws\/(alb|nlb)$/.exec(
      controllers.get(digText(object, "spec", "gatewayClassName") ?? "") ?? "",
    );
    if (match === null) return [];
    const isPublic = dig(object, "metadata", "annotations", "gateway.k8s.aws/scheme") === "internet-facing";
    return [{ kind: match[1] === "alb" ? "alb" : "nlb", isPublic, ids: [objectId(manifest)] }];
  });
}
