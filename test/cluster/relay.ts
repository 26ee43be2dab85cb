import { connect, createServer, type Server, type Socket } from "node:net";

/** A TCP relay to a port of 127.0.0.1, whose connections can be broken in the ways that networks break them. */
export interface Relay {
  readonly port: number;
  /** Connections accepted so far. */
  connections(): number;
  /** Closes the connection that the server sees coming from this port. */
  cut(remotePort: number): void;
  /** Closes all connections and, until `mend`, each new one. */
  cutAll(): void;
  mend(): void;
  /** Lets nothing more through on the connections there are, and keeps them open. */
  freeze(): void;
  close(): Promise<void>;
}

export async function startRelay(target: number): Promise<Relay> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let connections = 0;
  let isCut = false;
  const destroy = (pair: readonly [Socket, Socket]) => {
    for (const socket of pair) socket.destroy();
    pairs.delete(pair);
  };
  const server = createServer((near) => {
    connections++;
    if (isCut) {
      near.destroy();
      return;
    }
    const far = connect({ host: "127.0.0.1", port: target });
    const pair = [near, far] as const;
    pairs.add(pair);
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on("error", () => destroy(pair));
      socket.once("close", () => destroy(pair));
    }
    near.pipe(far).pipe(near);
  });
  const port = await listen(server);
  return {
    port,
    connections: () => connections,
    cut(remotePort) {
      for (const pair of pairs) if (pair[1].localPort === remotePort) destroy(pair);
    },
    cutAll() {
      isCut = true;
      for (const pair of pairs) destroy(pair);
    },
    mend() {
      isCut = false;
    },
    freeze() {
      for (const [near, far] of pairs) {
        near.unpipe(far).pause();
        far.unpipe(near).pause();
      }
    },
    close() {
      for (const pair of pairs) destroy(pair);
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Listens on a free port of 127.0.0.1 and returns it. */
export async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
  return address.port;
}
