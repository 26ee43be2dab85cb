import type { EksIdentityProvider } from "@eks-actions/aws";
import type { IdentityProvider } from "@eks-actions/cluster-config";
import type { Action, Call, Step } from "../plan/action.ts";
import { create } from "../plan/build.ts";
import { type Context, partOf } from "../plan/context.ts";
import { type Comparison, compare, type FieldPair } from "../plan/diff.ts";
import { usual } from "../plan/durations.ts";
import { APPLIED, retag, tagsOf, userTags } from "../plan/tags.ts";
import { EXCLUSIVE } from "./fields.ts";

/** OIDC providers whose tokens the API server accepts: associating one is an update of the whole cluster. */
export function planIdentityProviders(context: Context): Step {
  const { config, facts, inputs, ownership } = context;
  const listed = config.identityProviders.map((provider) => provider.name);
  const extra = facts.identityProviders.filter((live) => !listed.includes(live.identityProviderConfigName ?? ""));
  const isOurs = (live: EksIdentityProvider) => partOf(ownership.cluster, live.tags ?? {}) !== undefined;
  // A cluster has room for one, so another name in the file takes the place of ours.
  const makesRoom = inputs.unmanaged === "delete" || listed.length > 0;
  const removals = makesRoom ? extra.filter(isOurs).map((live) => disassociate(context, live)) : [];
  const steps = config.identityProviders.map((provider, index) =>
    planProvider(
      context,
      provider,
      index,
      removals.map((action) => action.id),
    ),
  );
  return {
    actions: [...steps.flatMap((step) => step.actions), ...removals],
    unchanged: steps.flatMap((step) => step.unchanged ?? []),
    unmanaged: extra.map((live) => ({
      kind: "IdentityProvider",
      name: live.identityProviderConfigName ?? "",
      orphan: isOurs(live),
      note: live.issuerUrl ?? "",
    })),
  };
}

function planProvider(context: Context, provider: IdentityProvider, index: number, after: readonly string[]): Step {
  const live = context.facts.identityProviders.find(
    (candidate) => candidate.identityProviderConfigName === provider.name && candidate.status !== "DELETING",
  );
  const comparison = compare(context.config, providerPairs(context, provider, index, live), live?.tags?.[APPLIED]);
  if (live === undefined) return { actions: [associate(context, provider, comparison, after)] };
  const target = { kind: "IdentityProvider", name: provider.name };
  const { changed, changes, fields } = comparison;
  if (changed.length === 0) return { actions: [], unchanged: [target] };
  if (changed.some((pair) => pair.class === "D")) {
    const removal: Action = { ...disassociate(context, live), class: "D", changes };
    return { actions: [removal, associate(context, provider, comparison, [removal.id], live)] };
  }
  const wanted = { ...context.ownership.common, ...provider.tags };
  const calls = retag(live.identityProviderConfigArn, live.tags, wanted, fields);
  return { actions: [create({ part: partName(provider), op: "update", target, class: "P", calls, changes })] };
}

function partName(provider: Pick<IdentityProvider, "name">): string {
  return `identity-provider-${provider.name}`;
}

function providerPairs(
  context: Context,
  provider: IdentityProvider,
  index: number,
  live: EksIdentityProvider | undefined,
): readonly FieldPair[] {
  const pair = (name: string, letter: string, desired: unknown, value: unknown): FieldPair => ({
    path: `identityProviders[${provider.name}].${name}`,
    source: `identityProviders[${index}].${name}`,
    class: letter,
    desired,
    live: value,
  });
  return [
    pair("issuerURL", "D", provider.issuerURL, live?.issuerUrl),
    pair("clientID", "D", provider.clientID, live?.clientId),
    pair("usernameClaim", "D", provider.usernameClaim, live?.usernameClaim),
    pair("usernamePrefix", "D", provider.usernamePrefix, live?.usernamePrefix),
    pair("groupsClaim", "D", provider.groupsClaim, live?.groupsClaim),
    pair("groupsPrefix", "D", provider.groupsPrefix, live?.groupsPrefix),
    pair("requiredClaims", "D", provider.requiredClaims, live?.requiredClaims ?? {}),
    pair("tags", "P", { ...context.ownership.common, ...provider.tags }, userTags(live?.tags)),
  ];
}

function associate(
  context: Context,
  provider: IdentityProvider,
  { fields }: Comparison,
  after: readonly string[],
  former?: EksIdentityProvider,
): Action {
  const call: Call = {
    service: "eks",
    operation: "AssociateIdentityProviderConfig",
    args: {
      clusterName: context.ownership.cluster,
      oidc: {
        identityProviderConfigName: provider.name,
        issuerUrl: provider.issuerURL,
        clientId: provider.clientID,
        usernameClaim: provider.usernameClaim,
        usernamePrefix: provider.usernamePrefix,
        groupsClaim: provider.groupsClaim,
        groupsPrefix: provider.groupsPrefix,
        ...(Object.keys(provider.requiredClaims).length === 0 ? {} : { requiredClaims: provider.requiredClaims }),
      },
      tags: tagsOf(context.ownership, partName(provider), fields, provider.tags),
    },
    ...(former?.identityProviderConfigArn === undefined ? {} : { generation: former.identityProviderConfigArn }),
  };
  return create({
    part: partName(provider),
    op: "create",
    target: { kind: "IdentityProvider", name: provider.name },
    after: ["cluster", ...after],
    locks: EXCLUSIVE,
    calls: [call],
    until: { kind: "update" },
    expectedSeconds: usual.identityProvider.usual,
  });
}

/** Takes the provider from the cluster; its users are locked out at once. */
export function disassociate(context: Context, live: EksIdentityProvider): Action {
  const name = live.identityProviderConfigName ?? "";
  return create({
    part: `identity-provider-gone-${name}`,
    op: "delete",
    target: { kind: "IdentityProvider", name },
    destructive: true,
    needs: ["delete-identity-provider"],
    after: ["cluster"],
    locks: EXCLUSIVE,
    calls:
      live.status === "DELETING"
        ? []
        : [
            {
              service: "eks",
              operation: "DisassociateIdentityProviderConfig",
              args: { clusterName: context.ownership.cluster, identityProviderConfig: { type: "oidc", name } },
              ...(live.identityProviderConfigArn === undefined ? {} : { generation: live.identityProviderConfigArn }),
            },
          ],
    until: live.status === "DELETING" ? undefined : { kind: "update" },
    expectedSeconds: usual.identityProvider.usual,
  });
}
