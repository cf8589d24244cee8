// The only way to the node. Every answer that is not a success becomes a Refusal, whose problem carries the node's own
// words, field by field; a node that cannot be reached is one too (status 0), so pages have one thing to show.
import { lang } from './lang.svelte.ts';
import type { Problem } from './types.ts';

export class Refusal extends Error {
  problem: Problem;
  constructor(problem: Problem) {
    super(problem.title);
    this.problem = problem;
  }
}

export type Query = Record<string, string | number | boolean | null | undefined>;

const BASE = '/api/v1';
const PATIENCE_MS = 20_000;

let signedOut: (why: Problem) => void = () => {};
let reached: (ok: boolean) => void = () => {};
/* What the shell wants to hear: the session has ended; a request reached the node or did not. */
export function listen(on: { signedOut: (why: Problem) => void; reached: (ok: boolean) => void }): void {
  signedOut = on.signedOut;
  reached = on.reached;
}

/* Set by the live line: while it is lost, nothing is written (a second press would do it twice). */
export const gate = { locked: false };

export function address(path: string, query?: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {}))
    if (value !== null && value !== undefined && value !== '') search.set(name, String(value));
  const text = search.toString();
  return BASE + path + (text ? '?' + text : '');
}

/* What a page asks by itself keeps no session alive: an unattended one must end. */
const UNTOUCHED_MS = 30_000;
let touched = Date.now();
/* When the node last heard something that counts as somebody being here: its idle limit runs from then. */
export const idle = { counted: Date.now() };
if (typeof addEventListener === 'function')
  for (const kind of ['keydown', 'pointerdown', 'pointermove', 'wheel', 'touchstart'])
    addEventListener(kind, () => (touched = Date.now()), { passive: true, capture: true });

async function ask<T>(method: string, path: string, query?: Query, body?: BodyInit | null, type?: string): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json', 'Accept-Language': lang.now };
  if (method !== 'GET') headers['X-Coloa'] = '1';
  const counts = Date.now() - touched <= UNTOUCHED_MS;
  if (!counts) headers['X-Coloa-Background'] = '1';
  if (type) headers['Content-Type'] = type;
  let answer: Response;
  try {
    answer = await fetch(address(path, query), {
      method,
      headers,
      body: body ?? null,
      credentials: 'same-origin',
      cache: 'no-store',
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch {
    reached(false);
    throw new Refusal({ title: '', status: 0, code: 'unreachable' });
  }
  reached(true);
  if (counts && answer.status !== 401) idle.counted = Date.now();
  if (answer.status === 204) return undefined as T;
  let said: unknown = null;
  try {
    said = await answer.json();
  } catch {
    said = null;
  }
  if (answer.ok) return said as T;
  const problem = (said && typeof said === 'object' ? said : {}) as Partial<Problem>;
  const refusal = new Refusal({ ...problem, title: problem.title ?? '', status: answer.status });
  if (answer.status === 401 && !path.startsWith('/session')) signedOut(refusal.problem);
  throw refusal;
}

/* Where the node wants the second factor shown again: asks for it, true when it was given. */
let secondFactor: () => Promise<boolean> = () => Promise.resolve(false);
export function onSecondFactor(asks: () => Promise<boolean>): void {
  secondFactor = asks;
}

async function write<T>(method: string, path: string, body?: unknown): Promise<T> {
  if (gate.locked) throw new Refusal({ title: '', status: 0, code: 'cut_off' });
  try {
    return await send<T>(method, path, body);
  } catch (e) {
    if (!(e instanceof Refusal) || e.problem.code !== 'second_factor' || !(await secondFactor())) throw e;
    return send<T>(method, path, body);
  }
}
async function send<T>(method: string, path: string, body?: unknown): Promise<T> {
  return ask<T>(method, path, undefined, body === undefined ? null : JSON.stringify(body), body === undefined ? undefined : 'application/json');
}

export const api = {
  get: <T>(path: string, query?: Query) => ask<T>('GET', path, query),
  post: <T = void>(path: string, body?: unknown) => write<T>('POST', path, body ?? {}),
  put: <T = void>(path: string, body: unknown) => write<T>('PUT', path, body),
  patch: <T = void>(path: string, body: unknown) => write<T>('PATCH', path, body),
  remove: <T = void>(path: string) => write<T>('DELETE', path),
};

/* An answer of many lines of JSON, each as it comes, until `signal` says that nobody reads any more. Ends with an error
   when the line breaks off. */
export async function lines(path: string, body: unknown, signal: AbortSignal, on: (line: unknown) => void): Promise<void> {
  const answer = await piped(path, body, signal);
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const parts = (rest + value).split('\n');
      rest = parts.pop()!;
      for (const part of parts) if (part) on(JSON.parse(part));
    }
  } catch (e) {
    if (signal.aborted) return;
    throw new Refusal({ title: '', status: 0, code: 'cut', detail: String(e) });
  }
  if (rest.trim()) throw new Refusal({ title: '', status: 0, code: 'cut' });
}
/* The same as a file to be saved. */
export async function download(path: string, body: unknown, name: string): Promise<void> {
  const whole = await (await piped(path, body, AbortSignal.timeout(180_000))).blob();
  const link = document.createElement('a');
  link.href = URL.createObjectURL(whole);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
async function piped(path: string, body: unknown, signal: AbortSignal): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(address(path), { method: 'POST', headers: { 'Accept-Language': lang.now, 'X-Coloa': '1', 'Content-Type': 'application/json' }, body: JSON.stringify(body), credentials: 'same-origin', cache: 'no-store', signal });
  } catch (e) {
    if (signal.aborted) throw e;
    reached(false);
    throw new Refusal({ title: '', status: 0, code: 'unreachable' });
  }
  reached(true);
  if (answer.ok) return answer;
  const said = (await answer.json().catch(() => ({}))) as Partial<Problem>;
  const refusal = new Refusal({ ...said, title: said.title ?? '', status: answer.status });
  if (answer.status === 401) signedOut(refusal.problem);
  throw refusal;
}

/* What went wrong, as a problem, whatever was thrown. */
export function problem(of: unknown): Problem {
  if (of instanceof Refusal) return of.problem;
  return { title: String(of), status: 0, code: 'page' };
}
