import type { Handler } from "../../world.ts";

export const ec2: Readonly<Record<string, Handler>> = {};
