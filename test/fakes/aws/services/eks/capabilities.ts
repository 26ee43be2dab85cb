import type * as Eks from "@aws-sdk/client-eks";
import type { ClusterRecord } from "../../state.ts";
import { type Handler, handler, page, type World } from "../../world.ts";
import { putAccessEntry } from "./access.ts";
import { clusterNamed, eksArn, inUse, invalidParameter, notFound, runningCluster, today } from "./find.ts";
import { checkCapabilityRole } from "./roles.ts";
import { idempotent } from "./tokens.ts";
import { beginUpdate, checkNoUpdate } from "./updates.ts";

function capabilityOf(record: ClusterRecord, name: string | undefined): Eks.Capability {
  const capability = record.capabilities.get(name ?? "");
  if (capability === undefined) {
    throw notFound(`No capability found for name: ${name}.`, { clusterName: record.cluster.name });
  }
  return capability;
}

const create = handler<Eks.CreateCapabilityCommandInput, Eks.CreateCapabilityCommandOutput>(({ world }, input) => {
  const record = runningCluster(world, input.clusterName);
  const name = input.capabilityName ?? "";
  const taken = [...record.capabilities.values()].some((other) => other.type === input.type);
  if (taken || record.capabilities.has(name)) {
    throw inUse(`Cluster ${input.clusterName} already has a capability of type ${input.type}.`, {
      clusterName: input.clusterName,
    });
  }
  checkCapabilityRole(world, input.roleArn);
  const argo = input.configuration?.argoCd;
  if (input.type === "ARGOCD" && argo === undefined) {
    throw invalidParameter("A capability of type ARGOCD requires an Argo CD configuration.");
  }
  if (input.type !== "ARGOCD" && argo !== undefined) {
    throw invalidParameter(`A capability of type ${input.type} takes no Argo CD configuration.`);
  }
  const capability: Eks.Capability = {
    capabilityName: name,
    arn: eksArn(
      world,
      `capability/${input.clusterName}/${String(input.type).toLowerCase()}/${name}/${world.random.uuid("capability")}`,
    ),
    clusterName: input.clusterName,
    type: input.type,
    roleArn: input.roleArn,
    status: "CREATING",
    version: "1.0.0",
    health: { issues: [] },
    createdAt: today(world),
    modifiedAt: today(world),
    deletePropagationPolicy: input.deletePropagationPolicy,
    ...(argo === undefined ? {} : { configuration: { argoCd: { namespace: "argocd", ...argo } } }),
    tags: { ...input.tags },
  };
  record.capabilities.set(name, capability);
  admitRole(world, record, capability);
  world.agenda.after(world.durations("capabilityCreate", name), () => {
    if (capability.status === "CREATING") capability.status = "ACTIVE";
  });
  return { capability: structuredClone(capability) };
});

/** EKS lets the role in by itself, as soon as the capability is made. */
function admitRole(world: World, record: ClusterRecord, { roleArn = "" }: Eks.Capability): void {
  if (record.cluster.accessConfig?.authenticationMode === "CONFIG_MAP" || record.accessEntries.has(roleArn)) return;
  putAccessEntry(world, record, { principalArn: roleArn });
}

function configure(capability: Eks.Capability, change: Eks.UpdateArgoCdConfig | undefined): void {
  const present = capability.configuration?.argoCd;
  if (present === undefined || change === undefined) return;
  const { addOrUpdateRoleMappings: set = [], removeRoleMappings: gone = [] } = change.rbacRoleMappings ?? {};
  const replaced = new Set([...set, ...gone].map((mapping) => mapping.role));
  const kept = (present.rbacRoleMappings ?? []).filter((mapping) => !replaced.has(mapping.role));
  present.rbacRoleMappings = [...kept, ...set];
  present.networkAccess = change.networkAccess ?? present.networkAccess;
}

const describe = handler<Eks.DescribeCapabilityCommandInput, Eks.DescribeCapabilityCommandOutput>(
  ({ world }, input) => ({
    capability: structuredClone(capabilityOf(clusterNamed(world, input.clusterName), input.capabilityName)),
  }),
);

const list = handler<Eks.ListCapabilitiesCommandInput, Eks.ListCapabilitiesCommandOutput>(({ world }, input) => {
  const all = [...clusterNamed(world, input.clusterName).capabilities.values()];
  const result = page(world, all, { size: input.maxResults, token: input.nextToken, max: 100 });
  return {
    capabilities: result.items.map(({ capabilityName, arn, type, status, version, createdAt, modifiedAt }) => ({
      capabilityName,
      arn,
      type,
      status,
      version,
      createdAt,
      modifiedAt,
    })),
    ...(result.next === undefined ? {} : { nextToken: result.next }),
  };
});

const update = handler<Eks.UpdateCapabilityCommandInput, Eks.UpdateCapabilityCommandOutput>(
  ({ world, outcome }, input) => {
    const record = clusterNamed(world, input.clusterName);
    const capability = capabilityOf(record, input.capabilityName);
    const name = capability.capabilityName ?? "";
    if (input.roleArn !== undefined) checkCapabilityRole(world, input.roleArn);
    checkNoUpdate(record, "CapabilityUpdate", { capability: name });
    capability.status = "UPDATING";
    const begun = beginUpdate(world, record, {
      outcome,
      type: "CapabilityUpdate",
      params: input.roleArn === undefined ? {} : { RoleArn: input.roleArn },
      seconds: world.durations("addonUpdate", name),
      target: { capability: name },
      finish: () => {
        capability.roleArn = input.roleArn ?? capability.roleArn;
        admitRole(world, record, capability);
        configure(capability, input.configuration?.argoCd);
        capability.status = "ACTIVE";
        capability.modifiedAt = today(world);
      },
    });
    return { update: begun };
  },
);

const remove = handler<Eks.DeleteCapabilityCommandInput, Eks.DeleteCapabilityCommandOutput>(({ world }, input) => {
  const record = clusterNamed(world, input.clusterName);
  const capability = capabilityOf(record, input.capabilityName);
  if (capability.status === "DELETING") throw inUse(`Capability ${input.capabilityName} is being deleted.`);
  capability.status = "DELETING";
  world.agenda.after(world.durations("addonDelete", input.capabilityName ?? ""), () => {
    record.capabilities.delete(input.capabilityName ?? "");
  });
  return { capability: structuredClone(capability) };
});

export const capabilities: Readonly<Record<string, Handler>> = {
  CreateCapability: idempotent(create),
  DescribeCapability: describe,
  ListCapabilities: list,
  UpdateCapability: idempotent(update),
  DeleteCapability: remove,
};
