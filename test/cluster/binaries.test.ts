import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cacheFolder, checkAssets, currentStamp, provideBinaries } from "./binaries.ts";
import { KUBERNETES_MODULE } from "./go.ts";

const PROGRAMS = ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd", "kwok"];

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "binaries-"));
  mkdirSync(join(root, "bin"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A `go` on PATH that says `version` and builds by copying shell scripts; `before` runs first on every build. */
function fakeGo(version: string, before = ""): void {
  script(
    join(root, "bin", "go"),
    `[ "$1" = version ] && { echo "go version go${version} linux/amd64"; exit 0; }
echo "$@" >> ${root}/built
printf 'CGO_ENABLED=%s\\nGOTOOLCHAIN=%s\\n' "$CGO_ENABLED" "$GOTOOLCHAIN" >> ${root}/environment
${before}
program() { printf '#!/bin/sh\\necho Kubernetes v1.36.4\\n' > "$1"; /bin/chmod +x "$1"; }
if [ "$1" = install ]; then
  case "$*" in *kwok*) program "$GOBIN/kwok";; *) program "$GOBIN/server";; esac
  exit 0
fi
out=; last=
for word in "$@"; do [ "$last" = -o ] && out=$word; last=$word; done
case "$out" in */) for name in kube-apiserver kube-controller-manager kube-scheduler kubectl; do program "$out$name"; done;; *) program "$out";; esac`,
  );
}

function script(file: string, body: string): void {
  writeFileSync(file, `#!/bin/sh\n${body}\n`);
  chmodSync(file, 0o755);
}

function assets(programs: readonly string[], version = "v1.36.4"): string {
  const folder = join(root, "assets");
  mkdirSync(folder);
  for (const program of programs) script(join(folder, program), `echo Kubernetes ${version}`);
  return folder;
}

const env = (more: Readonly<Record<string, string>> = {}) => ({
  PATH: join(root, "bin"),
  EKS_ACTIONS_CACHE: join(root, "cache"),
  ...more,
});
const target = () => join(root, "cache", "controlplane", currentStamp());
const builds = () =>
  existsSync(join(root, "built")) ? readFileSync(join(root, "built"), "utf8").trim().split("\n") : [];
const quiet = () => undefined;

describe("without Go and without assets", () => {
  it("one sentence names both remedies", async () => {
    await expect(provideBinaries(env(), quiet)).rejects.toMatchObject({
      code: "GO_MISSING",
      message:
        "`npm test` needs Go 1.26 or newer to build the Kubernetes control plane once; install Go, or set " +
        "KUBEBUILDER_ASSETS. `npm run test:unit` and `npm run demo` need neither.",
    });
  });

  it("a full cache is enough", async () => {
    mkdirSync(target(), { recursive: true });
    for (const program of PROGRAMS) script(join(target(), program), "");
    writeFileSync(join(target(), ".stamp"), "");
    expect((await provideBinaries(env(), quiet)).folder).toBe(target());
  });
});

describe("with Go", () => {
  it.each(["1.25.9", "1.9.1", "0.99.0"])("%s is too old, and the message says which is there", async (version) => {
    fakeGo(version);
    await expect(provideBinaries(env(), quiet)).rejects.toMatchObject({
      code: "GO_TOO_OLD",
      message: expect.stringContaining(`needs Go 1.26 or newer, found go${version}`),
    });
  });

  it.each(["1.26.0", "1.27.1", "2.0.0"])(
    "%s builds everything, once, without cgo or another toolchain",
    async (version) => {
      fakeGo(version);
      const binaries = await provideBinaries(env(), quiet);
      expect(readdirSync(binaries.folder).toSorted()).toEqual(
        [...PROGRAMS, ".stamp", "etcdctl", "kubectl", "toxiproxy-server"].toSorted(),
      );
      expect(builds().map((line) => line.split(" ")[0])).toEqual(["build", "build", "build", "install", "install"]);
      expect(new Set(readFileSync(join(root, "environment"), "utf8").trim().split("\n"))).toEqual(
        new Set(["CGO_ENABLED=0", "GOTOOLCHAIN=local"]),
      );
      await provideBinaries(env(), quiet);
      expect(builds()).toHaveLength(5);
    },
  );

  it("builds anew into a half-written folder and removes what a killed build left", async () => {
    fakeGo("1.26.8");
    mkdirSync(target(), { recursive: true });
    script(join(target(), "kube-apiserver"), "echo half");
    mkdirSync(`${target()}.draft-dead`);
    const { folder } = await provideBinaries(env(), quiet);
    expect(readFileSync(join(folder, "kube-apiserver"), "utf8")).toContain("v1.36.4");
    expect(readdirSync(join(root, "cache", "controlplane"))).toEqual([currentStamp()]);
  });

  it("lets one of two builders build while the other says that it waits", async () => {
    fakeGo("1.26.8", '[ "$1" = build ] && /bin/sleep 0.2');
    const said: string[] = [];
    const [one, two] = await Promise.all([
      provideBinaries(env(), (line) => said.push(line)),
      provideBinaries(env(), (line) => said.push(line)),
    ]);
    expect(one.folder).toBe(two.folder);
    expect(builds()).toHaveLength(5);
    expect(said.filter((line) => line.startsWith("waiting for process"))).toHaveLength(1);
  });

  it("takes over the lock of a process that is gone", async () => {
    fakeGo("1.26.8");
    mkdirSync(join(root, "cache", "controlplane"), { recursive: true });
    writeFileSync(`${target()}.lock`, JSON.stringify({ pid: process.pid, start: "another process of the same pid" }));
    expect((await provideBinaries(env(), quiet)).folder).toBe(target());
    expect(existsSync(`${target()}.lock`)).toBe(false);
  });

  it("leaves no target behind when the build fails, and shows the end of its output", async () => {
    fakeGo("1.26.8", "exec >&2; for n in 1 2 3; do echo line $n; done; echo 'cannot find main module'; exit 1");
    await expect(provideBinaries(env(), quiet)).rejects.toMatchObject({
      code: "CONTROLPLANE_BUILD_FAILED",
      message: expect.stringMatching(
        /^Kubernetes v1.36.4 did not build \(free: .* disk, .* memory\)\.\nline 1\n.*main module$/s,
      ),
    });
    expect(existsSync(target())).toBe(false);
  });

  it("names the staging module whose replace line is missing", async () => {
    fakeGo("1.26.8", "echo 'go: k8s.io/cri-streaming@v0.0.0: invalid version: unknown revision v0.0.0' >&2; exit 1");
    await expect(provideBinaries(env(), quiet)).rejects.toMatchObject({
      code: "CONTROLPLANE_STAGING_MISSING",
      message: expect.stringContaining("replace k8s.io/cri-streaming => k8s.io/cri-streaming v0.36.4"),
    });
  });

  it("tries a download three times, then names the module", async () => {
    fakeGo("1.26.8", "echo 'go: sigs.k8s.io/kwok@v0.8.0: dial tcp: lookup proxy: no such host' >&2; exit 1");
    await expect(provideBinaries(env(), quiet)).rejects.toMatchObject({
      code: "GO_MODULES_UNAVAILABLE",
      message: expect.stringContaining("sigs.k8s.io/kwok@v0.8.0 could not be downloaded"),
    });
    expect(builds()).toHaveLength(3);
  });
});

describe("KUBEBUILDER_ASSETS", () => {
  it("is used as it is, and nothing is built", async () => {
    const folder = assets(PROGRAMS);
    const binaries = await provideBinaries(env({ KUBEBUILDER_ASSETS: folder }), quiet);
    expect(binaries.path("etcd")).toBe(join(folder, "etcd"));
    expect(() => binaries.path("kubectl")).toThrow(`${folder} lacks kubectl, which this test needs.`);
  });

  it("without some programs fails with exactly their names", async () => {
    const folder = assets(["kube-apiserver", "etcd", "kubectl"]);
    await expect(provideBinaries(env({ KUBEBUILDER_ASSETS: folder }), quiet)).rejects.toMatchObject({
      code: "CONTROLPLANE_BINARY_MISSING",
      message: expect.stringContaining(`(${folder}) lacks kube-controller-manager, kube-scheduler, kwok;`),
    });
  });

  it("of another minor is refused, unless TEST_ALLOW_SKEW says otherwise", async () => {
    const settings = env({ KUBEBUILDER_ASSETS: assets(PROGRAMS, "v1.35.1") });
    await expect(checkAssets(settings)).rejects.toMatchObject({
      code: "CONTROLPLANE_VERSION_SKEW",
      message: expect.stringContaining("holds Kubernetes v1.35.1, the tests are written for v1.36"),
    });
    await checkAssets({ ...settings, TEST_ALLOW_SKEW: "1" });
  });
});

describe("the cache", () => {
  it.each([
    [{ EKS_ACTIONS_CACHE: "/a" }, "/a"],
    [{ EKS_ACTIONS_CACHE: "relative", XDG_CACHE_HOME: "/x" }, "/x/eks-actions"],
    [{ XDG_CACHE_HOME: "/x", HOME: "/h" }, "/x/eks-actions"],
    [{ HOME: "/h" }, "/h/.cache/eks-actions"],
  ])("for %j is %s", (settings, folder) => {
    expect(cacheFolder(settings)).toBe(folder);
  });
});

describe("the Go modules", () => {
  it("replace every staging module of one release, and each to the same version", () => {
    const text = readFileSync(join(KUBERNETES_MODULE, "go.mod"), "utf8");
    const replaced = [...text.matchAll(/^\t(k8s\.io\/\S+) => (\S+) (\S+)$/gm)].map(([, from, to, version]) => ({
      from,
      to,
      version,
    }));
    expect(replaced).toHaveLength(33);
    for (const { from, to, version } of replaced) expect([to, version]).toEqual([from, "v0.36.4"]);
    expect(text).toContain("k8s.io/kubernetes v1.36.4");
  });
});
