import { authCodes } from "./auth.ts";
import { bootstrapCodes } from "./bootstrap.ts";
import { costCodes } from "./cost.ts";
import { rolloutCodes } from "./rollout.ts";
import { suiteCodes, suiteWarnings } from "./suite.ts";

/** Every code and warning of the suite by area, with the sentence that the READMEs show. */
export const codesByArea = {
  suite: { ...suiteCodes, ...suiteWarnings },
  auth: authCodes,
  bootstrap: bootstrapCodes,
  rollout: rolloutCodes,
  cost: costCodes,
} as const;

/** The closed set of error codes. */
export type ErrorCode =
  | keyof typeof suiteCodes
  | keyof typeof authCodes
  | keyof typeof bootstrapCodes
  | keyof typeof rolloutCodes
  | keyof typeof costCodes;
