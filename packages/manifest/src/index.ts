export { identityOf, nameOf, refuseDuplicates } from "./duplicates.ts";
export { type ImageName, overrideImages, parseImage } from "./images.ts";
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
export {
  at,
  type ContainerPart,
  containersOf,
  type FieldPath,
  isRecord,
  type PodTemplate,
  podTemplates,
  withValue,
} from "./pods.ts";
export { formatBytes, formatMillis, parseQuantity, quantityMillis, quantityUnits } from "./quantity.ts";
export {
  type CronWindow,
  isScaledBy,
  MAX_REPLICAS,
  type ReplicaBasis,
  readCount,
  readScaler,
  replicasFor,
  type Scaler,
} from "./replicas.ts";
export {
  add as addResources,
  atLeast,
  type ContainerDefaults,
  containerDefaults,
  type FieldSource,
  type PodRequest,
  podRequest,
  type RequestOptions,
  type Resources,
  readResources,
} from "./requests.ts";
export { createRedactor, isSecret, looksSecret, type Redactor, redactObject, secretTexts } from "./secrets.ts";
export { type Place, readYaml, type SourcedDocument, YAML_LIMITS, type YamlResult } from "./yaml.ts";
