import type * as Eks from "@aws-sdk/client-eks";
import { FargateProfileIssueCode } from "@aws-sdk/client-eks";
import type { Outcome } from "../../aws.ts";
import type { ClusterRecord } from "../../state.ts";
import { type Handler, handler, page, type World } from "../../world.ts";
import { ensureServiceLinkedRole } from "../iam/roles.ts";
import { member } from "./closedLists.ts";
import { subnetById } from "./clusterNetwork.ts";
import {
  activeCluster,
  clusterNamed,
  eksArn,
  inUse,
  invalidParameter,
  limitExceeded,
  notFound,
  today,
} from "./find.ts";
import { checkPodExecutionRole } from "./roles.ts";
import { idempotent } from "./tokens.ts";

const quota = 10;

const create = handler<Eks.CreateFargateProfileCommandInput, Eks.CreateFargateProfileCommandOutput>(
  ({ world, outcome }, input) => {
    const record = activeCluster(world, input.clusterName);
    const name = input.fargateProfileName ?? "";
    if (record.fargateProfiles.has(name)) {
      throw inUse(`Fargate Profile already exists with this name: ${name} in cluster: ${input.clusterName}`, {
        clusterName: input.clusterName,
      });
    }
    checkNoneMoving(record, "create", name);
    if (record.fargateProfiles.size >= quota)
      throw limitExceeded("The maximum number of Fargate profiles was reached.");
    checkPodExecutionRole(world, input.podExecutionRoleArn);
    for (const id of input.subnets ?? []) checkPrivate(world, id);
    if ((input.selectors ?? []).length === 0)
      throw invalidParameter("Fargate Profile must have at least one selector.");
    ensureServiceLinkedRole(world, "eks-fargate.amazonaws.com");
    const issues = outcome === undefined ? [] : [issueOf(outcome)];
    const profile: Eks.FargateProfile = {
      fargateProfileName: name,
      fargateProfileArn: eksArn(world, `fargateprofile/${input.clusterName}/${name}/${world.random.uuid("fargate")}`),
      clusterName: input.clusterName,
      createdAt: today(world),
      podExecutionRoleArn: input.podExecutionRoleArn,
      subnets: [...(input.subnets ?? record.cluster.resourcesVpcConfig?.subnetIds ?? [])],
      selectors: structuredClone(input.selectors ?? []),
      status: "CREATING",
      health: { issues: [] },
      tags: { ...input.tags },
    };
    record.fargateProfiles.set(name, profile);
    world.agenda.after(world.durations("fargateCreate", name), () => {
      if (profile.status !== "CREATING") return;
      profile.status = outcome === undefined ? "ACTIVE" : "CREATE_FAILED";
      profile.health = { issues };
    });
    return { fargateProfile: structuredClone(profile) };
  },
);

function issueOf(outcome: Outcome): Eks.FargateProfileIssue {
  const code = member(FargateProfileIssueCode, outcome.code);
  return { code, message: outcome.message ?? `Fargate profile failed: ${code}`, resourceIds: [] };
}

// One profile of a cluster moves at a time.
function checkNoneMoving(record: ClusterRecord, verb: string, name: string): void {
  const moving = [...record.fargateProfiles.values()].find(
    (profile) => profile.status === "CREATING" || profile.status === "DELETING",
  );
  if (moving === undefined) return;
  throw inUse(
    `Cannot ${verb} Fargate Profile ${name} because cluster ${record.cluster.name} currently has Fargate profile ${moving.fargateProfileName} in status ${moving.status}`,
    { clusterName: record.cluster.name },
  );
}

function checkPrivate(world: World, subnetId: string): void {
  subnetById(world, subnetId);
  const { routeTables } = world.account.network;
  const isPublic = [...routeTables.values()].some(
    (table) =>
      (table.Associations ?? []).some((association) => association.SubnetId === subnetId) &&
      (table.Routes ?? []).some((route) => route.GatewayId?.startsWith("igw-")),
  );
  if (isPublic) throw invalidParameter(`Subnet ${subnetId} provided in Fargate Profile is not a private subnet`);
}

function profileOf(record: ClusterRecord, name: string | undefined): Eks.FargateProfile {
  const profile = record.fargateProfiles.get(name ?? "");
  if (profile === undefined) {
    throw notFound(`No Fargate Profile found with name: ${name}.`, {
      clusterName: record.cluster.name,
      fargateProfileName: name,
    });
  }
  return profile;
}

const describe = handler<Eks.DescribeFargateProfileCommandInput, Eks.DescribeFargateProfileCommandOutput>(
  ({ world }, input) => ({
    fargateProfile: structuredClone(profileOf(clusterNamed(world, input.clusterName), input.fargateProfileName)),
  }),
);

const list = handler<Eks.ListFargateProfilesCommandInput, Eks.ListFargateProfilesCommandOutput>(({ world }, input) => {
  const names = [...clusterNamed(world, input.clusterName).fargateProfiles.keys()].toSorted();
  const result = page(world, names, { size: input.maxResults, token: input.nextToken, max: 100 });
  return { fargateProfileNames: result.items, ...(result.next === undefined ? {} : { nextToken: result.next }) };
});

const remove = handler<Eks.DeleteFargateProfileCommandInput, Eks.DeleteFargateProfileCommandOutput>(
  ({ world }, input) => {
    const record = clusterNamed(world, input.clusterName);
    const profile = profileOf(record, input.fargateProfileName);
    const name = profile.fargateProfileName ?? "";
    // DeleteFargateProfile models no ResourceInUse: a moving neighbour is an invalid parameter here.
    const moving = [...record.fargateProfiles.values()].some(
      (other) => other.status === "CREATING" || other.status === "DELETING",
    );
    if (moving) {
      throw invalidParameter(`Cannot delete Fargate Profile ${name} while another one is in progress`, {
        clusterName: input.clusterName,
      });
    }
    profile.status = "DELETING";
    world.agenda.after(world.durations("fargateDelete", name), () => void record.fargateProfiles.delete(name));
    return { fargateProfile: structuredClone(profile) };
  },
);

export const fargate: Readonly<Record<string, Handler>> = {
  CreateFargateProfile: idempotent(create, (world, input: Eks.CreateFargateProfileCommandInput) => {
    const record = world.account.clusters.get(input.clusterName ?? "");
    return record?.fargateProfiles.has(input.fargateProfileName ?? "") === true;
  }),
  DescribeFargateProfile: describe,
  ListFargateProfiles: list,
  DeleteFargateProfile: remove,
};
