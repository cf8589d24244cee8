// Addresses. A page is a path; what a list is filtered and sorted by stands in the query, so that an address can be
// kept, sent and gone back to.
class Router {
  path = $state('/');
  query: URLSearchParams = $state(new URLSearchParams());
  /* Changes with every move to another page: the shell puts the focus on the page's title then. */
  moves = $state(0);

  constructor() {
    this.#read();
    addEventListener('popstate', () => {
      const before = this.path;
      this.#read();
      if (before !== this.path) this.moves++;
    });
    document.addEventListener('click', (e) => this.#click(e));
  }
  #read(): void {
    this.path = location.pathname.replace(/\/+$/, '') || '/';
    this.query = new URLSearchParams(location.search);
  }
  #click(e: MouseEvent): void {
    if (e.defaultPrevented || e.button !== 0 || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey) return;
    const a = (e.target as Element | null)?.closest?.('a');
    if (!a || a.target || a.hasAttribute('download') || a.origin !== location.origin) return;
    if (a.pathname.startsWith('/api/') || a.getAttribute('href')?.startsWith('#')) return;
    e.preventDefault();
    this.go(a.pathname + a.search);
  }
  go(to: string): void {
    const before = this.path;
    if (to !== location.pathname + location.search) history.pushState(null, '', to);
    this.#read();
    if (before !== this.path) this.moves++;
  }
  /* The same page with another query; no step of its own in the history unless `step`. */
  set(changes: Record<string, string | null>, step = false): void {
    const next = new URLSearchParams(this.query);
    for (const [name, value] of Object.entries(changes)) value ? next.set(name, value) : next.delete(name);
    const text = next.toString();
    const to = this.path + (text ? '?' + text : '');
    step ? history.pushState(null, '', to) : history.replaceState(null, '', to);
    this.#read();
  }
  back(otherwise: string): void {
    if (this.moves > 0) history.back();
    else this.go(otherwise);
  }
}
export const router = new Router();
