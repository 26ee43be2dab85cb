import { trustsService } from "../../policy/trust.ts";
import type { Role } from "../../state.ts";
import type { World } from "../../world.ts";
import { invalidParameter } from "./find.ts";

export function roleByArn(world: World, arn: string | undefined): Role | undefined {
  return [...world.account.roles.values()].find((role) => role.arn === arn);
}

/** A role is usable by services only after IAM's change has spread, a few seconds after it was made. */
export function hasSpread(world: World, role: Role): boolean {
  return role.usableAt <= world.agenda.now();
}

/** EKS's check of the cluster role; the texts are the service's own. */
export function checkClusterRole(world: World, arn: string | undefined, isAutoMode: boolean): void {
  const role = roleByArn(world, arn);
  if (role === undefined)
    throw invalidParameter(`Role with arn: ${arn}, could not be assumed because it does not exist`);
  if (!hasSpread(world, role) || !trustsService(role.trust, "eks.amazonaws.com")) {
    throw invalidParameter("Role could not be assumed because the trusted entity is not correct");
  }
  requirePolicies(role, isAutoMode ? ["AmazonEKSClusterPolicy", "AmazonEKSComputePolicy"] : ["AmazonEKSClusterPolicy"]);
}

function requirePolicies(role: Role, names: readonly string[]): void {
  const missing = names.filter((name) => !role.attached.some((attached) => attached.endsWith(`/${name}`)));
  if (missing.length > 0 && role.inline.size === 0) {
    throw invalidParameter(
      `The provided role doesn't have the Amazon EKS Managed Policies associated with it. Please ensure the following policies [${missing.join(", ")}] are attached`,
    );
  }
}

const nodePolicies = ["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistry"];

/** EKS's check of a node role. */
export function checkNodeRole(world: World, arn: string | undefined, members: Record<string, unknown>): void {
  const role = roleByArn(world, arn);
  if (role === undefined) throw invalidParameter(`The role ${arn} does not exist`, members);
  if (!hasSpread(world, role)) throw invalidParameter(`The provided nodeRole ${arn} cannot be assumed`, members);
  const service = world.account.partition === "aws-cn" ? "ec2.amazonaws.com.cn" : "ec2.amazonaws.com";
  if (!trustsService(role.trust, service)) {
    throw invalidParameter(
      `Following required service principals [${service}] were not found in the trust relationships of nodeRole ${arn}`,
      members,
    );
  }
  const lacks = nodePolicies.some((name) => !role.attached.some((attached) => attached.includes(`/${name}`)));
  if (lacks && role.inline.size === 0) {
    throw invalidParameter(
      `The provided role doesn't have the Amazon EKS Managed Policies associated with it. Please ensure the following policies [AmazonEKSWorkerNodePolicy, AmazonEC2ContainerRegistryReadOnly] are attached`,
      members,
    );
  }
}

/** EKS's check of a Fargate pod execution role. */
export function checkPodExecutionRole(world: World, arn: string | undefined): void {
  const role = roleByArn(world, arn);
  if (role === undefined || !hasSpread(world, role) || !trustsService(role.trust, "eks-fargate-pods.amazonaws.com")) {
    throw invalidParameter(
      "Misconfigured PodExecutionRole Trust Policy; Please add the eks-fargate-pods.amazonaws.com Service Principal",
    );
  }
}

/** EKS's check of a role for pod identity. */
export function checkPodIdentityRole(world: World, arn: string | undefined): void {
  const role = roleByArn(world, arn);
  if (role === undefined || !hasSpread(world, role)) {
    throw invalidParameter("Role provided in the request does not exist.");
  }
  if (!trustsService(role.trust, "pods.eks.amazonaws.com")) {
    throw invalidParameter("Trust policy of the role provided in the request does not allow pods.eks.amazonaws.com.");
  }
}

/** EKS's check of a role for a capability. */
export function checkCapabilityRole(world: World, arn: string | undefined): void {
  const role = roleByArn(world, arn);
  if (role === undefined) throw invalidParameter(`The role ${arn} does not exist`);
  if (!hasSpread(world, role) || !trustsService(role.trust, "capabilities.eks.amazonaws.com")) {
    throw invalidParameter(`The role ${arn} cannot be assumed by capabilities.eks.amazonaws.com`);
  }
}
