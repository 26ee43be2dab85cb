import type * as Eks from "@aws-sdk/client-eks";
import type { ClusterRecord } from "../../state.ts";
import { type Handler, handler, page } from "../../world.ts";
import { activeCluster, clusterNamed, eksArn, invalidRequest, notFound } from "./find.ts";
import { idempotent } from "./tokens.ts";
import { beginUpdate, checkNoUpdate } from "./updates.ts";

const associate = handler<
  Eks.AssociateIdentityProviderConfigCommandInput,
  Eks.AssociateIdentityProviderConfigCommandOutput
>(({ world, outcome }, input) => {
  const known = clusterNamed(world, input.clusterName);
  checkNoUpdate(known, "AssociateIdentityProviderConfig");
  const record = activeCluster(world, input.clusterName);
  if (record.identityProviders.size > 0) {
    throw invalidRequest("Cluster already has an identity provider config associated.", {
      clusterName: input.clusterName,
    });
  }
  const oidc = input.oidc;
  const name = oidc?.identityProviderConfigName ?? "";
  const config: Eks.OidcIdentityProviderConfig = {
    ...oidc,
    clusterName: input.clusterName,
    identityProviderConfigArn: eksArn(
      world,
      `identityproviderconfig/${input.clusterName}/oidc/${name}/${world.random.uuid("idp")}`,
    ),
    status: "CREATING",
    tags: { ...input.tags },
  };
  record.identityProviders.set(name, config);
  const update = beginUpdate(world, record, {
    outcome,
    type: "AssociateIdentityProviderConfig",
    params: { IdentityProviderConfig: JSON.stringify([{ type: "oidc", name }]) },
    seconds: world.durations("identityProvider", name),
    finish: () => {
      config.status = "ACTIVE";
    },
  });
  return { update, tags: { ...input.tags } };
});

function configOf(record: ClusterRecord, wish: Eks.IdentityProviderConfig | undefined): Eks.OidcIdentityProviderConfig {
  const config = wish?.type === "oidc" ? record.identityProviders.get(wish.name ?? "") : undefined;
  if (config === undefined) {
    throw notFound(`Identity provider config ${wish?.name} was not found.`, { clusterName: record.cluster.name });
  }
  return config;
}

const describe = handler<
  Eks.DescribeIdentityProviderConfigCommandInput,
  Eks.DescribeIdentityProviderConfigCommandOutput
>(({ world }, input) => ({
  identityProviderConfig: {
    oidc: structuredClone(configOf(clusterNamed(world, input.clusterName), input.identityProviderConfig)),
  },
}));

const list = handler<Eks.ListIdentityProviderConfigsCommandInput, Eks.ListIdentityProviderConfigsCommandOutput>(
  ({ world }, input) => {
    const names = [...clusterNamed(world, input.clusterName).identityProviders.keys()];
    const result = page(world, names, { size: input.maxResults, token: input.nextToken, max: 100 });
    return {
      identityProviderConfigs: result.items.map((name) => ({ type: "oidc", name })),
      ...(result.next === undefined ? {} : { nextToken: result.next }),
    };
  },
);

const disassociate = handler<
  Eks.DisassociateIdentityProviderConfigCommandInput,
  Eks.DisassociateIdentityProviderConfigCommandOutput
>(({ world, outcome }, input) => {
  const record = clusterNamed(world, input.clusterName);
  checkNoUpdate(record, "DisassociateIdentityProviderConfig");
  const config = configOf(record, input.identityProviderConfig);
  const name = config.identityProviderConfigName ?? "";
  config.status = "DELETING";
  const update = beginUpdate(world, record, {
    outcome,
    type: "DisassociateIdentityProviderConfig",
    params: { IdentityProviderConfig: JSON.stringify([{ type: "oidc", name }]) },
    seconds: world.durations("identityProvider", name),
    finish: () => {
      record.identityProviders.delete(name);
    },
  });
  return { update };
});

export const identityProviders: Readonly<Record<string, Handler>> = {
  AssociateIdentityProviderConfig: idempotent(associate),
  DescribeIdentityProviderConfig: describe,
  ListIdentityProviderConfigs: list,
  DisassociateIdentityProviderConfig: idempotent(disassociate),
};
