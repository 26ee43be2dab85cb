import type { Clients } from "./clients.ts";
import { orAbsent, pages, type Read } from "./request.ts";

/** A role as IAM shows it. */
export interface IamRole {
  readonly name: string;
  readonly path: string;
  readonly arn: string;
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Parsed trust policy. */
  readonly trust: unknown;
  readonly permissionsBoundary: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  /** ARNs, sorted. */
  readonly attached: readonly string[];
  /** Name → parsed document. */
  readonly inline: Readonly<Record<string, unknown>>;
}

export interface IdentityReads {
  /** ARN of the caller and its account. */
  caller(signal: AbortSignal): Promise<{ readonly arn: string; readonly account: string }>;
  roleNames(pathPrefix: string, signal: AbortSignal): Promise<readonly string[]>;
  role(name: string, signal: AbortSignal): Promise<IamRole | undefined>;
  oidcProviderArns(signal: AbortSignal): Promise<readonly string[]>;
  oidcProviderTags(arn: string, signal: AbortSignal): Promise<Readonly<Record<string, string>> | undefined>;
}

export function createIdentityReads(clients: Clients, iam: Read, sts: Read): IdentityReads {
  async function attached(RoleName: string, signal: AbortSignal): Promise<readonly string[]> {
    const { sdk, client } = await clients.iam();
    const policies = await pages(async (Marker) => {
      const page = await iam("ListAttachedRolePolicies", signal, (abortSignal) =>
        client.send(new sdk.ListAttachedRolePoliciesCommand({ RoleName, Marker }), { abortSignal }),
      );
      return { items: page.AttachedPolicies ?? [], next: page.IsTruncated === true ? page.Marker : undefined };
    });
    return policies.flatMap((policy) => policy.PolicyArn ?? []).sort();
  }

  async function inline(RoleName: string, signal: AbortSignal): Promise<Readonly<Record<string, unknown>>> {
    const { sdk, client } = await clients.iam();
    const names = await pages(async (Marker) => {
      const page = await iam("ListRolePolicies", signal, (abortSignal) =>
        client.send(new sdk.ListRolePoliciesCommand({ RoleName, Marker }), { abortSignal }),
      );
      return { items: page.PolicyNames ?? [], next: page.IsTruncated === true ? page.Marker : undefined };
    });
    const entries = await Promise.all(
      names.map(async (PolicyName) => {
        const answer = await iam("GetRolePolicy", signal, (abortSignal) =>
          client.send(new sdk.GetRolePolicyCommand({ RoleName, PolicyName }), { abortSignal }),
        );
        return [PolicyName, document(answer.PolicyDocument)] as const;
      }),
    );
    return Object.fromEntries(entries);
  }

  return {
    async caller(signal) {
      const { sdk, client } = await clients.sts();
      const answer = await sts("GetCallerIdentity", signal, (abortSignal) =>
        client.send(new sdk.GetCallerIdentityCommand({}), { abortSignal }),
      );
      return { arn: answer.Arn ?? "", account: answer.Account ?? "" };
    },
    async roleNames(PathPrefix, signal) {
      const { sdk, client } = await clients.iam();
      const roles = await pages(async (Marker) => {
        const page = await iam("ListRoles", signal, (abortSignal) =>
          client.send(new sdk.ListRolesCommand({ PathPrefix, Marker }), { abortSignal }),
        );
        return { items: page.Roles ?? [], next: page.IsTruncated === true ? page.Marker : undefined };
      });
      return roles.flatMap((role) => role.RoleName ?? []).sort();
    },
    async role(RoleName, signal) {
      const { sdk, client } = await clients.iam();
      return orAbsent(
        (async () => {
          const answer = await iam("GetRole", signal, (abortSignal) =>
            client.send(new sdk.GetRoleCommand({ RoleName }), { abortSignal }),
          );
          const [policies, documents] = await Promise.all([attached(RoleName, signal), inline(RoleName, signal)]);
          const role = answer.Role;
          return {
            name: RoleName,
            path: role?.Path ?? "/",
            arn: role?.Arn ?? "",
            id: role?.RoleId ?? "",
            createdAt: role?.CreateDate?.getTime() ?? 0,
            trust: document(role?.AssumeRolePolicyDocument),
            permissionsBoundary: role?.PermissionsBoundary?.PermissionsBoundaryArn,
            tags: Object.fromEntries((role?.Tags ?? []).map((tag) => [tag.Key ?? "", tag.Value ?? ""])),
            attached: policies,
            inline: documents,
          };
        })(),
      );
    },
    async oidcProviderArns(signal) {
      const { sdk, client } = await clients.iam();
      const answer = await iam("ListOpenIDConnectProviders", signal, (abortSignal) =>
        client.send(new sdk.ListOpenIDConnectProvidersCommand({}), { abortSignal }),
      );
      return (answer.OpenIDConnectProviderList ?? []).flatMap((provider) => provider.Arn ?? []);
    },
    async oidcProviderTags(OpenIDConnectProviderArn, signal) {
      const { sdk, client } = await clients.iam();
      const answer = await orAbsent(
        iam("GetOpenIDConnectProvider", signal, (abortSignal) =>
          client.send(new sdk.GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }), { abortSignal }),
        ),
      );
      if (answer === undefined) return undefined;
      return Object.fromEntries((answer.Tags ?? []).map((tag) => [tag.Key ?? "", tag.Value ?? ""]));
    },
  };
}

/** IAM sends policy documents URL-encoded. A document that is no JSON is kept as text: it then differs from ours. */
function document(encoded: string | undefined): unknown {
  if (encoded === undefined) return undefined;
  const text = encoded.includes("%") ? decodeURIComponent(encoded) : encoded;
  try {
    return JSON.parse(text);
  } catch {
    // Whatever it is, it is not the document that was asked for, and the diff shows it.
    return text;
  }
}
