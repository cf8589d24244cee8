// Files to and from the node: upload with its progress (fetch cannot say it, XMLHttpRequest can), and a download that
// shows a refusal where a link would only save it.
import { address, gate, Refusal, type Query } from './api.ts';
import { lang } from './lang.svelte.ts';
import type { Problem } from './types.ts';

export interface Upload<T> {
  done: Promise<T>;
  stop: () => void;
}
function refusal(status: number, text: string): Refusal {
  let said: Partial<Problem> = {};
  try {
    said = JSON.parse(text) as Partial<Problem>;
  } catch {
    said = {};
  }
  return new Refusal({ ...said, title: said.title ?? '', status });
}
export function upload<T>(path: string, query: Query, file: Blob, progress: (part: number) => void): Upload<T> {
  const ask = new XMLHttpRequest();
  const done = new Promise<T>((resolve, reject) => {
    if (gate.locked) return reject(new Refusal({ title: '', status: 0, code: 'cut_off' }));
    ask.open('POST', address(path, query));
    ask.setRequestHeader('X-Coloa', '1');
    ask.setRequestHeader('Accept', 'application/json');
    ask.setRequestHeader('Accept-Language', lang.now);
    ask.setRequestHeader('Content-Type', 'application/octet-stream');
    ask.upload.onprogress = (e) => progress(e.total ? e.loaded / e.total : 0);
    ask.onerror = () => reject(new Refusal({ title: '', status: 0, code: 'unreachable' }));
    ask.onabort = () => reject(new Refusal({ title: '', status: 0, code: 'aborted' }));
    ask.onload = () => {
      if (ask.status >= 300) return reject(refusal(ask.status, ask.responseText));
      try {
        resolve(ask.responseText ? (JSON.parse(ask.responseText) as T) : (undefined as T));
      } catch {
        reject(new Refusal({ title: '', status: ask.status, code: 'answer' }));
      }
    };
    ask.send(file);
  });
  return { done, stop: () => ask.abort() };
}

/* Saves an answer of the node as a file; throws its refusal. */
export async function download(path: string, query: Query, name: string): Promise<void> {
  let answer: Response;
  try {
    answer = await fetch(address(path, query), { headers: { 'Accept-Language': lang.now }, credentials: 'same-origin', cache: 'no-store' });
  } catch {
    throw new Refusal({ title: '', status: 0, code: 'unreachable' });
  }
  if (!answer.ok) throw refusal(answer.status, await answer.text());
  const given = /filename="?([^";]+)/.exec(answer.headers.get('Content-Disposition') ?? '')?.[1];
  const url = URL.createObjectURL(await answer.blob());
  const a = document.createElement('a');
  a.href = url;
  a.download = given ?? name;
  a.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
