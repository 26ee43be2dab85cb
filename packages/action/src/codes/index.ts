import { authCodes } from "./auth.ts";
import { bootstrapCodes } from "./bootstrap.ts";
import { costCodes } from "./cost.ts";
import { rolloutCodes } from "./rollout.ts";
import { suiteCodes } from "./suite.ts";

/** Every code of the suite by area, with the sentence that the READMEs show. */
export const codesByArea = {
  suite: suiteCodes,
  auth: authCodes,
  bootstrap: bootstrapCodes,
  rollout: rolloutCodes,
  cost: costCodes,
} as const;

type Area = (typeof codesByArea)[keyof typeof codesByArea];

/** The closed set of error codes. */
export type ErrorCode = Area extends infer T ? (T extends unknown ? keyof T & string : never) : never;
