export type {
  ApplyOptions,
  ApplyResult,
  DeleteOptions,
  FieldValidation,
  KubeClient,
  ListOptions,
  LogOptions,
  ObjectList,
  PatchOptions,
  RawAnswer,
  Selection,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from "./client.ts";
export { type ConnectOptions, connect } from "./connect.ts";
export { type Denial, KubeApiError, type SchemaFault, type StatusCause, type StatusDetails } from "./error.ts";
export { stableKinds } from "./kinds.ts";
export { type ResourceType, resourcePath } from "./resource.ts";
