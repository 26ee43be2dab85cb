export {
  groupOf,
  type KubeObject,
  type ManagedFields,
  type ObjectMeta,
  type ObjectRef,
  type OwnerReference,
  refOf,
} from "./object.ts";
export { type ObjectSource, parseManifests, type SourcedObject } from "./parse.ts";
export { YAML_LIMITS } from "./yaml.ts";
