import type { Handler } from "../world.ts";

export const ssm: Readonly<Record<string, Handler>> = {};
