export {
  groupOf,
  type KubeObject,
  type ManagedFields,
  type ObjectMeta,
  type ObjectRef,
  type OwnerReference,
  refOf,
} from "./object.ts";
