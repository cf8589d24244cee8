// Instead of asking 'are you sure?': it is done, and for ten seconds it can be undone. One at a time; the next takes
// the place of the last.
const SECONDS = 10;

class Undo {
  text = $state('');
  left = $state(0);
  fault = $state('');
  #back: (() => Promise<void>) | null = null;
  #timer: ReturnType<typeof setInterval> | null = null;

  offer(text: string, back: () => Promise<void>): void {
    this.clear();
    this.text = text;
    this.left = SECONDS;
    this.#back = back;
    this.#timer = setInterval(() => {
      this.left--;
      if (this.left <= 0) this.clear();
    }, 1000);
  }
  /* Something that went wrong stays until it is closed. */
  say(fault: string): void {
    this.clear();
    this.fault = fault;
  }
  async undo(): Promise<void> {
    const back = this.#back;
    this.clear();
    if (back) await back();
  }
  clear(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    this.#back = null;
    this.text = this.fault = '';
    this.left = 0;
  }
}
export const undo = new Undo();
