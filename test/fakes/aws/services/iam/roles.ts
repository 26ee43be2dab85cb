import type * as Iam from "@aws-sdk/client-iam";
import { fault } from "../../fault.ts";
import { isOperator } from "../../policy/conditions.ts";
import { parsePolicy, type Statement } from "../../policy/document.ts";
import type { Role } from "../../state.ts";
import { type Handler, handler, page, type World } from "../../world.ts";
import { marked, propagatesAt, roleNamed } from "./find.ts";

const invalidMarker = () => fault("ValidationError", "Invalid Marker.");

/** A new role as IAM keeps it; tests seed with the same function. */
export function makeRole(
  world: World,
  wish: {
    readonly name: string;
    readonly path: string;
    readonly trust: string;
    readonly maxSessionDuration: number;
    readonly usableAt: number;
    readonly description?: string | undefined;
    readonly permissionsBoundary?: string | undefined;
    readonly tags?: ReadonlyMap<string, string> | undefined;
  },
): Role {
  const { account, random } = world;
  return {
    ...wish,
    arn: `arn:${account.partition}:iam::${account.id}:role${wish.path}${wish.name}`,
    id: `AROA${random.upper(`role-id|${wish.name}`, 17)}`,
    inline: new Map(),
    attached: [],
    tags: new Map(wish.tags),
    createdAt: world.agenda.now(),
  };
}

const createRole = handler<Iam.CreateRoleCommandInput, Iam.CreateRoleCommandOutput>(({ world }, input) => {
  const name = input.RoleName ?? "";
  const taken = [...world.account.roles.keys()].some((other) => other.toLowerCase() === name.toLowerCase());
  if (taken) throw fault("EntityAlreadyExistsException", `Role with name ${name} already exists.`, {}, 409);
  if (world.account.roles.size >= (world.account.quotas.get("iam/L-FE177D64") ?? 1000)) {
    throw fault("LimitExceededException", "Cannot exceed quota for RolesPerAccount: 1000", {}, 409);
  }
  const trust = input.AssumeRolePolicyDocument ?? "";
  checkTrust(world, trust);
  const role = makeRole(world, {
    name,
    path: input.Path ?? "/",
    trust,
    maxSessionDuration: input.MaxSessionDuration ?? 3600,
    usableAt: propagatesAt(world, name),
    description: input.Description,
    permissionsBoundary: input.PermissionsBoundary,
    tags: readTags(input.Tags),
  });
  world.account.roles.set(name, role);
  return { Role: describeRole(role) };
});

/** Throws MalformedPolicyDocument for a document that is no trust policy. */
export function checkTrust(world: World, trust: string): void {
  const statements = parsePolicy(trust);
  if (statements === undefined) throw malformed("This policy contains invalid Json");
  for (const statement of statements) checkTrustStatement(world, statement);
}

function checkTrustStatement(world: World, statement: Statement): void {
  if (statement.principals.size === 0 && !statement.notPrincipals) throw malformed("Missing required field Principal");
  if (statement.resources.length > 0) throw malformed("Has prohibited field Resource");
  const bad = [...statement.conditions.keys()].find((operator) => !isOperator(operator));
  if (bad !== undefined) throw malformed(`Invalid Condition type : ${bad}`);
  for (const arn of statement.principals.get("AWS") ?? []) {
    const name = /^arn:[^:]+:iam::(\d{12}):role\/(?:.*\/)?([^/]+)$/.exec(arn);
    const isOurs = name?.[1] === world.account.id;
    if (isOurs && !world.account.roles.has(name?.[2] ?? "")) {
      throw malformed(`Invalid principal in policy: "AWS":"${arn}"`);
    }
  }
}

function malformed(message: string): Error {
  return fault("MalformedPolicyDocumentException", message);
}

function describeRole(role: Role): Iam.Role {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.id,
    Arn: role.arn,
    CreateDate: new Date(role.createdAt),
    AssumeRolePolicyDocument: encodeURIComponent(role.trust),
    MaxSessionDuration: role.maxSessionDuration,
    ...(role.description === undefined ? {} : { Description: role.description }),
    ...(role.permissionsBoundary === undefined
      ? {}
      : {
          PermissionsBoundary: {
            PermissionsBoundaryType: "PermissionsBoundaryPolicy" as const,
            PermissionsBoundaryArn: role.permissionsBoundary,
          },
        }),
    ...(role.tags.size === 0 ? {} : { Tags: writeTags(role.tags) }),
  };
}

const getRole = handler<Iam.GetRoleCommandInput, Iam.GetRoleCommandOutput>(({ world }, input) => ({
  Role: describeRole(roleNamed(world, input.RoleName)),
}));

const listRoles = handler<Iam.ListRolesCommandInput, Iam.ListRolesCommandOutput>(({ world }, input) => {
  const matching = [...world.account.roles.values()]
    .filter((role) => role.path.startsWith(input.PathPrefix ?? "/"))
    .toSorted((a, b) => a.name.localeCompare(b.name));
  const result = page(world, matching, { size: input.MaxItems, token: input.Marker, max: 100 }, invalidMarker);
  // ListRoles leaves out tags and permissions boundary, as the real one does.
  const Roles = result.items.map((role) => {
    const { Tags: _tags, PermissionsBoundary: _boundary, ...rest } = describeRole(role);
    return rest;
  });
  return { Roles, ...marked(result) };
});

const deleteRole = handler<Iam.DeleteRoleCommandInput, Iam.DeleteRoleCommandOutput>(({ world }, input) => {
  const role = roleNamed(world, input.RoleName);
  if (role.attached.length > 0) throw conflict("Cannot delete entity, must detach all policies first.");
  if (role.inline.size > 0) throw conflict("Cannot delete entity, must delete policies first.");
  const isInProfile = [...world.account.clusters.values()].some((cluster) =>
    [...cluster.nodegroups.values()].some((nodegroup) => nodegroup.nodeRole === role.arn),
  );
  if (isInProfile) throw conflict("Cannot delete entity, must remove roles from instance profile first.");
  if (role.path.startsWith("/aws-service-role/")) {
    throw fault("UnmodifiableEntityException", `Cannot perform the operation on the protected role '${role.name}'`);
  }
  world.account.roles.delete(role.name);
  return {};
});

function conflict(message: string): Error {
  return fault("DeleteConflictException", message, {}, 409);
}

const updateAssumeRolePolicy = handler<Iam.UpdateAssumeRolePolicyCommandInput, Iam.UpdateAssumeRolePolicyCommandOutput>(
  ({ world }, input) => {
    const role = roleNamed(world, input.RoleName);
    checkTrust(world, input.PolicyDocument ?? "");
    role.trust = input.PolicyDocument ?? "";
    role.usableAt = propagatesAt(world, role.name);
    return {};
  },
);

const updateRole = handler<Iam.UpdateRoleCommandInput, Iam.UpdateRoleCommandOutput>(({ world }, input) => {
  const role = roleNamed(world, input.RoleName);
  role.description = input.Description ?? role.description;
  role.maxSessionDuration = input.MaxSessionDuration ?? role.maxSessionDuration;
  return {};
});

const tagRole = handler<Iam.TagRoleCommandInput, Iam.TagRoleCommandOutput>(({ world }, input) => {
  const role = roleNamed(world, input.RoleName);
  for (const [key, value] of readTags(input.Tags)) role.tags.set(key, value);
  if (role.tags.size > 50) throw fault("LimitExceededException", "Cannot exceed quota for TagsPerRole: 50", {}, 409);
  return {};
});

const untagRole = handler<Iam.UntagRoleCommandInput, Iam.UntagRoleCommandOutput>(({ world }, input) => {
  const role = roleNamed(world, input.RoleName);
  for (const key of input.TagKeys ?? []) role.tags.delete(key);
  return {};
});

const listRoleTags = handler<Iam.ListRoleTagsCommandInput, Iam.ListRoleTagsCommandOutput>(({ world }, input) => {
  const role = roleNamed(world, input.RoleName);
  const result = page(
    world,
    writeTags(role.tags),
    { size: input.MaxItems, token: input.Marker, max: 100 },
    invalidMarker,
  );
  return { Tags: result.items, ...marked(result) };
});

const createServiceLinkedRole = handler<
  Iam.CreateServiceLinkedRoleCommandInput,
  Iam.CreateServiceLinkedRoleCommandOutput
>(({ world }, input) => {
  const role = ensureServiceLinkedRole(world, input.AWSServiceName ?? "");
  if (role === undefined) {
    throw fault(
      "InvalidInputException",
      `Service role name for ${input.AWSServiceName} has been taken in this account, please try a different suffix.`,
    );
  }
  return { Role: describeRole(role) };
});

const serviceLinkedNames: Readonly<Record<string, string>> = {
  "eks.amazonaws.com": "AWSServiceRoleForAmazonEKS",
  "eks-nodegroup.amazonaws.com": "AWSServiceRoleForAmazonEKSNodegroup",
  "eks-fargate.amazonaws.com": "AWSServiceRoleForAmazonEKSForFargate",
  "spot.amazonaws.com": "AWSServiceRoleForEC2Spot",
  "autoscaling.amazonaws.com": "AWSServiceRoleForAutoScaling",
};

/** Creates the service's own role; `undefined` if it is there already. */
export function ensureServiceLinkedRole(world: World, service: string): Role | undefined {
  const name = serviceLinkedNames[service] ?? `AWSServiceRoleFor${service.split(".")[0]}`;
  if (world.account.roles.has(name)) return undefined;
  const role = makeRole(world, {
    name,
    path: `/aws-service-role/${service}/`,
    trust: JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" }],
    }),
    maxSessionDuration: 3600,
    usableAt: world.agenda.now(),
  });
  world.account.roles.set(name, role);
  return role;
}

export function readTags(tags: readonly Iam.Tag[] | undefined): Map<string, string> {
  return new Map((tags ?? []).map((tag) => [tag.Key ?? "", tag.Value ?? ""]));
}

export function writeTags(tags: ReadonlyMap<string, string>): Iam.Tag[] {
  return [...tags].map(([Key, Value]) => ({ Key, Value }));
}

export const roles: Readonly<Record<string, Handler>> = {
  CreateRole: createRole,
  GetRole: getRole,
  ListRoles: listRoles,
  DeleteRole: deleteRole,
  UpdateRole: updateRole,
  UpdateAssumeRolePolicy: updateAssumeRolePolicy,
  TagRole: tagRole,
  UntagRole: untagRole,
  ListRoleTags: listRoleTags,
  CreateServiceLinkedRole: createServiceLinkedRole,
};
