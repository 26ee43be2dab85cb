import { remoteRoutes } from "../nodes/hybrid.ts";
import type { Action, Call } from "../plan/action.ts";
import { quick } from "../plan/build.ts";
import type { Context } from "../plan/context.ts";
import { tagSpecification, tagsOf } from "../plan/tags.ts";
import { ref } from "../plan/value.ts";
import { usesIpv6 } from "./ipv6.ts";
import type { OwnSubnet } from "./layout.ts";

/** Route table with its associations and routes, as far as they are missing. */
function routeTable(context: Context, part: string, subnets: readonly string[], gateway: string | undefined) {
  const { known, facts, config } = context;
  const id = known.get(`${part}#id`);
  const live = facts.network.routeTables.find((table) => table.RouteTableId === id);
  const calls: Call[] = [];
  if (id === undefined) {
    calls.push({
      service: "ec2",
      operation: "CreateRouteTable",
      args: {
        VpcId: ref("vpc"),
        TagSpecifications: tagSpecification(
          "route-table",
          tagsOf(context.ownership, part, {}),
          `${config.metadata.name}/${part}`,
        ),
      },
      gives: { [`${part}#id`]: "RouteTable.RouteTableId" },
      lookup: { part, kind: "rt" },
    });
  }
  for (const subnet of subnets) {
    const associated = live?.Associations?.some(
      (entry) => entry.SubnetId === known.get(`${subnet}#id`) && entry.SubnetId !== undefined,
    );
    if (associated !== true) {
      calls.push({
        service: "ec2",
        operation: "AssociateRouteTable",
        args: { RouteTableId: ref(part), SubnetId: ref(subnet) },
      });
    }
  }
  const routed = live?.Routes?.find(
    (route) => route.DestinationCidrBlock === "0.0.0.0/0" && route.State !== "blackhole",
  );
  const route = (target: Readonly<Record<string, unknown>>): Call => ({
    service: "ec2",
    operation:
      live?.Routes?.some((entry) => entry.DestinationCidrBlock === "0.0.0.0/0") === true
        ? "ReplaceRoute"
        : "CreateRoute",
    args: { RouteTableId: ref(part), DestinationCidrBlock: "0.0.0.0/0", ...target },
  });
  if (gateway !== undefined && routed === undefined) calls.push(route({ GatewayId: ref(gateway) }));
  for (const { cidr, target } of remoteRoutes(config)) {
    if (live?.Routes?.some((entry) => entry.DestinationCidrBlock === cidr) === true) continue;
    const args = { RouteTableId: ref(part), DestinationCidrBlock: cidr, ...target };
    calls.push({ service: "ec2", operation: "CreateRoute", args });
  }
  const routed6 = live?.Routes?.some((entry) => entry.DestinationIpv6CidrBlock === "::/0");
  if (usesIpv6(config) && routed6 !== true) {
    const out = gateway === undefined ? { EgressOnlyInternetGatewayId: ref("eigw") } : { GatewayId: ref(gateway) };
    calls.push({
      service: "ec2",
      operation: "CreateRoute",
      args: { RouteTableId: ref(part), DestinationIpv6CidrBlock: "::/0", ...out },
    });
  }
  return { isNew: id === undefined, calls, routed, route };
}

export function publicRouting(context: Context, subnets: readonly OwnSubnet[]): readonly Action[] {
  const parts = subnets.map((subnet) => subnet.part);
  const { isNew, calls } = routeTable(context, "rt-public", parts, "igw");
  return quick("rt-public", { kind: "RouteTable", name: "rt-public" }, isNew, calls, ["vpc", "igw", ...parts]);
}

/** One table for each private subnet; its way out waits for the NAT gateway, the table does not. */
export function privateRouting(context: Context, subnet: OwnSubnet, index: number, nats: number): readonly Action[] {
  const part = `rt-private-${index}`;
  const target = { kind: "RouteTable", name: part };
  const { isNew, calls, routed, route } = routeTable(context, part, [subnet.part], undefined);
  const nat = `nat-${nats === 1 ? 0 : index}`;
  const table = quick(part, target, isNew, calls, ["vpc", "eigw", subnet.part]);
  if (nats === 0) return table;
  const wanted = context.known.get(`${nat}#id`);
  if (routed !== undefined && routed.NatGatewayId === wanted) return table;
  return [
    ...table,
    ...quick(`${part}-route`, target, routed === undefined, [route({ NatGatewayId: ref(nat) })], [part, nat], "route"),
  ];
}
