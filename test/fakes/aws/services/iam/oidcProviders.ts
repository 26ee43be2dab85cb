import type * as Iam from "@aws-sdk/client-iam";
import { fault } from "../../fault.ts";
import type { OidcProvider } from "../../state.ts";
import { type Handler, handler, type World } from "../../world.ts";
import { noSuchEntity } from "./find.ts";
import { readTags, writeTags } from "./roles.ts";

/** Puts a provider into the account; tests seed with the same function. */
export function putProvider(
  world: World,
  wish: {
    readonly url: string;
    readonly clientIds: readonly string[];
    readonly thumbprints?: readonly string[];
    readonly tags?: ReadonlyMap<string, string>;
  },
): OidcProvider {
  const { account } = world;
  const provider: OidcProvider = {
    arn: `arn:${account.partition}:iam::${account.id}:oidc-provider/${wish.url}`,
    url: wish.url,
    clientIds: [...wish.clientIds],
    thumbprints: [...(wish.thumbprints ?? [])],
    tags: new Map(wish.tags),
    createdAt: world.agenda.now(),
  };
  account.oidcProviders.set(provider.arn, provider);
  return provider;
}

function providerOf(world: World, arn: string | undefined): OidcProvider {
  const provider = world.account.oidcProviders.get(arn ?? "");
  if (provider === undefined) throw noSuchEntity(`OpenIDConnect Provider not found for arn ${arn}`);
  return provider;
}

const createProvider = handler<
  Iam.CreateOpenIDConnectProviderCommandInput,
  Iam.CreateOpenIDConnectProviderCommandOutput
>(({ world }, input) => {
  const url = (input.Url ?? "").replace(/^https:\/\//, "").replace(/\/$/, "");
  if (world.account.oidcProviders.has(`arn:${world.account.partition}:iam::${world.account.id}:oidc-provider/${url}`)) {
    throw fault("EntityAlreadyExistsException", `Provider with url ${input.Url} already exists.`, {}, 409);
  }
  if (world.account.oidcProviders.size >= 100) {
    throw fault("LimitExceededException", "Cannot exceed quota for OpenIdConnectProvidersPerAccount: 100", {}, 409);
  }
  const provider = putProvider(world, {
    url,
    clientIds: input.ClientIDList ?? [],
    thumbprints: input.ThumbprintList ?? [],
    tags: readTags(input.Tags),
  });
  return { OpenIDConnectProviderArn: provider.arn, Tags: writeTags(provider.tags) };
});

const getProvider = handler<Iam.GetOpenIDConnectProviderCommandInput, Iam.GetOpenIDConnectProviderCommandOutput>(
  ({ world }, input) => {
    const provider = providerOf(world, input.OpenIDConnectProviderArn);
    return {
      Url: provider.url,
      ClientIDList: [...provider.clientIds],
      ThumbprintList: [...provider.thumbprints],
      CreateDate: new Date(provider.createdAt),
      Tags: writeTags(provider.tags),
    };
  },
);

const listProviders = handler<Iam.ListOpenIDConnectProvidersCommandInput, Iam.ListOpenIDConnectProvidersCommandOutput>(
  ({ world }) => ({
    OpenIDConnectProviderList: [...world.account.oidcProviders.keys()].map((Arn) => ({ Arn })),
  }),
);

const deleteProvider = handler<
  Iam.DeleteOpenIDConnectProviderCommandInput,
  Iam.DeleteOpenIDConnectProviderCommandOutput
>(({ world }, input) => {
  // IAM answers success for a provider that is gone already.
  world.account.oidcProviders.delete(input.OpenIDConnectProviderArn ?? "");
  return {};
});

const addClientId = handler<
  Iam.AddClientIDToOpenIDConnectProviderCommandInput,
  Iam.AddClientIDToOpenIDConnectProviderCommandOutput
>(({ world }, input) => {
  const provider = providerOf(world, input.OpenIDConnectProviderArn);
  if (!provider.clientIds.includes(input.ClientID ?? "")) provider.clientIds.push(input.ClientID ?? "");
  return {};
});

const removeClientId = handler<
  Iam.RemoveClientIDFromOpenIDConnectProviderCommandInput,
  Iam.RemoveClientIDFromOpenIDConnectProviderCommandOutput
>(({ world }, input) => {
  const provider = providerOf(world, input.OpenIDConnectProviderArn);
  provider.clientIds = provider.clientIds.filter((id) => id !== input.ClientID);
  return {};
});

const tagProvider = handler<Iam.TagOpenIDConnectProviderCommandInput, Iam.TagOpenIDConnectProviderCommandOutput>(
  ({ world }, input) => {
    const provider = providerOf(world, input.OpenIDConnectProviderArn);
    for (const [key, value] of readTags(input.Tags)) provider.tags.set(key, value);
    return {};
  },
);

export const oidcProviders: Readonly<Record<string, Handler>> = {
  CreateOpenIDConnectProvider: createProvider,
  GetOpenIDConnectProvider: getProvider,
  ListOpenIDConnectProviders: listProviders,
  DeleteOpenIDConnectProvider: deleteProvider,
  AddClientIDToOpenIDConnectProvider: addClientId,
  RemoveClientIDFromOpenIDConnectProvider: removeClientId,
  TagOpenIDConnectProvider: tagProvider,
};
