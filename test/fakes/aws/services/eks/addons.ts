import type * as Eks from "@aws-sdk/client-eks";
import { isRecord } from "../../contract.ts";
import type { ClusterRecord } from "../../state.ts";
import { type Handler, handler, page, type World } from "../../world.ts";
import { addonEntry, addonVersions, configurationSchema, defaultAddonVersion } from "./addonCatalog.ts";
import { settleAddon, spoilAddon } from "./addonLife.ts";
import {
  addonNamed,
  clusterNamed,
  eksArn,
  inUse,
  invalidParameter,
  invalidRequest,
  runningCluster,
  today,
} from "./find.ts";
import { putAssociation } from "./podIdentity.ts";
import { checkPodIdentityRole, roleByArn } from "./roles.ts";
import { idempotent } from "./tokens.ts";
import { beginUpdate, checkNoUpdate } from "./updates.ts";

const createAddon = handler<Eks.CreateAddonCommandInput, Eks.CreateAddonCommandOutput>(({ world, outcome }, input) => {
  const record = runningCluster(world, input.clusterName);
  const name = input.addonName ?? "";
  const members = { clusterName: input.clusterName, addonName: name };
  const entry = addonEntry(world, name);
  const clusterVersion = record.cluster.version ?? "";
  if (entry === undefined) {
    throw invalidParameter(`Addon ${name} specified is not supported in ${clusterVersion} kubernetes version`, members);
  }
  if (record.addons.has(name)) throw inUse("Addon already exists.", members);
  if (input.addonVersion !== undefined) checkVersion(world, record, name, input.addonVersion);
  checkValues(world, name, input.configurationValues, members);
  checkServiceAccountRole(world, input.serviceAccountRoleArn, members);
  const addon: Eks.Addon = {
    addonName: name,
    clusterName: input.clusterName,
    status: "CREATING",
    addonVersion: input.addonVersion ?? defaultAddonVersion(entry, clusterVersion),
    health: { issues: [] },
    addonArn: eksArn(world, `addon/${input.clusterName}/${name}/${world.random.uuid("addon")}`),
    createdAt: today(world),
    modifiedAt: today(world),
    publisher: "eks",
    owner: entry.owner,
    tags: { ...input.tags },
    namespaceConfig: { namespace: input.namespaceConfig?.namespace ?? entry.namespace },
    ...(input.serviceAccountRoleArn === undefined ? {} : { serviceAccountRoleArn: input.serviceAccountRoleArn }),
    ...(input.configurationValues === undefined ? {} : { configurationValues: input.configurationValues }),
  };
  for (const wish of input.podIdentityAssociations ?? []) checkPodIdentityRole(world, wish.roleArn);
  record.addons.set(name, addon);
  associate(world, record, addon, input.podIdentityAssociations ?? []);
  if (outcome === undefined) settleAddon(world, record, addon);
  else spoilAddon(world, addon, outcome);
  return { addon: structuredClone(addon) };
});

function associate(
  world: World,
  record: ClusterRecord,
  addon: Eks.Addon,
  wishes: readonly Eks.AddonPodIdentityAssociations[],
): void {
  for (const [id, association] of record.podIdentityAssociations) {
    if (association.ownerArn === addon.addonArn) record.podIdentityAssociations.delete(id);
  }
  const made = wishes.map((wish) =>
    putAssociation(world, record, {
      namespace: addon.namespaceConfig?.namespace ?? "kube-system",
      serviceAccount: wish.serviceAccount ?? "",
      roleArn: wish.roleArn ?? "",
      ownerArn: addon.addonArn,
    }),
  );
  addon.podIdentityAssociations = made.map((association) => association.associationArn ?? "");
}

function checkVersion(world: World, record: ClusterRecord, name: string, version: string): void {
  const entry = addonEntry(world, name);
  const offered = entry === undefined ? [] : addonVersions(entry, record.cluster.version ?? "");
  if (!offered.includes(version)) {
    throw invalidParameter("Addon version specified is not supported", {
      clusterName: record.cluster.name,
      addonName: name,
    });
  }
}

// Values are checked by the add-on's schema: an object, no unknown top-level key.
function checkValues(world: World, name: string, values: string | undefined, members: Record<string, unknown>): void {
  const entry = addonEntry(world, name);
  if (values === undefined || values === "" || entry === undefined) return;
  const refuse = (reason: string) =>
    invalidParameter(`ConfigurationValue provided in request is not supported: ${reason}`, members);
  const parsed = parseValues(values);
  if (!isRecord(parsed)) throw refuse("Json schema validation failed with error: [$: string found, object expected]");
  const properties: unknown = JSON.parse(configurationSchema(entry)).properties;
  const unknown = Object.keys(parsed).find((key) => isRecord(properties) && properties[key] === undefined);
  if (unknown !== undefined) {
    throw refuse(
      `Json schema validation failed with error: [$.${unknown}: is not defined in the schema and the schema does not allow additional properties]`,
    );
  }
}

// YAML is taken as well; text that is no JSON is not looked into further here.
function parseValues(values: string): unknown {
  try {
    return JSON.parse(values);
  } catch (cause) {
    if (cause instanceof SyntaxError) return /^[\w-]+\s*:/m.test(values) ? {} : undefined;
    throw cause;
  }
}

function checkServiceAccountRole(world: World, arn: string | undefined, members: Record<string, unknown>): void {
  if (arn !== undefined && roleByArn(world, arn) === undefined) {
    throw invalidParameter(`The role ${arn} does not exist`, members);
  }
}

const describeAddon = handler<Eks.DescribeAddonCommandInput, Eks.DescribeAddonCommandOutput>(({ world }, input) => ({
  addon: structuredClone(addonNamed(clusterNamed(world, input.clusterName), input.addonName)),
}));

const listAddons = handler<Eks.ListAddonsCommandInput, Eks.ListAddonsCommandOutput>(({ world }, input) => {
  const names = [...clusterNamed(world, input.clusterName).addons.keys()].toSorted();
  const result = page(world, names, { size: input.maxResults, token: input.nextToken, max: 50 });
  return { addons: result.items, ...(result.next === undefined ? {} : { nextToken: result.next }) };
});

const updateAddon = handler<Eks.UpdateAddonCommandInput, Eks.UpdateAddonCommandOutput>(({ world, outcome }, input) => {
  const record = runningCluster(world, input.clusterName);
  const addon = addonNamed(record, input.addonName);
  const name = addon.addonName ?? "";
  const members = { clusterName: input.clusterName, addonName: name };
  checkNoUpdate(record, "AddonUpdate", { addon: name });
  if (addon.status === "CREATING" || addon.status === "DELETING") {
    throw inUse(`Addon ${name} cannot be updated as it is currently in ${addon.status} state`, members);
  }
  if (input.addonVersion !== undefined) checkVersion(world, record, name, input.addonVersion);
  checkValues(world, name, input.configurationValues, members);
  checkServiceAccountRole(world, input.serviceAccountRoleArn, members);
  for (const wish of input.podIdentityAssociations ?? []) checkPodIdentityRole(world, wish.roleArn);
  addon.status = "UPDATING";
  const update = beginUpdate(world, record, {
    outcome,
    type: "AddonUpdate",
    params: {
      ...(input.addonVersion === undefined ? {} : { AddonVersion: input.addonVersion }),
      ...(input.serviceAccountRoleArn === undefined ? {} : { ServiceAccountRoleArn: input.serviceAccountRoleArn }),
      ...(input.configurationValues === undefined ? {} : { ConfigurationValues: input.configurationValues }),
      ...(input.resolveConflicts === undefined ? {} : { ResolveConflicts: input.resolveConflicts }),
    },
    seconds: world.durations("addonUpdate", name),
    target: { addon: name },
    fail: () => {
      addon.status = "UPDATE_FAILED";
    },
    finish: () => {
      applyUpdate(world, record, addon, input);
    },
  });
  return { update };
});

function applyUpdate(world: World, record: ClusterRecord, addon: Eks.Addon, input: Eks.UpdateAddonCommandInput): void {
  addon.addonVersion = input.addonVersion ?? addon.addonVersion;
  if (input.configurationValues !== undefined) {
    addon.configurationValues = input.configurationValues === "" ? undefined : input.configurationValues;
  }
  // An absent role means the node's role (terraform-provider-aws#19402); absent values and associations stay.
  addon.serviceAccountRoleArn = input.serviceAccountRoleArn;
  if (input.podIdentityAssociations !== undefined) associate(world, record, addon, input.podIdentityAssociations);
  addon.status = "DEGRADED";
  addon.modifiedAt = today(world);
  settleAddonNow(world, record, addon);
}

function settleAddonNow(world: World, record: ClusterRecord, addon: Eks.Addon): void {
  addon.status = (addon.health?.issues ?? []).length > 0 ? "DEGRADED" : "ACTIVE";
  if (addon.status === "DEGRADED") settleAddon(world, record, addon);
}

const deleteAddon = handler<Eks.DeleteAddonCommandInput, Eks.DeleteAddonCommandOutput>(({ world }, input) => {
  const record = clusterNamed(world, input.clusterName);
  const addon = addonNamed(record, input.addonName);
  const name = addon.addonName ?? "";
  if (addon.status === "DELETING") {
    // DeleteAddon does not model ResourceInUse.
    throw invalidRequest(`Addon ${name} is being deleted.`, { clusterName: input.clusterName, addonName: name });
  }
  addon.status = "DELETING";
  world.agenda.after(world.durations("addonDelete", name), () => {
    associate(world, record, addon, []);
    record.addons.delete(name);
  });
  return { addon: structuredClone(addon) };
});

export const addons: Readonly<Record<string, Handler>> = {
  CreateAddon: idempotent(createAddon, (world, input: Eks.CreateAddonCommandInput) => {
    const record = world.account.clusters.get(input.clusterName ?? "");
    return record?.addons.has(input.addonName ?? "") === true;
  }),
  DescribeAddon: describeAddon,
  ListAddons: listAddons,
  UpdateAddon: idempotent(updateAddon),
  DeleteAddon: deleteAddon,
};
