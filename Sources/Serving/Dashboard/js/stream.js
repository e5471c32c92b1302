// The live stream: one WebSocket, kept open. It reconnects with backoff and asks again for all subscriptions.

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;
const SILENCE_MS = 5_000;
const GIVE_UP_MS = 15_000;

/** States: `connecting`, `open`, `silent` (open, but nothing arrives), `closed` (waiting for the next try). */
class Stream {
  state = 'connecting';
  /** When the next try is due, in milliseconds of `Date.now()`, or null. */
  retryAt = null;
  /** When the last message came, or null. */
  lastMessageAt = null;

  #socket = null;
  #attempt = 0;
  #timer = 0;
  #listeners = new Map();
  #subscriptions = new Set();

  start() {
    this.#connect();
    setInterval(() => this.#watch(), 1000);
    addEventListener('online', () => this.retryNow());
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.retryNow();
    });
  }

  /** Calls `listener` for messages of `type`, or for `state` changes; returns the function that stops it. */
  on(type, listener) {
    if (!this.#listeners.has(type)) this.#listeners.set(type, new Set());
    this.#listeners.get(type).add(listener);
    return () => this.#listeners.get(type).delete(listener);
  }

  /** Subscribes now and after every reconnect; returns the function that unsubscribes. */
  subscribe(subscription) {
    this.#subscriptions.add(subscription);
    this.#send({ op: 'subscribe', ...subscription });
    return () => {
      if (!this.#subscriptions.delete(subscription)) return;
      this.#send({ op: 'unsubscribe', ...subscription });
      // What another part of the page still wants may have gone with it.
      for (const other of this.#subscriptions) {
        if (other.channels.some((channel) => subscription.channels.includes(channel))) {
          this.#send({ op: 'subscribe', ...other });
        }
      }
    };
  }

  /** Skips the wait for the next try. */
  retryNow() {
    if (this.state !== 'closed') return;
    clearTimeout(this.#timer);
    this.#connect();
  }

  #connect() {
    this.#set('connecting');
    const url = new URL('api/v1/stream', document.baseURI);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    url.hash = '';
    const socket = new WebSocket(url);
    this.#socket = socket;
    socket.addEventListener('open', () => this.#opened(socket));
    socket.addEventListener('message', (event) => this.#received(socket, event.data));
    socket.addEventListener('close', () => this.#closed(socket));
  }

  #opened(socket) {
    if (socket !== this.#socket) return;
    this.lastMessageAt = Date.now();
    this.#set('open');
    for (const subscription of this.#subscriptions) this.#send({ op: 'subscribe', ...subscription });
  }

  #received(socket, data) {
    if (socket !== this.#socket) return;
    this.lastMessageAt = Date.now();
    this.#attempt = 0;
    if (this.state === 'silent') this.#set('open');
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return;
    }
    this.#announce(message.type, message);
  }

  #closed(socket) {
    if (socket !== this.#socket) return;
    this.#socket = null;
    const longest = Math.min(FIRST_DELAY_MS * 2 ** this.#attempt, LONGEST_DELAY_MS);
    const delay = longest * (0.75 + Math.random() / 4);
    this.#attempt += 1;
    this.retryAt = Date.now() + delay;
    this.#timer = setTimeout(() => this.#connect(), delay);
    this.#set('closed');
  }

  /** Health comes every second, so silence means that nothing on the page can be trusted to be live. */
  #watch() {
    if (this.state !== 'open' && this.state !== 'silent') return;
    const silence = Date.now() - this.lastMessageAt;
    if (silence > GIVE_UP_MS) {
      const socket = this.#socket;
      socket.close();
      this.#closed(socket);
    } else if (silence > SILENCE_MS) {
      this.#set('silent');
    }
  }

  #send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #set(state) {
    if (state === this.state && state !== 'closed') return;
    this.state = state;
    if (state !== 'closed') this.retryAt = null;
    this.#announce('state', state);
  }

  #announce(type, payload) {
    for (const listener of this.#listeners.get(type) ?? []) listener(payload);
  }
}

export const stream = new Stream();
