import type { Handler } from "../../world.ts";
import { oidcProviders } from "./oidcProviders.ts";
import { rolePolicies } from "./rolePolicies.ts";
import { roles } from "./roles.ts";

/** Identity and Access Management: roles, their policies, OIDC providers, service-linked roles. */
export const iam: Readonly<Record<string, Handler>> = { ...roles, ...rolePolicies, ...oidcProviders };
