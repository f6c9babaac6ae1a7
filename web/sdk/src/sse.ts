// Server-sent events out of text chunks (WHATWG HTML, 9.2.6). Our own, because EventSource sends no Authorization header.

export interface ServerEvent {
  id: string | undefined; // of this event or the last one before it that had one
  event: string; // 'message' when not named
  data: string;
}

// Feed it chunks as they come; it returns the events that are complete.
export class SseParser {
  #rest = '';
  #lastId: string | undefined;
  #event = '';
  #data: string[] = [];

  push(chunk: string): ServerEvent[] {
    const events: ServerEvent[] = [];
    const text = this.#rest + chunk;
    // A CR at the very end may be half of CRLF: it stays until the next chunk shows.
    const lines = text.split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const event = this.#line(line);
      if (event) events.push(event);
    }
    return events;
  }

  #line(line: string): ServerEvent | undefined {
    if (line === '') return this.#dispatch();
    if (line.startsWith(':')) return undefined; // a comment keeps the connection alive
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') this.#data.push(value);
    else if (field === 'event') this.#event = value;
    else if (field === 'id' && !value.includes('\0')) this.#lastId = value;
    return undefined;
  }

  #dispatch(): ServerEvent | undefined {
    const data = this.#data;
    const event = this.#event || 'message';
    this.#data = [];
    this.#event = '';
    return data.length === 0 ? undefined : { id: this.#lastId, event, data: data.join('\n') };
  }
}
