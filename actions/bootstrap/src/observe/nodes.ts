import type { ClusterApi } from "@eks-actions/aws";
import { type ClusterConfig, isPublicKey } from "@eks-actions/cluster-config";
import type { Facts } from "../facts.ts";
import { ec2Filters, selects } from "../nodes/instance-selector.ts";
import type { Ports } from "../ports.ts";

export type NodeFacts = Pick<Facts, "keyPairs" | "publicKeys" | "images" | "selectedTypes">;

/** What the groups of the file boot from and are reached by; nothing is asked for what no group uses. */
export async function observeNodes(ports: Ports, signal: AbortSignal): Promise<NodeFacts> {
  const { aws, config } = ports;
  const opensSsh = config.managedNodeGroups.some((group) => group.ssh?.allow === true);
  const filters = { "tag:eks-actions/part": [`${config.metadata.name}/*`] };
  const [keyPairs, images, selectedTypes] = await Promise.all([
    opensSsh ? aws.ec2.keyPairs({ filters }, signal) : [],
    readImages(aws, config, signal),
    readSelected(aws, config, signal),
  ]);
  return { keyPairs, images, selectedTypes, publicKeys: readPublicKeys(ports) };
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

/** Types that fit each selector, sorted, so that two runs choose alike. */
async function readSelected(
  aws: ClusterApi,
  config: ClusterConfig,
  signal: AbortSignal,
): Promise<Facts["selectedTypes"]> {
  const found = await Promise.all(
    config.managedNodeGroups.map(async ({ name, instanceSelector: selector }) => {
      if (selector === undefined) return undefined;
      const types = await aws.ec2.instanceTypes({ filters: ec2Filters(selector) }, signal);
      const names = types.filter((type) => selects(selector, type)).flatMap((type) => type.InstanceType ?? []);
      return [name, names.sort()] as const;
    }),
  );
  return new Map(found.filter((entry) => entry !== undefined));
}

async function readImages(aws: ClusterApi, config: ClusterConfig, signal: AbortSignal): Promise<Facts["images"]> {
  const ids = [...new Set(config.managedNodeGroups.flatMap((group) => group.ami ?? []))];
  const found = await Promise.all(ids.map((id) => aws.ec2.image(id, signal)));
  return new Map(found.flatMap((image) => (image?.ImageId === undefined ? [] : [[image.ImageId, image] as const])));
}
