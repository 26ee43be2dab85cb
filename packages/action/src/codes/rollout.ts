/** Codes of actions/rollout, each with the sentence that the README's table shows. */
export const rolloutCodes = {} as const;
