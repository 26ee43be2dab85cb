import type { IamRole } from "@eks-actions/aws";
import type { Action, Call, Change, Step } from "../plan/action.ts";
import { create } from "../plan/build.ts";
import { type Context, partOf } from "../plan/context.ts";
import type { Finding } from "../plan/finding.ts";
import { rolePath } from "../plan/names.ts";
import { APPLIED, iamTags, OWNER, type Tags, tagsOf } from "../plan/tags.ts";
import { canonical, resolve, shortHash } from "../plan/value.ts";
import { isStripped } from "../run/adopt-parts.ts";

/** A role as it should be. Documents may name parts that do not exist yet. */
export interface RoleSpec {
  /** `role-cluster`, `role-ng-web`, `role-pia-shop-web` */
  readonly part: string;
  readonly name: string;
  readonly trust: unknown;
  /** ARNs. */
  readonly managed: readonly string[];
  /** Name → document. */
  readonly inline: Readonly<Record<string, unknown>>;
  readonly boundary?: string | undefined;
  readonly tags?: Tags | undefined;
  /** Parts that its documents refer to. */
  readonly after?: readonly string[] | undefined;
  /** Field of the file that gives its permissions. */
  readonly source: string;
}

const PRIVILEGED = /\/(AdministratorAccess|PowerUserAccess|IAMFullAccess)$/;

export function planRole(context: Context, spec: RoleSpec): Step {
  const live = liveRole(context, spec);
  if (live !== undefined && live.tags[OWNER] !== context.ownership.owner && !isStripped(context, spec))
    return { actions: [], findings: [conflict(context, spec, live)] };
  const fields = fieldsOf(spec);
  const tags = tagsOf(context.ownership, spec.part, fields, spec.tags);
  const isPrivileged = spec.managed.some((arn) => PRIVILEGED.test(arn)) || Object.values(spec.inline).some(isUnbounded);
  if (live === undefined) return { actions: [createRole(context, spec, tags, isPrivileged)] };
  return updateRole(context, spec, live, isPrivileged);
}

/** Names find, tags decide. */
function liveRole(context: Context, spec: RoleSpec): IamRole | undefined {
  const { roles } = context.facts;
  const cluster = context.ownership.cluster;
  return (
    roles.find((role) => partOf(cluster, role.tags) === spec.part) ?? roles.find((role) => role.name === spec.name)
  );
}

function fieldsOf(spec: RoleSpec): Readonly<Record<string, unknown>> {
  return {
    trust: spec.trust,
    managed: [...spec.managed].sort(),
    inline: spec.inline,
    boundary: spec.boundary ?? null,
  };
}

function createRole(
  context: Context,
  spec: RoleSpec,
  tags: Readonly<Record<string, unknown>>,
  isPrivileged: boolean,
): Action {
  const calls: Call[] = [
    {
      service: "iam",
      operation: "CreateRole",
      args: {
        RoleName: spec.name,
        Path: rolePath(context.ownership.cluster),
        Description: `Part of the EKS cluster ${context.ownership.cluster}`,
        AssumeRolePolicyDocument: { json: spec.trust },
        ...(spec.boundary === undefined ? {} : { PermissionsBoundary: spec.boundary }),
        Tags: iamTags(tags),
      },
      gives: { [`${spec.part}#arn`]: "Role.Arn", [`${spec.part}#name`]: "Role.RoleName" },
    },
    ...spec.managed.map((arn) => attach(spec, arn)),
    ...Object.entries(spec.inline).map(([name, document]) => putInline(spec, name, document)),
  ];
  return create({
    part: spec.part,
    op: "create",
    target: { kind: "Role", name: spec.name },
    needs: isPrivileged ? ["privileged-policy"] : [],
    // The cluster's role carries the claim of this run, so it is made before everything else.
    after: [...(spec.after ?? []), ...(spec.part === "role-cluster" ? [] : ["role-cluster"])],
    calls,
  });
}

function updateRole(context: Context, spec: RoleSpec, live: IamRole, isPrivileged: boolean): Step {
  const calls: Call[] = [];
  const changes: Change[] = [];
  const target = { kind: "Role", name: spec.name };
  const fields = fieldsOf(spec);
  const liveFields = {
    trust: live.trust,
    managed: live.attached,
    inline: live.inline,
    boundary: live.permissionsBoundary ?? null,
  };
  const desired = resolve(fields, context.known);
  const origin =
    live.tags[APPLIED] === shortHash(liveFields)
      ? "config"
      : live.tags[APPLIED] === shortHash(desired)
        ? "drift"
        : "both";
  const change = (path: string, from: unknown, to: unknown) => changes.push({ path, from, to, origin });

  if (canonical(resolve(spec.trust, context.known)) !== canonical(live.trust)) {
    change("trust", live.trust, spec.trust);
    calls.push({
      service: "iam",
      operation: "UpdateAssumeRolePolicy",
      args: { RoleName: spec.name, PolicyDocument: { json: spec.trust } },
    });
  }
  for (const arn of spec.managed.filter((wanted) => !live.attached.includes(wanted))) {
    change("policies", null, arn);
    calls.push(attach(spec, arn));
  }
  for (const arn of live.attached.filter((present) => !spec.managed.includes(present))) {
    change("policies", arn, null);
    calls.push({ service: "iam", operation: "DetachRolePolicy", args: { RoleName: spec.name, PolicyArn: arn } });
  }
  for (const [name, document] of Object.entries(spec.inline)) {
    if (canonical(live.inline[name]) === canonical(resolve(document, context.known))) continue;
    change(`policy ${name}`, live.inline[name] ?? null, document);
    calls.push(putInline(spec, name, document));
  }
  for (const name of Object.keys(live.inline).filter((present) => !(present in spec.inline))) {
    change(`policy ${name}`, live.inline[name], null);
    calls.push({ service: "iam", operation: "DeleteRolePolicy", args: { RoleName: spec.name, PolicyName: name } });
  }
  if (spec.boundary !== undefined && spec.boundary !== live.permissionsBoundary) {
    change("permissionsBoundary", live.permissionsBoundary ?? null, spec.boundary);
    calls.push({
      service: "iam",
      operation: "PutRolePermissionsBoundary",
      args: { RoleName: spec.name, PermissionsBoundary: spec.boundary },
    });
  }
  if (calls.length === 0) return { actions: [], unchanged: [target] };
  calls.push({
    service: "iam",
    operation: "TagRole",
    args: { RoleName: spec.name, Tags: [{ Key: APPLIED, Value: { hashOf: fields } }] },
  });
  const action = create({
    part: spec.part,
    op: "update",
    target,
    class: "P",
    needs: isPrivileged && changes.some((entry) => entry.to !== null) ? ["privileged-policy"] : [],
    after: spec.after,
    calls,
    changes,
  });
  return { actions: [action] };
}

/** A role goes only once nothing is attached to it. */
export function deleteRole(context: Context, role: IamRole, after: readonly string[]): Action {
  const RoleName = role.name;
  const calls: readonly Call[] = [
    ...role.attached.map(
      (PolicyArn): Call => ({ service: "iam", operation: "DetachRolePolicy", args: { RoleName, PolicyArn } }),
    ),
    ...Object.keys(role.inline).map(
      (PolicyName): Call => ({ service: "iam", operation: "DeleteRolePolicy", args: { RoleName, PolicyName } }),
    ),
    { service: "iam", operation: "DeleteRole", args: { RoleName } },
  ];
  return create({
    part: partOf(context.ownership.cluster, role.tags) ?? `role-${role.name}`,
    op: "delete",
    target: { kind: "Role", name: role.name },
    destructive: true,
    after,
    calls,
  });
}

function attach(spec: RoleSpec, arn: string): Call {
  return { service: "iam", operation: "AttachRolePolicy", args: { RoleName: spec.name, PolicyArn: arn } };
}

function putInline(spec: RoleSpec, name: string, document: unknown): Call {
  return {
    service: "iam",
    operation: "PutRolePolicy",
    args: { RoleName: spec.name, PolicyName: name, PolicyDocument: { json: document } },
  };
}

function conflict(context: Context, spec: RoleSpec, live: IamRole): Finding {
  const owner = live.tags[OWNER];
  return {
    level: "fatal",
    code: owner === undefined ? "NAME_CONFLICT" : "OWNED_BY_OTHER",
    target: { kind: "Role", name: spec.name },
    message:
      owner === undefined
        ? `role ${live.arn} exists and carries no owner tag`
        : `role ${live.arn} belongs to \`${owner}\`, this run is \`${context.ownership.owner}\``,
    hint:
      owner === undefined
        ? "delete the role, or choose another cluster name"
        : `set \`owner: ${owner}\` if the config moved`,
  };
}

/** True for a document that allows everything, or all of IAM, on everything. */
function isUnbounded(document: unknown): boolean {
  const text = canonical(document);
  return (
    /"Effect":"Allow"/.test(text) &&
    /"Action":(\["(\*|iam:\*)"|"(\*|iam:\*)")/.test(text) &&
    /"Resource":(\["\*"|"\*")/.test(text)
  );
}
