import type { Operation, ServiceId } from "../operations.ts";
import type { Handler } from "../world.ts";
import { ec2 } from "./ec2/index.ts";
import { eks } from "./eks/index.ts";
import { iam } from "./iam/index.ts";
import { logs } from "./logs.ts";
import { pricing } from "./pricing.ts";
import { serviceQuotas } from "./quotas.ts";
import { ssm } from "./ssm.ts";
import { sts } from "./sts.ts";

/** Operation name → handler, per service. What is not here is answered 501. */
export const handlers: Readonly<Record<ServiceId, Readonly<Record<string, Handler>>>> = {
  eks,
  sts,
  iam,
  ec2,
  ssm,
  pricing,
  logs,
  servicequotas: serviceQuotas,
};

export function handlerOf(operation: Operation): Handler | undefined {
  return handlers[operation.service.id][operation.name];
}
