// The bill of materials of a release tree, as SPDX 2.3: what the bundles really hold, not all that npm installs.
// `sbom.ts TREE VERSION SOURCE` prints it; the date is the source commit's, so that two builds print the same.
import { readFileSync } from "node:fs";
import { bundledPackages } from "./bundled.ts";
import { gitIn } from "./git.ts";

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly integrity?: string }>>;
}

const [tree = ".release", version = "0.0.0", source = "HEAD"] = process.argv.slice(2);
const git = gitIn(process.cwd());
const commit = git("rev-parse", source);
const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as Lockfile;
const packages = bundledPackages(tree);
const root = {
  name: "eks-actions",
  SPDXID: "SPDXRef-Package-eks-actions",
  versionInfo: version,
  downloadLocation: "NOASSERTION",
  filesAnalyzed: false,
  licenseConcluded: "NOASSERTION",
  licenseDeclared: "NOASSERTION",
  copyrightText: "NOASSERTION",
};

const relation = (from: string, relationshipType: string, to: string) => ({
  spdxElementId: from,
  relationshipType,
  relatedSpdxElement: to,
});
const document = {
  spdxVersion: "SPDX-2.3",
  dataLicense: "CC0-1.0",
  SPDXID: "SPDXRef-DOCUMENT",
  name: `eks-actions ${version}`,
  documentNamespace: `https://spdx.org/spdxdocs/eks-actions-${version}-${commit}`,
  creationInfo: { created: toZulu(git("show", "--no-patch", "--format=%cI", commit)), creators: ["Tool: sbom.ts"] },
  packages: [root, ...packages.map(({ name, version, licence }) => packageOf(name, version, licence))],
  relationships: [
    relation("SPDXRef-DOCUMENT", "DESCRIBES", root.SPDXID),
    ...packages.map(({ name, version }) => relation(root.SPDXID, "CONTAINS", idOf(name, version))),
  ],
};
console.log(JSON.stringify(document, null, 2));

function packageOf(name: string, version: string, licence: string) {
  return {
    name,
    SPDXID: idOf(name, version),
    versionInfo: version,
    downloadLocation: `https://www.npmjs.com/package/${name}/v/${version}`,
    filesAnalyzed: false,
    licenseConcluded: licence,
    licenseDeclared: licence,
    copyrightText: "NOASSERTION",
    checksums: checksumsOf(name, version),
    externalRefs: [
      {
        referenceCategory: "PACKAGE-MANAGER",
        referenceType: "purl",
        referenceLocator: `pkg:npm/${name.replace("@", "%40")}@${version}`,
      },
    ],
  };
}

/** The archive's hash that the lockfile pins, in hex as SPDX wants it. */
function checksumsOf(name: string, version: string) {
  const locked = Object.entries(lock.packages).find(
    ([path, entry]) => path.endsWith(`node_modules/${name}`) && entry.version === version,
  );
  const [, hash] = /^sha512-(\S+)$/.exec(locked?.[1].integrity ?? "") ?? [];
  if (hash === undefined) throw new Error(`${name}@${version} is bundled, and the lockfile pins no such archive`);
  return [{ algorithm: "SHA512", checksumValue: Buffer.from(hash, "base64").toString("hex") }];
}

function idOf(name: string, version: string): string {
  return `SPDXRef-Package-${`${name}-${version}`.replaceAll(/[^A-Za-z0-9.-]/g, "-")}`;
}

function toZulu(date: string): string {
  return new Date(date).toISOString().replace(".000Z", "Z");
}
