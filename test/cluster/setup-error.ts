/** Why the control plane cannot be had. `message` is the whole text for a person; there is no stack worth reading. */
export class SetupError extends Error {
  override readonly name = "SetupError";
  readonly code: SetupCode;

  constructor(code: SetupCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.stack = message;
  }
}

export type SetupCode =
  | "GO_MISSING"
  | "GO_TOO_OLD"
  | "CONTROLPLANE_BINARY_MISSING"
  | "CONTROLPLANE_VERSION_SKEW"
  | "CONTROLPLANE_STAGING_MISSING"
  | "CONTROLPLANE_BUILD_FAILED"
  | "GO_MODULES_UNAVAILABLE"
  | "CONTROLPLANE_START_FAILED"
  | "PORT_IN_USE"
  | "KWOK_NO_STAGES"
  | "NODE_TOO_OLD";
