import { createServer } from "node:http";
import { connect } from "node:net";
import { listen } from "./relay.ts";

export interface ConnectProxy extends AsyncDisposable {
  readonly port: number;
  /** Tunnels asked for, and the `proxy-authorization` that came with each. */
  readonly seen: readonly { readonly target: string; readonly login: string | undefined }[];
}

/** An HTTP proxy for CONNECT alone, as companies put between runner and cluster. `refuseWith`: lets nobody through. */
export async function startConnectProxy(refuseWith?: number): Promise<ConnectProxy> {
  const seen: { target: string; login: string | undefined }[] = [];
  const server = createServer();
  const sockets = new Set<{ destroy(): void }>();
  server.on("connect", (request, near) => {
    sockets.add(near);
    near.on("error", () => undefined);
    const target = request.url ?? "";
    seen.push({ target, login: request.headers["proxy-authorization"] });
    if (refuseWith !== undefined) {
      near.end(`HTTP/1.1 ${refuseWith} Refused\r\n\r\n`);
      return;
    }
    const [host = "", port = ""] = target.split(":");
    const far = connect({ host, port: Number(port) }, () => {
      near.write("HTTP/1.1 200 Connection established\r\n\r\n");
      near.pipe(far).pipe(near);
    });
    far.on("error", () => near.destroy());
    sockets.add(far);
  });
  return {
    port: await listen(server),
    seen,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
