import { spawn } from "node:child_process";
import { statfsSync } from "node:fs";
import { freemem } from "node:os";
import { fileURLToPath } from "node:url";
import { SetupError } from "./setup-error.ts";

export type Env = Readonly<Record<string, string | undefined>>;

export const KUBERNETES_VERSION = "v1.36.4";
export const KUBERNETES_MINOR = 36;
const KWOK = "sigs.k8s.io/kwok/cmd/kwok@v0.8.0";
const TOXIPROXY = "github.com/Shopify/toxiproxy/v2/cmd/server@v2.12.0";
const OLDEST_GO: readonly [number, number] = [1, 26];

export const KUBERNETES_MODULE: string = fileURLToPath(new URL("./kubernetes", import.meta.url));
export const ETCD_MODULE: string = fileURLToPath(new URL("./etcd", import.meta.url));

// An unstamped server calls itself v0.0.0-master, which breaks helm's kubeVersion constraints and kubectl's skew check.
const VERSION_PACKAGE = "k8s.io/component-base/version";
const KUBERNETES_LDFLAGS = [
  "-s -w",
  `-X ${VERSION_PACKAGE}.gitVersion=${KUBERNETES_VERSION}`,
  `-X ${VERSION_PACKAGE}.gitMajor=1`,
  `-X ${VERSION_PACKAGE}.gitMinor=${KUBERNETES_MINOR}`,
  `-X ${VERSION_PACKAGE}.gitTreeState=clean`,
  `-X ${VERSION_PACKAGE}.gitCommit=unknown`,
  `-X ${VERSION_PACKAGE}.buildDate=1970-01-01T00:00:00Z`,
].join(" ");
const PLAIN_LDFLAGS = "-s -w";

interface Step {
  readonly what: string;
  readonly cwd: string;
  readonly args: readonly string[];
  /** Program that `go install` names after its folder. */
  readonly rename?: readonly [string, string];
  /** Cold on two cores, with downloads. */
  readonly usually: string;
}

function steps(out: string): readonly Step[] {
  const build = (ldflags: string, target: string, packages: readonly string[]) => [
    "build",
    "-v",
    "-trimpath",
    "-ldflags",
    ldflags,
    "-o",
    target,
    ...packages,
  ];
  const programs = ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl"];
  const install = (spec: string) => ["install", "-v", "-trimpath", "-ldflags", PLAIN_LDFLAGS, spec];
  return [
    {
      what: `Kubernetes ${KUBERNETES_VERSION}`,
      cwd: KUBERNETES_MODULE,
      args: build(
        KUBERNETES_LDFLAGS,
        `${out}/`,
        programs.map((name) => `k8s.io/kubernetes/cmd/${name}`),
      ),
      usually: "5 to 8 minutes",
    },
    {
      what: "etcd",
      cwd: ETCD_MODULE,
      args: build(PLAIN_LDFLAGS, `${out}/etcd`, ["go.etcd.io/etcd/server/v3"]),
      usually: "half a minute",
    },
    {
      what: "etcdctl",
      cwd: ETCD_MODULE,
      args: build(PLAIN_LDFLAGS, `${out}/etcdctl`, ["go.etcd.io/etcd/etcdctl/v3"]),
      usually: "seconds",
    },
    { what: "kwok", cwd: out, args: install(KWOK), usually: "a minute" },
    {
      what: "toxiproxy",
      cwd: out,
      args: install(TOXIPROXY),
      rename: ["server", "toxiproxy-server"],
      usually: "seconds",
    },
  ];
}

/** All that decides what the binaries are, besides the go.sum files: a change gives a new stamp. */
export const BUILD_RECIPE: string = JSON.stringify(steps("$OUT").map(({ args }) => args));

/** @throws SetupError `GO_MISSING`, `GO_TOO_OLD` */
export async function requireGo(env: Env): Promise<string> {
  const answer = await run("go", ["version"], env, process.cwd(), () => undefined).catch((cause: unknown) => {
    throw new SetupError(
      "GO_MISSING",
      "`npm test` needs Go 1.26 or newer to build the Kubernetes control plane once; install Go, or set " +
        "KUBEBUILDER_ASSETS. `npm run test:unit` and `npm run demo` need neither.",
      cause,
    );
  });
  const found = /\bgo(\d+)\.(\d+)\S*/.exec(answer.output);
  const [major, minor] = [Number(found?.[1] ?? 0), Number(found?.[2] ?? 0)];
  if (major > OLDEST_GO[0] || (major === OLDEST_GO[0] && minor >= OLDEST_GO[1])) return found?.[0] ?? "";
  throw new SetupError(
    "GO_TOO_OLD",
    `The Kubernetes control plane needs Go ${OLDEST_GO.join(".")} or newer, found ${found?.[0] ?? "an unknown version"}; ` +
      "install a newer Go, or set KUBEBUILDER_ASSETS. GOTOOLCHAIN=local is deliberate: tests download no toolchain.",
  );
}

/** Builds all programs into `out`. `print` gets a line every 10 s. */
export async function buildPrograms(out: string, env: Env, print: (line: string) => void): Promise<void> {
  const { rename } = await import("node:fs/promises");
  for (const step of steps(out)) {
    await buildWithRetries(step, { ...env, GOBIN: out }, print);
    if (step.rename !== undefined) await rename(`${out}/${step.rename[0]}`, `${out}/${step.rename[1]}`);
  }
}

async function buildWithRetries(step: Step, env: Env, print: (line: string) => void): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const { code, output } = await build(step, env, print);
    if (code === 0) return;
    const error = buildError(step, output);
    if (error.code !== "GO_MODULES_UNAVAILABLE" || attempt >= 3) throw error;
    print(`${error.message} (attempt ${attempt} of 3)`);
  }
}

async function build(step: Step, env: Env, print: (line: string) => void): Promise<{ code: number; output: string }> {
  const startedAt = Date.now();
  let current = "";
  const timer = setInterval(() => {
    const seconds = Math.round((Date.now() - startedAt) / 1000);
    print(
      `building ${step.what} · ${seconds} s (usually ${step.usually} the first time) · ${current || "downloading"}`,
    );
  }, 10_000);
  try {
    const buildEnv = { ...env, CGO_ENABLED: "0", GOTOOLCHAIN: "local" };
    return await run("go", step.args, buildEnv, step.cwd, (line) => {
      current = line;
    });
  } finally {
    clearInterval(timer);
  }
}

// Texts of the go command, 1.26: cmd/go/internal/modfetch and net.
const DOWNLOAD =
  /dial tcp|no such host|i\/o timeout|connection refused|proxyconnect|TLS handshake|unexpected EOF|: 5\d\d /;

function buildError(step: Step, output: string): SetupError {
  const tail = output.trimEnd().split("\n").slice(-40).join("\n");
  const staging = /(k8s\.io\/[\w-]+)@v0\.0\.0.*unknown revision v0\.0\.0/.exec(output);
  if (staging !== null) {
    return new SetupError(
      "CONTROLPLANE_STAGING_MISSING",
      `${step.what} asks for the staging module ${staging[1]}; add to test/cluster/kubernetes/go.mod: ` +
        `replace ${staging[1]} => ${staging[1]} ${KUBERNETES_VERSION.replace("v1.", "v0.")}`,
    );
  }
  if (DOWNLOAD.test(output)) {
    const module = /([\w.-]+(?:\/[\w.-]+)+@v[^\s:]+)/.exec(output)?.[1] ?? "a module";
    return new SetupError(
      "GO_MODULES_UNAVAILABLE",
      `${module} could not be downloaded while building ${step.what}; set GOPROXY and GOFLAGS as for any Go project.\n${tail}`,
    );
  }
  const disk = statfsSync(step.cwd);
  const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  return new SetupError(
    "CONTROLPLANE_BUILD_FAILED",
    `${step.what} did not build (free: ${gib(disk.bavail * disk.bsize)} disk, ${gib(freemem())} memory).\n${tail}`,
  );
}

/** Runs a program to its end; rejects only when it could not be started. */
export function run(
  command: string,
  args: readonly string[],
  env: Env,
  cwd: string,
  onLine: (line: string) => void,
): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, cwd, stdio: ["ignore", "pipe", "pipe"] });
    const chunks: string[] = [];
    const collect = (chunk: string) => {
      chunks.push(chunk);
      const last = chunk.trimEnd().split("\n").at(-1);
      if (last !== undefined && last !== "") onLine(last);
    };
    child.stdout.setEncoding("utf8").on("data", collect);
    child.stderr.setEncoding("utf8").on("data", collect);
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? 1, output: chunks.join("") }));
  });
}
