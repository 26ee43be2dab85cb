export { ipv6CniPolicy } from "./addons.ts";
export type { FieldUse } from "./check.ts";
export type { Place } from "./document.ts";
export { type ExtensionText, extendedFile } from "./extension.ts";
export type { ClusterExtension, IgnoredField, MaintenanceWindow, WarmPool, Weekday } from "./extension-model.ts";
export type {
  AccessConfig,
  AccessEntry,
  AccessPolicy,
  Addon,
  ArgoCd,
  ArgoCdRole,
  AuthenticationMode,
  AutoMode,
  Capability,
  ClusterConfig,
  ClusterIam,
  FargateProfile,
  FreeDocument,
  IamServiceAccount,
  IdentityMapping,
  IdentityProvider,
  Karpenter,
  LogType,
  Metadata,
  PodIdentityAssociation,
  RemoteNetwork,
  ScalingTier,
  Subnet,
  Vpc,
  WellKnownPolicy,
} from "./model.ts";
export type {
  Bottlerocket,
  InstanceSelector,
  ManagedNodeGroup,
  NodeGroupIam,
  NodeRepair,
  NodeSsh,
  NodeUpdate,
  NodeVolume,
  Taint,
} from "./nodegroup-model.ts";
export { type ParseOptions, parseClusterConfig } from "./parse.ts";
export { placeOf, type SourcePlace } from "./place.ts";
export { isPublicKey } from "./public-key.ts";
export { clusterConfigSchema } from "./schema/cluster.ts";
export type { Field, Fields, Mutability, Refusal, Shape } from "./schema/field.ts";
