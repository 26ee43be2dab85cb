import type * as Ec2 from "@aws-sdk/client-ec2";
import { fault } from "../../fault.ts";
import { type Handler, handler, type World } from "../../world.ts";
import { appear, dependencyViolation, describeMany, findById, newId, tagsFor } from "./find.ts";
import { subnetOf } from "./subnets.ts";
import { vpcById } from "./vpcs.ts";

/** Puts a route table into a VPC, with the local route. */
export function makeRouteTable(
  world: World,
  wish: { readonly vpcId: string; readonly isMain: boolean; readonly tags: readonly Ec2.Tag[] },
): Ec2.RouteTable {
  const { account } = world;
  const id = newId(world, "rtb");
  const table: Ec2.RouteTable = {
    RouteTableId: id,
    VpcId: wish.vpcId,
    OwnerId: account.id,
    Routes: [
      {
        DestinationCidrBlock: account.network.vpcs.get(wish.vpcId)?.CidrBlock,
        GatewayId: "local",
        Origin: "CreateRouteTable",
        State: "active",
      },
    ],
    Associations: wish.isMain
      ? [
          {
            Main: true,
            RouteTableAssociationId: newId(world, "rtbassoc"),
            RouteTableId: id,
            AssociationState: { State: "associated" },
          },
        ]
      : [],
    PropagatingVgws: [],
    Tags: [...wish.tags],
  };
  account.network.routeTables.set(id, table);
  return table;
}

function tableById(world: World, id: string | undefined): Ec2.RouteTable {
  return findById(world, world.account.network.routeTables, id, "InvalidRouteTableID.NotFound", "routeTable");
}

const createRouteTable = handler<Ec2.CreateRouteTableCommandInput, Ec2.CreateRouteTableCommandOutput>(
  ({ world }, input) => {
    const vpc = vpcById(world, input.VpcId);
    const table = makeRouteTable(world, {
      vpcId: vpc.VpcId ?? "",
      isMain: false,
      tags: tagsFor(input.TagSpecifications, "route-table"),
    });
    appear(world, table.RouteTableId ?? "");
    return { RouteTable: structuredClone(table) };
  },
);

const describeRouteTables = handler<Ec2.DescribeRouteTablesCommandInput, Ec2.DescribeRouteTablesCommandOutput>(
  ({ world }, input) => {
    const { items, ...rest } = describeMany(world, world.account.network.routeTables, input.RouteTableIds, input, {
      code: "InvalidRouteTableID.NotFound",
      noun: "routeTable",
      filterable: (table) => ({
        tags: table.Tags ?? [],
        values: {
          "vpc-id": [table.VpcId],
          "route-table-id": [table.RouteTableId],
          "association.subnet-id": (table.Associations ?? []).map((association) => association.SubnetId),
          "association.main": (table.Associations ?? []).map((association) => String(association.Main)),
        },
      }),
    });
    return { RouteTables: items, ...rest };
  },
);

interface RouteInput {
  readonly DestinationCidrBlock?: string | undefined;
  readonly DestinationIpv6CidrBlock?: string | undefined;
  readonly GatewayId?: string | undefined;
  readonly NatGatewayId?: string | undefined;
  readonly EgressOnlyInternetGatewayId?: string | undefined;
  readonly TransitGatewayId?: string | undefined;
}

function checkedRoute(world: World, table: Ec2.RouteTable, input: RouteInput): Ec2.Route {
  const { network } = world.account;
  if (input.NatGatewayId !== undefined) {
    const nat = findById(world, network.natGateways, input.NatGatewayId, "InvalidNatGatewayID.NotFound", "natGateway");
    if (nat.State === "deleted" || nat.State === "failed") {
      throw fault("InvalidNatGatewayID.NotFound", `The natGateway ID '${input.NatGatewayId}' does not exist`);
    }
  }
  // Transit and virtual private gateways are not modelled: any id passes.
  if (input.GatewayId !== undefined && !input.GatewayId.startsWith("vgw-")) {
    const gateway = findById(
      world,
      network.internetGateways,
      input.GatewayId,
      "InvalidInternetGatewayID.NotFound",
      "internetGateway",
    );
    const isAttached = (gateway.Attachments ?? []).some((attachment) => attachment.VpcId === table.VpcId);
    if (!isAttached) {
      throw fault(
        "InvalidParameterValue",
        `route table ${table.RouteTableId} and network gateway ${input.GatewayId} belong to different networks`,
      );
    }
  }
  return { ...input, Origin: "CreateRoute", State: "active" };
}

function destinationOf(route: RouteInput): string {
  return route.DestinationCidrBlock ?? route.DestinationIpv6CidrBlock ?? "";
}

function pickRoute(input: RouteInput): RouteInput {
  return {
    ...(input.DestinationCidrBlock === undefined ? {} : { DestinationCidrBlock: input.DestinationCidrBlock }),
    ...(input.DestinationIpv6CidrBlock === undefined
      ? {}
      : { DestinationIpv6CidrBlock: input.DestinationIpv6CidrBlock }),
    ...(input.GatewayId === undefined ? {} : { GatewayId: input.GatewayId }),
    ...(input.NatGatewayId === undefined ? {} : { NatGatewayId: input.NatGatewayId }),
    ...(input.EgressOnlyInternetGatewayId === undefined
      ? {}
      : { EgressOnlyInternetGatewayId: input.EgressOnlyInternetGatewayId }),
    ...(input.TransitGatewayId === undefined ? {} : { TransitGatewayId: input.TransitGatewayId }),
  };
}

const createRoute = handler<Ec2.CreateRouteCommandInput, Ec2.CreateRouteCommandOutput>(({ world }, input) => {
  const table = tableById(world, input.RouteTableId);
  const route = checkedRoute(world, table, pickRoute(input));
  if ((table.Routes ?? []).some((other) => destinationOf(other) === destinationOf(route))) {
    throw fault("RouteAlreadyExists", `The route identified by ${destinationOf(route)} already exists.`);
  }
  table.Routes = [...(table.Routes ?? []), route];
  return { Return: true };
});

const replaceRoute = handler<Ec2.ReplaceRouteCommandInput, Ec2.ReplaceRouteCommandOutput>(({ world }, input) => {
  const table = tableById(world, input.RouteTableId);
  const route = checkedRoute(world, table, pickRoute(input));
  const rest = (table.Routes ?? []).filter((other) => destinationOf(other) !== destinationOf(route));
  if (rest.length === (table.Routes ?? []).length) throw noRoute(route);
  table.Routes = [...rest, route];
  return {};
});

const deleteRoute = handler<Ec2.DeleteRouteCommandInput, Ec2.DeleteRouteCommandOutput>(({ world }, input) => {
  const table = tableById(world, input.RouteTableId);
  const rest = (table.Routes ?? []).filter((other) => destinationOf(other) !== destinationOf(input));
  if (rest.length === (table.Routes ?? []).length) throw noRoute(input);
  table.Routes = rest;
  return {};
});

function noRoute(route: RouteInput): Error {
  return fault("InvalidRoute.NotFound", `no route with destination-cidr-block ${destinationOf(route)} in route table`);
}

const associateRouteTable = handler<Ec2.AssociateRouteTableCommandInput, Ec2.AssociateRouteTableCommandOutput>(
  ({ world }, input) => {
    const table = tableById(world, input.RouteTableId);
    const subnet = subnetOf(world, input.SubnetId);
    const holder = [...world.account.network.routeTables.values()].find((other) =>
      (other.Associations ?? []).some((association) => association.SubnetId === subnet.SubnetId),
    );
    if (holder !== undefined && holder !== table) {
      throw fault(
        "Resource.AlreadyAssociated",
        `the specified association for route table ${table.RouteTableId} conflicts with an existing association`,
      );
    }
    const known = (table.Associations ?? []).find((association) => association.SubnetId === subnet.SubnetId);
    const association = known ?? {
      Main: false,
      RouteTableAssociationId: newId(world, "rtbassoc"),
      RouteTableId: table.RouteTableId,
      SubnetId: subnet.SubnetId,
      AssociationState: { State: "associated" as const },
    };
    if (known === undefined) table.Associations = [...(table.Associations ?? []), association];
    return { AssociationId: association.RouteTableAssociationId, AssociationState: { State: "associated" } };
  },
);

const disassociateRouteTable = handler<Ec2.DisassociateRouteTableCommandInput, Ec2.DisassociateRouteTableCommandOutput>(
  ({ world }, input) => {
    for (const table of world.account.network.routeTables.values()) {
      const rest = (table.Associations ?? []).filter(
        (association) => association.RouteTableAssociationId !== input.AssociationId,
      );
      if (rest.length < (table.Associations ?? []).length) {
        table.Associations = rest;
        return {};
      }
    }
    throw fault("InvalidAssociationID.NotFound", `The association ID '${input.AssociationId}' does not exist`);
  },
);

const deleteRouteTable = handler<Ec2.DeleteRouteTableCommandInput, Ec2.DeleteRouteTableCommandOutput>(
  ({ world }, input) => {
    const table = tableById(world, input.RouteTableId);
    if ((table.Associations ?? []).length > 0) {
      throw dependencyViolation(`The routeTable '${table.RouteTableId}' has dependencies and cannot be deleted.`);
    }
    world.account.network.routeTables.delete(table.RouteTableId ?? "");
    return {};
  },
);

export const routeTables: Readonly<Record<string, Handler>> = {
  CreateRouteTable: createRouteTable,
  DescribeRouteTables: describeRouteTables,
  CreateRoute: createRoute,
  ReplaceRoute: replaceRoute,
  DeleteRoute: deleteRoute,
  AssociateRouteTable: associateRouteTable,
  DisassociateRouteTable: disassociateRouteTable,
  DeleteRouteTable: deleteRouteTable,
};
