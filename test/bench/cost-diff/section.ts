import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { clusterYaml, createScene, nodePool, reportOf, withCluster } from "../../journeys/cost-diff/scene.ts";
import { exitNote } from "../process.ts";
import { createRandom } from "../random.ts";
import { type Section, type SectionResult, Skipped } from "../section.ts";
import { shown, spread } from "../spread.ts";

const FILES = 2_000;

/** cost-diff end to end: 2,000 manifest files in base and head, one comment. */
export const costDiff: Section = {
  name: "cost-diff",
  async run(options): Promise<SectionResult> {
    const action = resolve(options.tree, "actions/cost-diff");
    if (!existsSync(join(action, "dist/index.js"))) throw new Skipped("no bundle: npm run bundle");
    const small = await rounds(action, options.rounds ?? 5, 20);
    const large = await rounds(action, options.rounds ?? 5, FILES);
    return {
      tables: [
        {
          title: "cost-diff end to end, the harness included",
          note: "A NodePool of all c, m and r types of generation 3 and newer; one file differs between base and head.",
          headers: ["files", "pods", "wall ms", "CPU ms", "peak MB", "comment"],
          rows: [small, large].map((runs) => [
            String(runs[0]?.files),
            String(runs[0]?.pods),
            shown(spread(runs.map(({ ms }) => ms))),
            shown(spread(runs.map(({ cpuMs }) => cpuMs))),
            shown(spread(runs.map(({ peakMb }) => peakMb))),
            runs.every(({ commented }) => commented) ? "written" : "missing",
          ]),
        },
      ],
      figures: [...small, ...large],
    };
  },
};

interface Run {
  readonly files: number;
  readonly pods: number;
  readonly ms: number;
  readonly peakMb: number;
  readonly cpuMs: number;
  readonly commented: boolean;
}

async function rounds(action: string, count: number, files: number): Promise<readonly Run[]> {
  const { manifests, pods } = manifestFiles(files);
  const base = { "infra/prod.yaml": clusterYaml(), "deploy/nodes.yaml": anyType(), ...manifests };
  const head = {
    "deploy/app-0000.yaml": (manifests["deploy/app-0000.yaml"] ?? "").replace(/replicas: \d+/, "replicas: 40"),
  };
  await using scene = await createScene({ base, head });
  const runs: Run[] = [];
  for (let round = 0; round < count; round++) {
    const note = exitNote(scene.machine.toolCache);
    const result = await scene.cost(withCluster, { action, machineEnv: note.env });
    if (result.outcome !== "success") throw new Error(result.log.slice(-3000));
    reportOf(result);
    const commented = scene.github.requests.some(({ path }) => path.includes("/comments"));
    runs.push({ files, pods, ms: result.durationMs, ...note.read(), commented });
  }
  return runs;
}

/** Half Deployments, the rest ConfigMaps and Services, of which nothing is to be priced. */
function manifestFiles(count: number) {
  const random = createRandom(5);
  const manifests: Record<string, string> = {};
  let pods = 0;
  for (let index = 0; index < count; index++) {
    const name = `app-${String(index).padStart(4, "0")}`;
    const kind = index % 4;
    if (kind < 2) {
      const replicas = random.between(1, 9);
      pods += replicas;
      manifests[`deploy/${name}.yaml`] = deployment(
        name,
        replicas,
        random.pick([100, 250, 500, 1000]),
        random.between(1, 16) * 128,
      );
    } else {
      manifests[`deploy/${name}.yaml`] = kind === 2 ? service(name) : config(name);
    }
  }
  return { manifests, pods };
}

const anyType = () =>
  nodePool().replace(
    /- \{ key: node\.kubernetes\.io\/instance-type.*\}/,
    `- { key: karpenter.k8s.aws/instance-category, operator: In, values: [c, m, r] }
        - { key: karpenter.k8s.aws/instance-generation, operator: Gt, values: ["2"] }
        - { key: kubernetes.io/arch, operator: In, values: [amd64] }`,
  );

const deployment = (name: string, replicas: number, cpu: number, memory: number) => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: default }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      containers:
        - name: main
          image: registry.example/${name}:1
          ports: [{ containerPort: 8080 }]
          resources: { requests: { cpu: ${cpu}m, memory: ${memory}Mi } }
`;

const service = (name: string) => `apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: default }
spec: { selector: { app: ${name} }, ports: [{ port: 80, targetPort: 8080 }] }
`;

const config = (name: string) => `apiVersion: v1
kind: ConfigMap
metadata: { name: ${name}, namespace: default }
data:
  GREETING: hello
  LEVEL: info
`;
