import type { Step } from "../plan/action.ts";
import { create } from "../plan/build.ts";
import type { Context } from "../plan/context.ts";
import { iamTags, tagsOf } from "../plan/tags.ts";
import { ref } from "../plan/value.ts";

/** The IAM OIDC provider of the cluster's issuer, which only exists once the cluster is ACTIVE. */
export function planOidcProvider(context: Context): Step {
  const { config, facts, ownership } = context;
  if (!config.iam.withOIDC) return { actions: [] };
  const part = "oidc-provider";
  const target = { kind: "OidcProvider", name: config.metadata.name };
  const issuer = facts.cluster?.identity?.oidc?.issuer?.replace(/^https:\/\//, "");
  const exists = issuer !== undefined && facts.oidcProviders.some((provider) => provider.arn.endsWith(`/${issuer}`));
  if (exists) return { actions: [], unchanged: [target] };
  return {
    actions: [
      create({
        part,
        op: "create",
        target,
        after: ["cluster"],
        calls: [
          {
            service: "iam",
            operation: "CreateOpenIDConnectProvider",
            args: {
              Url: ref("cluster", "issuer"),
              ClientIDList: ["sts.amazonaws.com"],
              Tags: iamTags(tagsOf(ownership, part, {})),
            },
            gives: { [`${part}#arn`]: "OpenIDConnectProviderArn" },
          },
        ],
      }),
    ],
  };
}
