import type { Action, Call, Step } from "../plan/action.ts";
import { create } from "../plan/build.ts";
import { type Context, partOf } from "../plan/context.ts";
import { usual } from "../plan/durations.ts";
import { readTags, tagSpecification, tagsOf } from "../plan/tags.ts";
import { ref } from "../plan/value.ts";

/** One gateway with its address; private subnets wait for it, the control plane does not. */
export function natActions(context: Context, index: number): readonly Action[] {
  const { known, facts, config } = context;
  const eip = `eip-${index}`;
  const part = `nat-${index}`;
  const live = facts.network.natGateways.find((gateway) => gateway.NatGatewayId === known.get(`${part}#id`));
  if (live?.State === "available") return [];
  // EC2 answers a token that it knows with the gateway that it made then, failed or not.
  const former = facts.network.natGateways
    .filter((gateway) => partOf(config.metadata.name, readTags(gateway.Tags)) === part)
    .flatMap((gateway) => gateway.NatGatewayId ?? [])
    .sort();
  const calls: Call[] = [];
  if (!known.has(`${eip}#id`)) {
    calls.push({
      service: "ec2",
      operation: "AllocateAddress",
      args: {
        Domain: "vpc",
        TagSpecifications: tagSpecification(
          "elastic-ip",
          tagsOf(context.ownership, eip, {}),
          `${config.metadata.name}/${eip}`,
        ),
      },
      gives: { [`${eip}#id`]: "AllocationId" },
      lookup: { part: eip, kind: "eip" },
    });
  }
  if (live === undefined) {
    calls.push({
      service: "ec2",
      operation: "CreateNatGateway",
      ...(former.length === 0 ? {} : { generation: former.join() }),
      args: {
        SubnetId: ref(`public-${index}`),
        AllocationId: ref(eip),
        TagSpecifications: tagSpecification(
          "natgateway",
          tagsOf(context.ownership, part, {}),
          `${config.metadata.name}/${part}`,
        ),
      },
      gives: { [`${part}#id`]: "NatGateway.NatGatewayId" },
      lookup: { part, kind: "nat" },
    });
  }
  return [
    create({
      part,
      op: calls.length === 0 ? "wait" : "create",
      target: { kind: "NatGateway", name: part },
      after: ["vpc", "igw", `public-${index}`],
      calls,
      until: { kind: "nat-available", part },
      expectedSeconds: usual.nat.usual,
    }),
  ];
}

/** NAT gateways of ours that the file no longer asks for. They go on costing until they are deleted. */
export function spareNats(context: Context, wanted: number): Required<Pick<Step, "actions" | "unmanaged">> {
  const { known, inputs } = context;
  const spare = [...known.keys()]
    .flatMap((key) => /^nat-(\d+)#id$/.exec(key)?.[1] ?? [])
    .map(Number)
    .filter((index) => index >= wanted);
  return {
    actions: inputs.unmanaged === "delete" ? spare.flatMap((index) => deleteNat(context, index)) : [],
    unmanaged: spare.map((index) => ({
      kind: "NatGateway",
      name: `nat-${index}`,
      orphan: true,
      note: `${known.get(`nat-${index}#id`)} with its address is no longer used; delete both`,
    })),
  };
}

/** A gateway and its address, once no route leads there any more. */
function deleteNat({ known }: Context, index: number): readonly Action[] {
  const NatGatewayId = known.get(`nat-${index}#id`) ?? "";
  const AllocationId = known.get(`eip-${index}#id`);
  const gone = create({
    part: `nat-gone-${index}`,
    op: "delete",
    target: { kind: "NatGateway", name: `nat-${index}` },
    destructive: true,
    needs: ["delete-network"],
    after: [...known.keys()].flatMap((key) => (/^rt-private-\d+#id$/.test(key) ? [`${key.slice(0, -3)}-route`] : [])),
    calls: [{ service: "ec2", operation: "DeleteNatGateway", args: { NatGatewayId } }],
    until: { kind: "nat-gone", id: NatGatewayId },
    expectedSeconds: usual.natDelete.usual,
  });
  if (AllocationId === undefined) return [gone];
  const address = create({
    part: `eip-gone-${index}`,
    op: "delete",
    target: { kind: "ElasticIp", name: `eip-${index}` },
    destructive: true,
    needs: ["delete-network"],
    after: [gone.id],
    calls: [{ service: "ec2", operation: "ReleaseAddress", args: { AllocationId } }],
  });
  return [gone, address];
}
