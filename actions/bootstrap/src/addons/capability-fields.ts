import type { EksCapability } from "@eks-actions/aws";
import type { ArgoCdRole, Capability } from "@eks-actions/cluster-config";
import type { Context } from "../plan/context.ts";
import type { FieldPair } from "../plan/diff.ts";
import { sorted } from "../plan/diff.ts";
import { userTags } from "../plan/tags.ts";
import { canonical, sortedSet } from "../plan/value.ts";

type LiveArgoCd = NonNullable<EksCapability["configuration"]>["argoCd"];

export function liveArgoCd(live: EksCapability | undefined): LiveArgoCd {
  return live?.configuration?.argoCd;
}

/** Both sides of what a capability's declaration says; `role` is resolved as far as it exists. */
export function capabilityPairs(
  context: Context,
  capability: Capability,
  index: number,
  role: unknown,
  live: EksCapability | undefined,
): readonly FieldPair[] {
  const pair = (name: string, letter: string, desired: unknown, value: unknown): FieldPair => ({
    path: `capabilities[${capability.name}].${name}`,
    source: `capabilities[${index}].${name}`,
    class: letter,
    desired,
    live: value,
  });
  const found = [
    pair("type", "D", capability.type, live?.type),
    pair("roleArn", "P", role, live?.roleArn),
    pair("tags", "P", { ...context.ownership.common, ...capability.tags }, userTags(live?.tags)),
  ];
  const argo = capability.argocd;
  if (argo === undefined) return found;
  const present = liveArgoCd(live);
  found.push(
    pair("configuration.argocd.awsIdc.idcInstanceArn", "D", argo.idcInstanceArn, present?.awsIdc?.idcInstanceArn),
    pair("configuration.argocd.networkAccess", "P", sorted(argo.vpceIds), sorted(present?.networkAccess?.vpceIds)),
    pair(
      "configuration.argocd.rbacRoleMappings",
      "P",
      sortedSet(argo.roles),
      sortedSet(present?.rbacRoleMappings ?? []),
    ),
  );
  if (argo.namespace !== undefined) {
    found.push(pair("configuration.argocd.namespace", "D", argo.namespace, present?.namespace));
  }
  if (argo.idcRegion !== undefined) {
    found.push(pair("configuration.argocd.awsIdc.idcRegion", "D", argo.idcRegion, present?.awsIdc?.idcRegion));
  }
  return found;
}

/** For CreateCapability. */
export function argoCd(capability: Capability): Readonly<Record<string, unknown>> | undefined {
  const argo = capability.argocd;
  if (argo === undefined) return undefined;
  return {
    ...(argo.namespace === undefined ? {} : { namespace: argo.namespace }),
    awsIdc: {
      idcInstanceArn: argo.idcInstanceArn,
      ...(argo.idcRegion === undefined ? {} : { idcRegion: argo.idcRegion }),
    },
    ...(argo.roles.length === 0 ? {} : { rbacRoleMappings: argo.roles }),
    ...(argo.vpceIds.length === 0 ? {} : { networkAccess: { vpceIds: argo.vpceIds } }),
  };
}

/** For UpdateCapability, which takes roles to set and roles to remove; `undefined` when nothing of it differs. */
export function argoCdChange(capability: Capability, live: LiveArgoCd): Readonly<Record<string, unknown>> | undefined {
  const wanted = capability.argocd;
  if (wanted === undefined) return undefined;
  const present: readonly ArgoCdRole[] = (live?.rbacRoleMappings ?? []).flatMap(({ role, identities }) =>
    role === undefined
      ? []
      : [{ role, identities: (identities ?? []).map(({ id, type }) => ({ id: id ?? "", type: type ?? "SSO_USER" })) }],
  );
  const set = wanted.roles.filter((role) => !present.some((other) => canonical(other) === canonical(role)));
  const gone = present.filter(({ role }) => !wanted.roles.some((other) => other.role === role));
  const network = canonical(sorted(wanted.vpceIds)) !== canonical(sorted(live?.networkAccess?.vpceIds));
  if (set.length + gone.length === 0 && !network) return undefined;
  return {
    ...(set.length + gone.length === 0
      ? {}
      : {
          rbacRoleMappings: {
            ...(set.length === 0 ? {} : { addOrUpdateRoleMappings: set }),
            ...(gone.length === 0 ? {} : { removeRoleMappings: gone }),
          },
        }),
    ...(network ? { networkAccess: { vpceIds: wanted.vpceIds } } : {}),
  };
}
