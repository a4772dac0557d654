import { InputError } from "./errors.js";

/**
 * CSV from text that comes in pieces. `push` and `end` yield the records that are complete by then, as
 * `{ line, fields }`; the line is the one on which the record begins.
 */
export class Parser {
  #state = "start"; // of a field; then "plain", or "quoted" and "closed" after the next quote
  #field = "";
  #fields = [];
  #line = 1;
  #begun = 1;

  *push(text) {
    for (const char of text) {
      if (char === "\n") this.#line += 1;
      if (this.#state === "quoted") {
        if (char === '"') this.#state = "closed";
        else this.#field += char;
      } else if (char === ",") {
        this.#endField();
      } else if (char === "\n") {
        yield* this.#endRecord();
      } else if (char === '"') {
        this.#quote();
      } else if (char !== "\r") {
        if (this.#state === "closed") throw new InputError("text after a closing quote", this.#begun);
        this.#state = "plain";
        this.#field += char;
      }
    }
  }

  *end() {
    if (this.#state === "quoted") throw new InputError("a quote is not closed", this.#begun);
    yield* this.#endRecord();
  }

  #quote() {
    if (this.#state === "plain") throw new InputError("a quote in a field without quotes", this.#begun);
    if (this.#state === "closed") this.#field += '"';
    this.#state = "quoted";
  }

  #endField() {
    this.#fields.push(this.#field);
    this.#field = "";
    this.#state = "start";
  }

  *#endRecord() {
    const blank = this.#fields.length === 0 && this.#state === "start";
    if (!blank) {
      this.#endField();
      yield { line: this.#begun, fields: this.#fields };
      this.#fields = [];
    }
    this.#begun = this.#line;
  }
}
