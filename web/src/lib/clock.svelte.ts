// The server's time, and only that: what the node said last, carried on by the machine's monotonic clock, so that a
// desktop with a wrong clock shows the right deadline. `second` ticks once a second, `minute` every ten.
class ServerClock {
  #base = $state(Date.now());
  #at = performance.now();
  known = $state(false);
  second = $state(Date.now());
  minute = $state(Date.now());
  zoneMinutes = $state(420);

  constructor() {
    setInterval(() => this.#tick(), 1000);
  }
  #tick(): void {
    this.second = this.now();
    if (Math.abs(this.second - this.minute) >= 10_000) this.minute = this.second;
  }
  now(): number {
    return this.#base + (performance.now() - this.#at);
  }
  heard(time: string | null | undefined): void {
    const ms = time ? Date.parse(time) : NaN;
    if (!Number.isFinite(ms)) return;
    this.#base = ms;
    this.#at = performance.now();
    this.known = true;
    this.#tick();
  }
}
export const clock = new ServerClock();
