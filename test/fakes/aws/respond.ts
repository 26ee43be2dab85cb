import { AwsFault } from "./fault.ts";
import type { Outgoing } from "./http.ts";
import { type ErrorShape, modelOf, type Operation, type Service } from "./operations.ts";
import { encodeJson } from "./protocols/json.ts";
import { encodeXml, escapeXml } from "./protocols/xml.ts";

const namespaces: Readonly<Record<string, string>> = {
  sts: "https://sts.amazonaws.com/doc/2011-06-15/",
  iam: "https://iam.amazonaws.com/doc/2010-05-08/",
  ec2: "http://ec2.amazonaws.com/doc/2016-11-15/",
};

/** A successful answer in the service's protocol. */
export function encodeResult(operation: Operation, output: unknown, requestId: string): Outgoing {
  const { service, name } = operation;
  switch (service.protocol) {
    case "restJson":
      return json(operation.http?.status ?? 200, encodeJson(output), "application/json", requestId);
    case "json":
      return json(200, encodeJson(output), "application/x-amz-json-1.1", requestId);
    case "query": {
      const result = operation.output.isUnitSchema()
        ? ""
        : `<${name}Result>${encodeXml(operation.output, output)}</${name}Result>`;
      const metadata = `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>`;
      return xml(
        200,
        `<${name}Response xmlns="${namespaces[service.id]}">${result}${metadata}</${name}Response>`,
        requestId,
      );
    }
    case "ec2": {
      const body = operation.output.isUnitSchema() ? "<return>true</return>" : encodeXml(operation.output, output);
      const text = `<${name}Response xmlns="${namespaces["ec2"]}"><requestId>${requestId}</requestId>${body}</${name}Response>`;
      return xml(200, text, requestId);
    }
    default:
      return service.protocol satisfies never;
  }
}

/** An error in the service's protocol, with the status and wire code of its model. */
export async function encodeFault(service: Service, failure: AwsFault, requestId: string): Promise<Outgoing> {
  const shape = await shapeOf(service, failure.code);
  const code = shape?.wireCode ?? failure.code;
  const status = shape?.status ?? failure.status;
  switch (service.protocol) {
    case "restJson": {
      const answer = json(
        status,
        encodeJson({ ...failure.members, message: failure.message }),
        "application/json",
        requestId,
      );
      return { ...answer, headers: { ...answer.headers, "x-amzn-errortype": code } };
    }
    case "json":
      return json(status, { __type: code, message: failure.message }, "application/x-amz-json-1.1", requestId);
    case "query": {
      const type = status >= 500 ? "Receiver" : "Sender";
      const text = `<Error><Type>${type}</Type><Code>${escapeXml(code)}</Code><Message>${escapeXml(failure.message)}</Message></Error>`;
      return xml(
        status,
        `<ErrorResponse xmlns="${namespaces[service.id]}">${text}<RequestId>${requestId}</RequestId></ErrorResponse>`,
        requestId,
      );
    }
    case "ec2": {
      const text = `<Error><Code>${escapeXml(code)}</Code><Message>${escapeXml(failure.message)}</Message></Error>`;
      return xml(status, `<Response><Errors>${text}</Errors><RequestID>${requestId}</RequestID></Response>`, requestId);
    }
    default:
      return service.protocol satisfies never;
  }
}

async function shapeOf(service: Service, code: string): Promise<ErrorShape | undefined> {
  const { errors } = await modelOf(service);
  return errors.get(code) ?? [...errors.values()].find((shape) => shape.wireCode === code);
}

/** The throttling error that a service answers. */
export function throttlingFault(service: Service): AwsFault {
  switch (service.protocol) {
    case "ec2":
      return new AwsFault("RequestLimitExceeded", "Request limit exceeded.", { status: 503 });
    case "query":
      return new AwsFault("Throttling", "Rate exceeded");
    case "restJson":
      return new AwsFault("ThrottlingException", "Rate exceeded", { status: 429 });
    case "json":
      return new AwsFault("ThrottlingException", "Rate exceeded");
    default:
      return service.protocol satisfies never;
  }
}

/** The service's word for a request that breaks its model. */
export function validationFault(service: Service, message: string): AwsFault {
  switch (service.protocol) {
    case "restJson":
      return new AwsFault("InvalidParameterException", message);
    case "query":
      return new AwsFault("ValidationError", message);
    case "ec2":
      return new AwsFault("InvalidParameterValue", message);
    case "json":
      return new AwsFault("ValidationException", message);
    default:
      return service.protocol satisfies never;
  }
}

function json(status: number, body: unknown, type: string, requestId: string): Outgoing {
  return {
    status,
    headers: { "content-type": type, "x-amzn-requestid": requestId },
    body: JSON.stringify(body ?? {}),
  };
}

function xml(status: number, body: string, requestId: string): Outgoing {
  return {
    status,
    headers: { "content-type": "text/xml", "x-amzn-requestid": requestId },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}`,
  };
}

/** The answer where the stand-in has none. */
export function notImplemented(name: string, requestId: string): Outgoing {
  const answer = json(501, { message: `STANDIN_UNKNOWN_OPERATION: ${name}` }, "application/json", requestId);
  return { ...answer, headers: { ...answer.headers, "x-amzn-errortype": "STANDIN_UNKNOWN_OPERATION" } };
}
