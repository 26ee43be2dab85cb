import type * as Eks from "@aws-sdk/client-eks";
import type { ClusterRecord } from "../../state.ts";
import { type Handler, handler, page, type World } from "../../world.ts";
import { accessPolicyArn, accessPolicyName, accessPolicyNames } from "./accessPolicies.ts";
import {
  clusterNamed,
  eksArn,
  inUse,
  invalidParameter,
  invalidRequest,
  limitExceeded,
  notFound,
  runningCluster,
  today,
} from "./find.ts";
import { hasSpread, roleByArn } from "./roles.ts";
import { idempotent } from "./tokens.ts";

type EntryRecord = NonNullable<ReturnType<ClusterRecord["accessEntries"]["get"]>>;

/** Puts an access entry into a cluster; seeds, handlers and node groups use it. */
export function putAccessEntry(
  world: World,
  record: ClusterRecord,
  wish: {
    readonly principalArn: string;
    readonly type?: string | undefined;
    readonly username?: string | undefined;
    readonly groups?: readonly string[] | undefined;
    readonly tags?: Readonly<Record<string, string>> | undefined;
  },
): EntryRecord {
  const role = roleByArn(world, wish.principalArn);
  const type = wish.type ?? "STANDARD";
  const name = wish.principalArn.split("/").at(-1) ?? "";
  const clusterName = record.cluster.name ?? "";
  const isNode = type === "EC2_LINUX" || type === "EC2_WINDOWS";
  const entry: Eks.AccessEntry = {
    clusterName,
    principalArn: wish.principalArn,
    kubernetesGroups: isNode ? ["system:nodes"] : [...(wish.groups ?? [])],
    accessEntryArn: eksArn(
      world,
      `access-entry/${clusterName}/role/${world.account.id}/${name}/${world.random.uuid("access-entry")}`,
    ),
    createdAt: today(world),
    modifiedAt: today(world),
    tags: { ...wish.tags },
    username:
      wish.username ??
      (isNode
        ? "system:node:{{EC2PrivateDNSName}}"
        : `arn:${world.account.partition}:sts::${world.account.id}:assumed-role/${name}/{{SessionName}}`),
    type,
  };
  const made = { entry, policies: [], principalId: role?.id ?? wish.principalArn };
  record.accessEntries.set(wish.principalArn, made);
  return made;
}

/** Associates an access policy; no namespaces = the whole cluster. */
export function putAccessPolicy(
  world: World,
  entry: EntryRecord,
  policyArn: string,
  scope: Eks.AccessScope,
): Eks.AssociatedAccessPolicy {
  const known = entry.policies.find((policy) => policy.policyArn === policyArn);
  const policy: Eks.AssociatedAccessPolicy = {
    policyArn,
    accessScope: { type: scope.type, namespaces: [...(scope.namespaces ?? [])] },
    associatedAt: known?.associatedAt ?? today(world),
    modifiedAt: today(world),
  };
  entry.policies = [...entry.policies.filter((other) => other.policyArn !== policyArn), policy];
  return policy;
}

/** The creator's own entry with ClusterAdmin, made with the cluster unless it asked not to. */
export function putCreatorEntry(world: World, record: ClusterRecord): void {
  const { accessConfig } = record.cluster;
  if (accessConfig?.bootstrapClusterCreatorAdminPermissions !== true) return;
  if (accessConfig.authenticationMode === "CONFIG_MAP" || record.accessEntries.has(record.creatorArn)) return;
  const entry = putAccessEntry(world, record, { principalArn: record.creatorArn });
  putAccessPolicy(world, entry, accessPolicyArn(world.account.partition, "AmazonEKSClusterAdminPolicy"), {
    type: "cluster",
  });
}

function withEntries(world: World, clusterName: string | undefined, isWrite: boolean): ClusterRecord {
  const record = isWrite ? runningCluster(world, clusterName) : clusterNamed(world, clusterName);
  if (record.cluster.accessConfig?.authenticationMode === "CONFIG_MAP") {
    throw invalidRequest(
      "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation.",
    );
  }
  return record;
}

function entryOf(record: ClusterRecord, principalArn: string | undefined): EntryRecord {
  const entry = record.accessEntries.get(principalArn ?? "");
  if (entry === undefined)
    throw notFound(
      `The specified principalArn could not be found. You can view your available access entries with 'list-access-entries'.`,
    );
  return entry;
}

const createAccessEntry = handler<Eks.CreateAccessEntryCommandInput, Eks.CreateAccessEntryCommandOutput>(
  ({ world }, input) => {
    const record = withEntries(world, input.clusterName, true);
    const principalArn = input.principalArn ?? "";
    const role = roleByArn(world, principalArn);
    const isUser = /^arn:aws[a-z-]*:iam::\d{12}:user\/.+$/.test(principalArn);
    if (!isUser && !/^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/.test(principalArn)) {
      throw invalidParameter(`The specified principalArn is invalid: invalid principal ${principalArn}.`);
    }
    const isOurs = principalArn.split(":")[4] === world.account.id;
    if (!isUser && isOurs && (role === undefined || !hasSpread(world, role))) {
      throw invalidParameter("The specified principalArn is invalid: invalid principal.");
    }
    if (record.accessEntries.has(principalArn)) {
      throw inUse("The specified access entry resource is already in use on this cluster.");
    }
    checkGroups(input.kubernetesGroups, input.type, input.username);
    if (record.accessEntries.size >= 500) throw limitExceeded("The maximum number of access entries was reached.");
    const made = putAccessEntry(world, record, {
      principalArn,
      type: input.type,
      username: input.username,
      groups: input.kubernetesGroups,
      tags: input.tags,
    });
    return { accessEntry: structuredClone(made.entry) };
  },
);

function checkGroups(
  groups: readonly string[] | undefined,
  type: string | undefined,
  username: string | undefined,
): void {
  const reserved = (groups ?? []).find((group) => /^(system:|eks:|aws:|amazon:|iam:)/.test(group));
  if (reserved !== undefined) {
    throw invalidParameter(`The kubernetes group name ${reserved} is invalid, it cannot start with [system:]`);
  }
  if (username !== undefined && /^(system:|eks:|aws:|amazon:|iam:)/.test(username)) {
    throw invalidParameter(`The username ${username} is invalid, it cannot start with [system:]`);
  }
  if (type !== undefined && type !== "STANDARD" && ((groups ?? []).length > 0 || username !== undefined)) {
    throw invalidParameter(`An access entry of type ${type} takes neither kubernetesGroups nor username.`);
  }
}

const describeAccessEntry = handler<Eks.DescribeAccessEntryCommandInput, Eks.DescribeAccessEntryCommandOutput>(
  ({ world }, input) => ({
    accessEntry: structuredClone(entryOf(withEntries(world, input.clusterName, false), input.principalArn).entry),
  }),
);

const listAccessEntries = handler<Eks.ListAccessEntriesCommandInput, Eks.ListAccessEntriesCommandOutput>(
  ({ world }, input) => {
    const record = withEntries(world, input.clusterName, false);
    const matching = [...record.accessEntries]
      .filter(
        ([, { policies }]) =>
          input.associatedPolicyArn === undefined ||
          policies.some((policy) => policy.policyArn === input.associatedPolicyArn),
      )
      .map(([arn]) => arn);
    const result = page(world, matching, { size: input.maxResults, token: input.nextToken, max: 100 });
    return { accessEntries: result.items, ...(result.next === undefined ? {} : { nextToken: result.next }) };
  },
);

const updateAccessEntry = handler<Eks.UpdateAccessEntryCommandInput, Eks.UpdateAccessEntryCommandOutput>(
  ({ world }, input) => {
    const { entry } = entryOf(withEntries(world, input.clusterName, true), input.principalArn);
    if (entry.type !== "STANDARD") throw invalidRequest(`An access entry of type ${entry.type} cannot be updated.`);
    checkGroups(input.kubernetesGroups, entry.type, input.username);
    if (input.kubernetesGroups !== undefined) entry.kubernetesGroups = [...input.kubernetesGroups];
    if (input.username !== undefined) entry.username = input.username;
    entry.modifiedAt = today(world);
    return { accessEntry: structuredClone(entry) };
  },
);

const deleteAccessEntry = handler<Eks.DeleteAccessEntryCommandInput, Eks.DeleteAccessEntryCommandOutput>(
  ({ world }, input) => {
    const record = withEntries(world, input.clusterName, false);
    entryOf(record, input.principalArn);
    record.accessEntries.delete(input.principalArn ?? "");
    return {};
  },
);

const associateAccessPolicy = handler<Eks.AssociateAccessPolicyCommandInput, Eks.AssociateAccessPolicyCommandOutput>(
  ({ world }, input) => {
    const record = withEntries(world, input.clusterName, true);
    const entry = entryOf(record, input.principalArn);
    if (entry.entry.type !== "STANDARD" && entry.entry.type !== "EC2") {
      throw invalidRequest(`Access policies cannot be associated with an access entry of type ${entry.entry.type}.`);
    }
    if (accessPolicyName(input.policyArn) === undefined) {
      throw invalidParameter(`The specified policyArn is invalid: ${input.policyArn}`);
    }
    const scope = input.accessScope ?? {};
    const isNamespaced = scope.type === "namespace";
    if (isNamespaced !== (scope.namespaces ?? []).length > 0) {
      throw invalidParameter(
        "The access scope of type namespace takes namespaces, the scope of type cluster takes none.",
      );
    }
    const policy = putAccessPolicy(world, entry, input.policyArn ?? "", scope);
    return {
      clusterName: input.clusterName,
      principalArn: input.principalArn,
      associatedAccessPolicy: structuredClone(policy),
    };
  },
);

const disassociateAccessPolicy = handler<
  Eks.DisassociateAccessPolicyCommandInput,
  Eks.DisassociateAccessPolicyCommandOutput
>(({ world }, input) => {
  const entry = entryOf(withEntries(world, input.clusterName, false), input.principalArn);
  const rest = entry.policies.filter((policy) => policy.policyArn !== input.policyArn);
  if (rest.length === entry.policies.length) throw notFound("The specified policyArn is not associated.");
  entry.policies = rest;
  return {};
});

const listAssociatedAccessPolicies = handler<
  Eks.ListAssociatedAccessPoliciesCommandInput,
  Eks.ListAssociatedAccessPoliciesCommandOutput
>(({ world }, input) => {
  const entry = entryOf(withEntries(world, input.clusterName, false), input.principalArn);
  const result = page(world, entry.policies, { size: input.maxResults, token: input.nextToken, max: 100 });
  return {
    clusterName: input.clusterName,
    principalArn: input.principalArn,
    associatedAccessPolicies: structuredClone(result.items),
    ...(result.next === undefined ? {} : { nextToken: result.next }),
  };
});

const listAccessPolicies = handler<Eks.ListAccessPoliciesCommandInput, Eks.ListAccessPoliciesCommandOutput>(
  ({ world }, input) => {
    const all = accessPolicyNames.map((name) => ({ name, arn: accessPolicyArn(world.account.partition, name) }));
    const result = page(world, all, { size: input.maxResults, token: input.nextToken, max: 100 });
    return { accessPolicies: result.items, ...(result.next === undefined ? {} : { nextToken: result.next }) };
  },
);

export const access: Readonly<Record<string, Handler>> = {
  CreateAccessEntry: idempotent(createAccessEntry, (world, input: Eks.CreateAccessEntryCommandInput) => {
    const record = world.account.clusters.get(input.clusterName ?? "");
    return record?.accessEntries.has(input.principalArn ?? "") === true;
  }),
  DescribeAccessEntry: describeAccessEntry,
  ListAccessEntries: listAccessEntries,
  UpdateAccessEntry: idempotent(updateAccessEntry),
  DeleteAccessEntry: deleteAccessEntry,
  AssociateAccessPolicy: associateAccessPolicy,
  DisassociateAccessPolicy: disassociateAccessPolicy,
  ListAssociatedAccessPolicies: listAssociatedAccessPolicies,
  ListAccessPolicies: listAccessPolicies,
};
