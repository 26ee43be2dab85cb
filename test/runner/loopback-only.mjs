// Loaded into the action's Node process by `--import`: refuses every connection that would leave this machine, and
// notes it in the file named by the query, so that the harness can report it even if the action swallows the error.

import dgram from "node:dgram";
import dns from "node:dns";
import { appendFileSync } from "node:fs";
import net from "node:net";

const record = new URL(import.meta.url).searchParams.get("record");

function isLoopback(host) {
  const name = host.replace(/^\[|\]$/g, "").toLowerCase();
  if (name === "localhost" || name.endsWith(".localhost") || name === "::1") return true;
  return net.isIPv4(name.replace(/^::ffff:/, "")) && name.replace(/^::ffff:/, "").startsWith("127.");
}

function refusal(host) {
  if (record !== null) appendFileSync(record, `${host}\n`);
  const error = new Error(`connect ENETUNREACH ${host}: only loopback addresses are reachable in this test`);
  return Object.assign(error, { code: "ENETUNREACH", syscall: "connect", address: host });
}

const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function guarded(...given) {
  // net.connect() hands over its normalised arguments as one array.
  const [first, second] = Array.isArray(given[0]) ? given[0] : given;
  const options = typeof first === "object" && first !== null ? first : { port: first, host: second };
  if (options.path !== undefined || typeof first === "string") return connect.apply(this, given);
  const host = typeof options.host === "string" && options.host !== "" ? options.host : "localhost";
  if (isLoopback(host)) return connect.apply(this, given);
  process.nextTick(() => this.destroy(refusal(host)));
  return this;
};

const send = dgram.Socket.prototype.send;
dgram.Socket.prototype.send = function guarded(...given) {
  const address = given.findLast((value) => typeof value === "string" && net.isIP(value) !== 0);
  if (address !== undefined && !isLoopback(address)) throw refusal(address);
  return send.apply(this, given);
};

const lookup = dns.lookup;
dns.lookup = function guarded(hostname, ...rest) {
  const callback = rest.at(-1);
  if (net.isIP(hostname) !== 0 || isLoopback(hostname) || typeof callback !== "function") {
    return lookup.call(this, hostname, ...rest);
  }
  process.nextTick(() => callback(refusal(hostname)));
  return {};
};
