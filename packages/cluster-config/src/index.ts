export type { FieldUse } from "./check.ts";
export type { Place } from "./document.ts";
export {
  type AccessConfig,
  type AccessEntry,
  type AccessPolicy,
  type Addon,
  type AuthenticationMode,
  type AutoMode,
  type Capability,
  type ClusterConfig,
  type ClusterIam,
  type FargateProfile,
  type FreeDocument,
  type IamServiceAccount,
  type IdentityMapping,
  type IdentityProvider,
  type Karpenter,
  type LogType,
  type ManagedNodeGroup,
  type Metadata,
  type NodeGroupIam,
  type NodeRepair,
  type NodeVolume,
  type PodIdentityAssociation,
  placeOf,
  type RemoteNetwork,
  type ScalingTier,
  type Subnet,
  type Taint,
  type Vpc,
  type WellKnownPolicy,
} from "./model.ts";
export { type ParseOptions, parseClusterConfig } from "./parse.ts";
export { clusterConfigSchema } from "./schema/cluster.ts";
export type { Field, Fields, Mutability, Refusal, Shape } from "./schema/field.ts";
