import { stringify } from "yaml";

export interface BenchObject {
  readonly apiVersion: string;
  readonly kind: "ConfigMap" | "Service" | "Deployment";
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly [field: string]: unknown;
}

export type Variant = "first" | "changed" | "crashing";

const LABELS = { "app.kubernetes.io/part-of": "bench" };

/**
 * 80 % ConfigMaps of about 700 bytes, 10 % Services, 10 % Deployments of one pod that is Ready 1 s after it was
 * scheduled. `changed` has another image in one Deployment, `crashing` one Deployment whose pod crash-loops.
 */
export function benchObjects(count: number, variant: Variant): readonly BenchObject[] {
  const tenth = Math.max(1, Math.round(count / 10));
  return [
    ...numbered(count - 2 * tenth, "config").map(configMap),
    ...numbered(tenth, "web").map(service),
    ...numbered(tenth, "web").map((name, index) => deployment(name, index === 0 ? variant : "first")),
  ];
}

/** As a person keeps them: YAML documents in one file. */
export function manifestText(objects: readonly BenchObject[]): string {
  return objects.map((object) => stringify(object)).join("---\n");
}

/** Path of the object's collection. */
export function collection(kind: BenchObject["kind"], namespace: string): string {
  const group = kind === "Deployment" ? "/apis/apps/v1" : "/api/v1";
  return `${group}/namespaces/${namespace}/${kind.toLowerCase()}s`;
}

function numbered(count: number, name: string): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${name}-${String(index + 1).padStart(4, "0")}`);
}

function configMap(name: string): BenchObject {
  const settings = Array.from({ length: 8 }, (_, index) => [
    `SETTING_${index}`,
    `${name} ${"value ".repeat(10)}${index}`,
  ]);
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, labels: LABELS },
    data: Object.fromEntries(settings),
  };
}

function service(name: string): BenchObject {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, labels: LABELS },
    spec: { selector: { app: name }, ports: [{ name: "http", port: 80, targetPort: 8080 }] },
  };
}

function deployment(name: string, variant: Variant): BenchObject {
  const behaviour = variant === "crashing" ? { "sim.test/behaviour": "crashloop" } : {};
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, labels: LABELS },
    spec: {
      replicas: 1,
      // The simulated container crashes half a second after it became ready; nobody shall call that available.
      ...(variant === "crashing" ? { minReadySeconds: 10 } : {}),
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name, ...behaviour }, annotations: { "sim.test/after": "1s" } },
        spec: {
          containers: [
            {
              name: "main",
              image: `registry.example/${name}:${variant === "first" ? 1 : 2}`,
              ports: [{ containerPort: 8080 }],
              resources: { requests: { cpu: "50m", memory: "64Mi" } },
            },
          ],
        },
      },
    },
  };
}
