import { setGlobalProxyFromEnv } from "node:http";
import { ActionError, type Clock, createBudget, type Log, retry } from "@eks-actions/action";
import { apiError, classify, readFailure, UnreadableAnswer } from "./failure.ts";

export interface ApiOptions {
  readonly token: string;
  /** `https://api.github.com`, or a GHES address with `/api/v3`. */
  readonly apiUrl: string;
  /** `owner/name` */
  readonly repository: string;
  readonly clock: Clock;
  readonly log?: Log | undefined;
}

export interface ApiResponse {
  readonly status: number;
  readonly data: unknown;
  readonly headers: Readonly<Record<string, unknown>>;
}

export interface ApiCall<T> {
  /** `POST /repos/{owner}/{repo}/issues` */
  readonly route: string;
  readonly params?: Readonly<Record<string, unknown>> | undefined;
  /** Reads the answer; throws `UnreadableAnswer` for what is none. */
  read(response: ApiResponse): T;
  /**
   * For a call that creates: looks for what an earlier attempt may have created without an answer. Asked before each
   * repetition.
   */
  readonly find?: (() => Promise<T | undefined>) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The REST API with retries: every function of this package goes through it. */
export interface Api {
  readonly repository: string;
  /** @throws ActionError `GITHUB_API` */
  call<T>(call: ApiCall<T>): Promise<T>;
  /** All pages of 100. `pick` finds the list in an answer. */
  all(route: string, params: Readonly<Record<string, unknown>>, signal?: AbortSignal): Promise<readonly unknown[]>;
}

const ATTEMPTS = 5;
// Waits of 1, 2, 4, 8 s, and room for a minute that GitHub itself may ask for.
const BASE_MS = 500;
const CAP_MS = 8_000;
const BUDGET_MS = 120_000;
const REQUEST_MS = 30_000;
// 10,000 comments: more than that is a loop on the other side.
const PAGES = 100;

type Request = (route: string, params: Record<string, unknown>) => Promise<ApiResponse>;

export function createApi(options: ApiOptions): Api {
  const { clock, repository } = options;
  const [owner = "", repo = ""] = repository.split("/");
  let client: Promise<Request> | undefined;

  async function call<T>({ route, params, read, find, signal = never }: ApiCall<T>): Promise<T> {
    const shown = fill(route, { owner, repo, ...params });
    client ??= connect(options);
    const request = await client;
    let attempts = 0;
    const attempt = async (number: number) => {
      attempts = number;
      const found = number > 1 ? await find?.() : undefined;
      if (found !== undefined) return found;
      const limit = AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]);
      const response = await request(route, { owner, repo, ...params, request: { signal: limit } });
      return read(response);
    };
    try {
      return await retry(attempt, {
        clock,
        signal,
        budget: createBudget(clock, BUDGET_MS),
        maxAttempts: ATTEMPTS,
        baseMs: BASE_MS,
        capMs: CAP_MS,
        random: () => 1,
        classify: (error) => classify(error, clock.now()),
        progress: options.log === undefined ? undefined : { log: options.log, what: `GitHub: ${shown}` },
      });
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (error instanceof UnreadableAnswer || isApiFailure(error)) {
        throw apiError(shown, error, attempts);
      }
      throw error;
    }
  }

  return {
    repository,
    call,
    async all(route, params, signal) {
      const items: unknown[] = [];
      for (let page = 1; page <= PAGES; page++) {
        const response = await call({
          route,
          params: { ...params, per_page: 100, page },
          read: (answer) => ({
            list: readList(answer),
            hasMore: /rel="next"/.test(String(answer.headers["link"] ?? "")),
          }),
          signal,
        });
        items.push(...response.list);
        if (!response.hasMore) break;
      }
      return items;
    },
  };
}

const never: AbortSignal = new AbortController().signal;

// Importing the SDK freezes its context and reads the environment: only when the first call is made.
async function connect({ token, apiUrl }: ApiOptions): Promise<Request> {
  if (token.trim() === "") {
    throw new ActionError("GITHUB_API", {
      message: "GitHub: there is no token to ask with",
      hint: "leave `github-token` out, or pass `${{ github.token }}`",
    });
  }
  // Node's own client reads HTTPS_PROXY and NO_PROXY only when told to.
  setGlobalProxyFromEnv();
  const { getOctokit } = await import("@actions/github");
  const silent = () => undefined;
  const octokit = getOctokit(token, {
    baseUrl: apiUrl.replace(/\/$/, ""),
    userAgent: "eks-actions",
    request: { fetch: globalThis.fetch },
    // The client would print headers of the server to the log; what matters is in the errors.
    log: { debug: silent, info: silent, warn: silent, error: silent },
  });
  return (route, params) => octokit.request(route, params);
}

/** The route as it was called, for messages. */
function fill(route: string, params: Readonly<Record<string, unknown>>): string {
  return route.replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole));
}

function isApiFailure(error: unknown): boolean {
  return error instanceof Error && (error.name === "HttpError" || readFailure(error).status !== undefined);
}

function readList(answer: ApiResponse): readonly unknown[] {
  if (Array.isArray(answer.data)) return answer.data;
  throw new UnreadableAnswer("the answer is no list");
}
