import type * as Iam from "@aws-sdk/client-iam";
import { fault } from "../../fault.ts";
import { parsePolicy } from "../../policy/document.ts";
import { type Handler, handler, page } from "../../world.ts";
import { marked, noSuchEntity, roleNamed } from "./find.ts";

const invalidMarker = () => fault("ValidationError", "Invalid Marker.");

const attachRolePolicy = handler<Iam.AttachRolePolicyCommandInput, Iam.AttachRolePolicyCommandOutput>(
  ({ world }, input) => {
    const role = roleNamed(world, input.RoleName);
    const arn = input.PolicyArn ?? "";
    if (!world.account.managedPolicies.has(arn)) {
      throw noSuchEntity(`Policy ${arn} does not exist or is not attachable.`);
    }
    if (role.attached.includes(arn)) return {};
    if (role.attached.length >= 10) {
      throw fault("LimitExceededException", "Cannot exceed quota for PoliciesPerRole: 10", {}, 409);
    }
    role.attached.push(arn);
    return {};
  },
);

const detachRolePolicy = handler<Iam.DetachRolePolicyCommandInput, Iam.DetachRolePolicyCommandOutput>(
  ({ world }, input) => {
    const role = roleNamed(world, input.RoleName);
    const at = role.attached.indexOf(input.PolicyArn ?? "");
    if (at < 0) throw noSuchEntity(`Policy ${input.PolicyArn} was not found.`);
    role.attached.splice(at, 1);
    return {};
  },
);

const listAttachedRolePolicies = handler<
  Iam.ListAttachedRolePoliciesCommandInput,
  Iam.ListAttachedRolePoliciesCommandOutput
>(({ world }, input) => {
  const role = roleNamed(world, input.RoleName);
  const policies = role.attached.map((arn) => ({
    PolicyName: world.account.managedPolicies.get(arn)?.name ?? arn.split("/").at(-1),
    PolicyArn: arn,
  }));
  const result = page(world, policies, { size: input.MaxItems, token: input.Marker, max: 100 }, invalidMarker);
  return { AttachedPolicies: result.items, ...marked(result) };
});

const putRolePolicy = handler<Iam.PutRolePolicyCommandInput, Iam.PutRolePolicyCommandOutput>(({ world }, input) => {
  const role = roleNamed(world, input.RoleName);
  const statements = parsePolicy(input.PolicyDocument ?? "");
  if (statements === undefined) throw fault("MalformedPolicyDocumentException", "Syntax errors in policy.");
  if (statements.some((statement) => statement.principals.size > 0)) {
    throw fault("MalformedPolicyDocumentException", "Policy document should not specify a principal.");
  }
  if (statements.some((statement) => statement.resources.length + statement.notResources.length === 0)) {
    throw fault("MalformedPolicyDocumentException", "Policy statement must contain resources.");
  }
  role.inline.set(input.PolicyName ?? "", input.PolicyDocument ?? "");
  return {};
});

const getRolePolicy = handler<Iam.GetRolePolicyCommandInput, Iam.GetRolePolicyCommandOutput>(({ world }, input) => {
  const role = roleNamed(world, input.RoleName);
  const document = role.inline.get(input.PolicyName ?? "");
  if (document === undefined) throw noSuchEntity(`The role policy with name ${input.PolicyName} cannot be found.`);
  return { RoleName: role.name, PolicyName: input.PolicyName, PolicyDocument: encodeURIComponent(document) };
});

const deleteRolePolicy = handler<Iam.DeleteRolePolicyCommandInput, Iam.DeleteRolePolicyCommandOutput>(
  ({ world }, input) => {
    const role = roleNamed(world, input.RoleName);
    if (!role.inline.delete(input.PolicyName ?? "")) {
      throw noSuchEntity(`The role policy with name ${input.PolicyName} cannot be found.`);
    }
    return {};
  },
);

const listRolePolicies = handler<Iam.ListRolePoliciesCommandInput, Iam.ListRolePoliciesCommandOutput>(
  ({ world }, input) => {
    const role = roleNamed(world, input.RoleName);
    const names = [...role.inline.keys()].toSorted();
    const result = page(world, names, { size: input.MaxItems, token: input.Marker, max: 100 }, invalidMarker);
    return { PolicyNames: result.items, ...marked(result) };
  },
);

const putRolePermissionsBoundary = handler<
  Iam.PutRolePermissionsBoundaryCommandInput,
  Iam.PutRolePermissionsBoundaryCommandOutput
>(({ world }, input) => {
  roleNamed(world, input.RoleName).permissionsBoundary = input.PermissionsBoundary;
  return {};
});

const deleteRolePermissionsBoundary = handler<
  Iam.DeleteRolePermissionsBoundaryCommandInput,
  Iam.DeleteRolePermissionsBoundaryCommandOutput
>(({ world }, input) => {
  roleNamed(world, input.RoleName).permissionsBoundary = undefined;
  return {};
});

const getPolicy = handler<Iam.GetPolicyCommandInput, Iam.GetPolicyCommandOutput>(({ world }, input) => {
  const policy = world.account.managedPolicies.get(input.PolicyArn ?? "");
  if (policy === undefined) throw noSuchEntity(`Policy ${input.PolicyArn} was not found.`);
  const roles = [...world.account.roles.values()].filter((role) => role.attached.includes(policy.arn));
  return {
    Policy: {
      PolicyName: policy.name,
      Arn: policy.arn,
      DefaultVersionId: "v1",
      AttachmentCount: roles.length,
      IsAttachable: true,
    },
  };
});

export const rolePolicies: Readonly<Record<string, Handler>> = {
  AttachRolePolicy: attachRolePolicy,
  DetachRolePolicy: detachRolePolicy,
  ListAttachedRolePolicies: listAttachedRolePolicies,
  PutRolePolicy: putRolePolicy,
  GetRolePolicy: getRolePolicy,
  DeleteRolePolicy: deleteRolePolicy,
  ListRolePolicies: listRolePolicies,
  GetPolicy: getPolicy,
  PutRolePermissionsBoundary: putRolePermissionsBoundary,
  DeleteRolePermissionsBoundary: deleteRolePermissionsBoundary,
};
