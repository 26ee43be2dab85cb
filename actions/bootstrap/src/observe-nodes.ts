import type { ClusterApi } from "@eks-actions/aws";
import { type ClusterConfig, isPublicKey } from "@eks-actions/cluster-config";
import type { Facts } from "./facts.ts";
import type { Ports } from "./ports.ts";

export type NodeFacts = Pick<Facts, "keyPairs" | "publicKeys" | "images">;

/** What the groups of the file boot from and are reached by; nothing is asked for what no group uses. */
export async function observeNodes(ports: Ports, signal: AbortSignal): Promise<NodeFacts> {
  const { aws, config } = ports;
  const opensSsh = config.managedNodeGroups.some((group) => group.ssh?.allow === true);
  const filters = { "tag:eks-actions/part": [`${config.metadata.name}/*`] };
  const [keyPairs, images] = await Promise.all([
    opensSsh ? aws.ec2.keyPairs({ filters }, signal) : [],
    readImages(aws, config, signal),
  ]);
  return { keyPairs, images, publicKeys: readPublicKeys(ports) };
}

/** Files that the groups name as SSH keys. What is no public key is left out, and never shown. */
function readPublicKeys({ config, readPublicKey }: Ports): Facts["publicKeys"] {
  const paths = config.managedNodeGroups.flatMap(({ ssh }) => (ssh?.allow === true ? (ssh.publicKeyPath ?? []) : []));
  return new Map(
    [...new Set(paths)].flatMap((path) => {
      const key = readPublicKey(path)?.trim();
      return key !== undefined && isPublicKey(key) ? [[path, key] as const] : [];
    }),
  );
}

async function readImages(aws: ClusterApi, config: ClusterConfig, signal: AbortSignal): Promise<Facts["images"]> {
  const ids = [...new Set(config.managedNodeGroups.flatMap((group) => group.ami ?? []))];
  const found = await Promise.all(ids.map((id) => aws.ec2.image(id, signal)));
  return new Map(found.flatMap((image) => (image?.ImageId === undefined ? [] : [[image.ImageId, image] as const])));
}
