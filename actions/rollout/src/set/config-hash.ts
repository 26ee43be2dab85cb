import {
  at,
  containersOf,
  type FieldPath,
  groupOf,
  isRecord,
  type KubeObject,
  type PodTemplate,
  podTemplates,
  type SourcedObject,
  withValue,
} from "@eks-actions/manifest";
import { canonical, sha256 } from "../live/canonical.ts";
import { annotations } from "../model.ts";

// Pods of these are replaced when the template changes. A Job's template cannot change, a bare Pod has none.
const ROLLED = /^(apps\/(Deployment|StatefulSet|DaemonSet)|batch\/CronJob|argoproj\.io\/Rollout)$/;

/**
 * Puts a hash of the ConfigMaps and Secrets that a pod template names onto the template, so that their change rolls the
 * pods. Only those of the set count: of others nobody would see the change. Namespaces must be filled in.
 */
export function withConfigHashes(objects: readonly SourcedObject[]): readonly SourcedObject[] {
  const contents = new Map(
    objects.flatMap(({ object }): [string, string][] => {
      if (groupOf(object.apiVersion) !== "" || (object.kind !== "ConfigMap" && object.kind !== "Secret")) return [];
      const { data, binaryData, stringData } = object;
      return [
        [
          keyOf(object.kind, object.metadata.namespace, object.metadata.name),
          canonical({ data, binaryData, stringData }),
        ],
      ];
    }),
  );
  return objects.map(({ object, source }) => ({ source, object: withHash(object, contents) }));
}

function withHash(object: KubeObject, contents: ReadonlyMap<string, string>): KubeObject {
  if (!ROLLED.test(`${groupOf(object.apiVersion)}/${object.kind}`)) return object;
  return podTemplates(object).reduce((edited, template) => {
    const named = referencesOf(template).map(({ kind, name }) => keyOf(kind, object.metadata.namespace, name));
    const found = [...new Set(named)].sort().flatMap((key) => {
      const content = contents.get(key);
      return content === undefined ? [] : [`${key} ${content}`];
    });
    if (found.length === 0) return edited;
    const path: FieldPath = [...template.path, "metadata"];
    const metadata = recordAt(edited, path);
    const notes = recordAt(metadata, ["annotations"]);
    const hash = sha256(found.join("\n")).slice(0, 16);
    const next = { ...metadata, annotations: { ...notes, [annotations.configHash]: hash } };
    return withValue(edited, path, next) as KubeObject; // the same object, one annotation added
  }, object);
}

interface Reference {
  readonly kind: "ConfigMap" | "Secret";
  readonly name: string;
}

/** What a pod reads by environment or volume: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/ */
function referencesOf(template: PodTemplate): readonly Reference[] {
  const variables = containersOf(template).flatMap(({ spec }) => [
    ...entries(spec["env"]).flatMap((entry) => [
      reference("ConfigMap", at(entry, ["valueFrom", "configMapKeyRef", "name"])),
      reference("Secret", at(entry, ["valueFrom", "secretKeyRef", "name"])),
    ]),
    ...entries(spec["envFrom"]).flatMap((entry) => [
      reference("ConfigMap", at(entry, ["configMapRef", "name"])),
      reference("Secret", at(entry, ["secretRef", "name"])),
    ]),
  ]);
  const volumes = entries(template.spec["volumes"]).flatMap((volume) => [
    reference("ConfigMap", at(volume, ["configMap", "name"])),
    reference("Secret", at(volume, ["secret", "secretName"])),
    ...entries(at(volume, ["projected", "sources"])).flatMap((part) => [
      reference("ConfigMap", at(part, ["configMap", "name"])),
      reference("Secret", at(part, ["secret", "name"])),
    ]),
  ]);
  return [...variables, ...volumes].flat();
}

function reference(kind: Reference["kind"], name: unknown): readonly Reference[] {
  return typeof name === "string" ? [{ kind, name }] : [];
}

function recordAt(value: unknown, path: FieldPath): Readonly<Record<string, unknown>> {
  const found = at(value, path);
  return isRecord(found) ? found : {};
}

function entries(list: unknown): readonly unknown[] {
  return Array.isArray(list) ? list : [];
}

function keyOf(kind: string, namespace: string | undefined, name: string): string {
  return `${kind} ${namespace ?? ""}/${name}`;
}
