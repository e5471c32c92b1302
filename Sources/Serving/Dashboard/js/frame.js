// Work is batched: messages change state, and at most one render runs per animation frame.

const tasks = new Set();
let requested = false;

function run() {
  requested = false;
  const due = [...tasks];
  tasks.clear();
  for (const task of due) task();
}

/** Runs `task` once in the next animation frame, however often it was asked for. */
export function onNextFrame(task) {
  tasks.add(task);
  if (requested) return;
  requested = true;
  requestAnimationFrame(run);
}

/**
 * A renderer that runs in an animation frame, at most once in `milliseconds`.
 * `request()` asks for a run, `cancel()` forgets a pending one.
 */
export class Renderer {
  #render;
  #milliseconds;
  #last = -Infinity;
  #timer = 0;
  #pending = false;

  constructor(render, milliseconds = 0) {
    this.#milliseconds = milliseconds;
    this.#render = () => {
      if (!this.#pending) return;
      this.#pending = false;
      this.#last = performance.now();
      render();
    };
  }

  request() {
    if (this.#pending) return;
    this.#pending = true;
    const wait = this.#last + this.#milliseconds - performance.now();
    if (wait <= 0) onNextFrame(this.#render);
    else this.#timer = setTimeout(() => onNextFrame(this.#render), wait);
  }

  cancel() {
    this.#pending = false;
    clearTimeout(this.#timer);
  }
}
