import type { Violation } from "./aws.ts";
import { constraintFault } from "./constraints.ts";
import { checkValue } from "./contract.ts";
import { AwsFault } from "./fault.ts";
import { isModelled } from "./modelled.ts";
import type { Operation } from "./operations.ts";
import { validationFault } from "./respond.ts";

function nameOf(operation: Operation): string {
  return `${operation.service.id}:${operation.name}`;
}

export function unknownOperation(name: string): Violation {
  return {
    code: "STANDIN_UNKNOWN_OPERATION",
    operation: name,
    message: `no operation of the stand-in answers ${name}`,
  };
}

/** Holds a request to the schema (every fault is a violation) and to the constraints (AWS's own refusal, no violation). */
export function checkRequest(violations: Violation[], operation: Operation, input: unknown): void {
  const faults = checkValue(operation.input, input);
  for (const { path, message } of faults) {
    violations.push({
      code: "STANDIN_REQUEST_INVALID",
      operation: nameOf(operation),
      message: `${path}: ${message}`,
    });
  }
  const [first] = faults;
  if (first !== undefined) throw validationFault(operation.service, `${first.path}: ${first.message}`);
  const broken = constraintFault(operation, input);
  if (broken !== undefined) throw validationFault(operation.service, broken);
}

/** Holds our own answer to the schema. */
export function checkResponse(violations: Violation[], operation: Operation, output: unknown): void {
  if (operation.output.isUnitSchema()) return;
  for (const { path, message } of checkValue(operation.output, output)) {
    violations.push({
      code: "STANDIN_RESPONSE_INVALID",
      operation: nameOf(operation),
      message: `handler of ${nameOf(operation)} answers ${path}: ${message}`,
    });
  }
}

/** Whatever was thrown as the error to answer; bugs and errors that the operation does not model are violations. */
export async function toFault(violations: Violation[], operation: Operation, thrown: unknown): Promise<AwsFault> {
  const name = nameOf(operation);
  if (!(thrown instanceof AwsFault)) {
    const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    violations.push({ code: "STANDIN_CRASHED", operation: name, message: text });
    return new AwsFault("InternalFailure", "The stand-in failed; see its violations.", { status: 500 });
  }
  if (thrown.status === 501) {
    violations.push(unknownOperation(name));
    return thrown;
  }
  if (thrown.code !== "SerializationException" && !(await isModelled(operation, thrown.code))) {
    violations.push({
      code: "STANDIN_ERROR_NOT_MODELLED",
      operation: name,
      message: `${thrown.code} is not among the errors of ${name}`,
    });
  }
  return thrown;
}
