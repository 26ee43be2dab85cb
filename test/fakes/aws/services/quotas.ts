import type * as Quotas from "@aws-sdk/client-service-quotas";
import { fault } from "../fault.ts";
import { type Handler, handler, page, type World } from "../world.ts";

interface Quota {
  readonly service: string;
  readonly code: string;
  readonly name: string;
  readonly value: number;
  readonly isGlobal?: boolean;
}

/** Default quotas that the suite looks at (EKS, VPC and IAM user guides). */
export const quotaTable: readonly Quota[] = [
  { service: "eks", code: "L-1194D53C", name: "Clusters", value: 100 },
  { service: "eks", code: "L-6D54EA21", name: "Managed node groups per cluster", value: 30 },
  { service: "eks", code: "L-BD136A63", name: "Nodes per managed node group", value: 450 },
  { service: "eks", code: "L-33415657", name: "Fargate profiles per cluster", value: 10 },
  { service: "eks", code: "L-23414FF3", name: "Control plane security groups per cluster", value: 4 },
  { service: "vpc", code: "L-F678F1CE", name: "VPCs per Region", value: 5 },
  { service: "vpc", code: "L-A4707A72", name: "Internet gateways per Region", value: 5 },
  { service: "vpc", code: "L-FE5A380F", name: "NAT gateways per Availability Zone", value: 5 },
  { service: "ec2", code: "L-0263D0A3", name: "EC2-VPC Elastic IPs", value: 5 },
  { service: "iam", code: "L-FE177D64", name: "Roles per account", value: 1000, isGlobal: true },
  { service: "iam", code: "L-858F3967", name: "OpenID connect providers per account", value: 100, isGlobal: true },
];

function describe(world: World, quota: Quota): Quotas.ServiceQuota {
  const { partition, region, id, quotas } = world.account;
  return {
    ServiceCode: quota.service,
    ServiceName: quota.service.toUpperCase(),
    QuotaArn: `arn:${partition}:servicequotas:${region}:${id}:${quota.service}/${quota.code}`,
    QuotaCode: quota.code,
    QuotaName: quota.name,
    Value: quotas.get(`${quota.service}/${quota.code}`) ?? quota.value,
    Unit: "None",
    Adjustable: true,
    GlobalQuota: quota.isGlobal === true,
  };
}

function ofService(service: string | undefined): readonly Quota[] {
  const found = quotaTable.filter((quota) => quota.service === service);
  if (found.length === 0)
    throw fault("NoSuchResourceException", `The request failed because the specified service does not exist.`);
  return found;
}

const getServiceQuota = handler<Quotas.GetServiceQuotaCommandInput, Quotas.GetServiceQuotaCommandOutput>(
  ({ world }, input) => {
    const quota = ofService(input.ServiceCode).find(({ code }) => code === input.QuotaCode);
    if (quota === undefined) {
      throw fault("NoSuchResourceException", "The request failed because the specified quota does not exist.");
    }
    return { Quota: describe(world, quota) };
  },
);

const listServiceQuotas = handler<Quotas.ListServiceQuotasCommandInput, Quotas.ListServiceQuotasCommandOutput>(
  ({ world }, input) => {
    const result = page(
      world,
      ofService(input.ServiceCode),
      { size: input.MaxResults, token: input.NextToken, max: 100 },
      () => fault("InvalidPaginationTokenException", "Invalid input was provided."),
    );
    return {
      Quotas: result.items.map((quota) => describe(world, quota)),
      ...(result.next === undefined ? {} : { NextToken: result.next }),
    };
  },
);

/** Service Quotas, read only. `account.quotas` overrides a value, for the operations that enforce it too. */
export const serviceQuotas: Readonly<Record<string, Handler>> = {
  GetServiceQuota: getServiceQuota,
  ListServiceQuotas: listServiceQuotas,
};
