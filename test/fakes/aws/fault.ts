/** An error as a service answers it. `code` is the class name of the SDK (`InvalidParameterException`) or a wire code. */
export class AwsFault extends Error {
  readonly code: string;
  /** Status for codes that no SDK class carries. */
  readonly status: number;
  /** Members beside the message, `clusterName` for example. */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, options: { status?: number; members?: Record<string, unknown> } = {}) {
    super(message);
    this.name = code;
    this.code = code;
    this.status = options.status ?? 400;
    this.members = options.members ?? {};
  }
}

export function fault(code: string, message: string, members: Record<string, unknown> = {}, status = 400): AwsFault {
  return new AwsFault(code, message, { status, members });
}
