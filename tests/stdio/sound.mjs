// A sound tracker in memory, and its adapter: `node sound.mjs`. `node sound.mjs --reopening` lets late events reopen a
// job that has ended, and forgets how exact numbers were.

import { createInterface } from "node:readline";

const reopening = process.argv.includes("--reopening");
const SHOWS = { created: "pending", active: "active", progress: "active", retrying: "delayed", stalled: "pending" };
const PHASES = { created: 0, active: 1, progress: 1, retrying: 2, stalled: 2 };
const ENDS = ["completed", "failed", "cancelled"];

class Stale extends Error {}

// Instants as whole microseconds: a Date has milliseconds only.
function instant(text) {
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? "";
  const seconds = Date.parse(text.replace(/\.\d+/, "")) / 1000;
  return BigInt(seconds) * 1000000n + BigInt(fraction.padEnd(6, "0"));
}

function written(at) {
  const fraction = String(at % 1000000n).padStart(6, "0");
  return new Date(Number(at / 1000000n) * 1000).toISOString().replace(/\.\d+Z/, `.${fraction}Z`);
}

class Tracker {
  rows = new Map();

  apply(event) {
    JSON.stringify(event.progress); // throws for a BigInt, which cannot be stored
    if (!storable(event.progress)) throw new RangeError(`progress ${event.progress} has no JSON`);
    const row = this.rows.get(event.job_id) ?? { attempt: 0, at: {} };
    const over = ENDS.includes(row.status);
    const place = ENDS.includes(event.kind) ? [Infinity, 0] : [event.attempt, PHASES[event.kind]];
    const ahead = !row.status || reopening || (!over && later(place, row.place));
    const news = event.kind === "progress" && !over && event.attempt === row.attempt;
    if (!ahead && !news) {
      this.fill(row, event);
      return this.rows.set(event.job_id, row);
    }
    if (ahead) {
      row.status = SHOWS[event.kind] ?? event.kind;
      row.place = place;
      row.attempt = Math.max(row.attempt, event.attempt);
      if (["retrying", "failed"].includes(event.kind)) row.error = event.error;
      if (event.kind === "cancelled") row.cancelled_by = event.cancelled_by;
      if (ENDS.includes(event.kind)) this.end(row, instant(event.occurred_at));
    }
    this.fill(row, event);
    this.rows.set(event.job_id, row);
  }

  // A late event may still fill in its time and its progress.
  fill(row, event) {
    const at = instant(event.occurred_at);
    const { created, started, ended } = row.at;
    if (event.kind === "created" && created === undefined) row.at.created = least(at, started, ended);
    if (event.kind === "active") {
      let fitting = created !== undefined && at < created ? created : at;
      if (ended !== undefined) fitting = least(fitting, ended);
      row.at.started = least(fitting, started);
    }
    if (event.kind === "progress" && (!row.progress || !later(row.progress.key, [event.attempt, at])))
      row.progress = { key: [event.attempt, at], value: event.progress };
    if (row.at.updated === undefined || at > row.at.updated) row.at.updated = at;
  }

  end(row, at) {
    const before = row.at.started ?? row.at.created;
    row.at.ended = before !== undefined && before > at ? before : at;
  }

  read(job_id) {
    const row = this.rows.get(job_id);
    if (!row) return null;
    const { created, started, ended, updated } = row.at;
    const shown = { status: row.status, attempt: row.attempt, error: row.error, cancelled_by: row.cancelled_by };
    shown.progress = row.progress?.value;
    if (created !== undefined) shown.created_at = written(created);
    if (started !== undefined) shown.started_at = written(started);
    if (ENDS.includes(row.status)) shown.ended_at = written(ended);
    shown.updated_at = written(updated);
    return shown;
  }
}

function later(one, other) {
  return one[0] > other[0] || (one[0] === other[0] && one[1] > other[1]);
}

function least(...instants) {
  return instants.filter((at) => at !== undefined).reduce((one, other) => (other < one ? other : one));
}

function storable(value) {
  if (typeof value === "number") return Number.isFinite(value);
  return value === null || typeof value !== "object" || Object.values(value).every(storable);
}

// The adapter. NaN, Infinity and integers that are no safe ones come as {"$number": "…"}.
function number(key, value) {
  if (reopening || typeof value?.$number !== "string" || Object.keys(value).length !== 1) return value;
  return /^-?\d+$/.test(value.$number) ? BigInt(value.$number) : Number(value.$number);
}

const tenants = new Map();
let tracker = new Tracker();

function answer(request) {
  const own = request.tenant === undefined ? tracker : tenants.get(request.tenant);
  switch (request.request) {
    case "hello":
      return { protocol: "jobstatus-stdio/1", spec: "JSL/1", profile: {}, methods: ["forget", "for_tenant"] };
    case "apply":
      own.apply(request.event);
      return {};
    case "read":
      return { snapshot: own.read(request.job_id) };
    case "forget":
      for (const job_id of request.job_ids) own.rows.delete(job_id);
      return {};
    case "for_tenant":
      if (!tenants.has(request.tenant)) tenants.set(request.tenant, new Tracker());
      return {};
  }
}

createInterface({ input: process.stdin }).on("line", (line) => {
  const request = JSON.parse(line, number);
  let reply;
  try {
    reply = { reply: request.request, ...answer(request) };
  } catch (error) {
    if (!(error instanceof RangeError || /BigInt/.test(error.message))) throw error; // a mistake of the adapter's own
    reply = { reply: "error", name: error.name, message: error.message };
  }
  process.stdout.write(JSON.stringify({ id: request.id, ...reply }) + "\n");
});
