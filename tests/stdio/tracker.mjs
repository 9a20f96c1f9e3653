// A tracker in memory and its adapter, without packages. As it is, it is sound; with --refusing it refuses what is behind,
// which it declares. Three switches make it faulty: with --reopening what comes after the end changes it, with
// --milliseconds times are no more exact than a Date, undeclared, and with --folding ids that differ in case are one.

import { createInterface } from "node:readline";

const REFUSING = process.argv.includes("--refusing");
const REOPENING = process.argv.includes("--reopening");
const MILLISECONDS = process.argv.includes("--milliseconds");
const FOLDING = process.argv.includes("--folding");
const SHOWS = { created: "pending", active: "active", progress: "active", retrying: "delayed", stalled: "pending" };
const PHASES = { created: 0, active: 1, progress: 1, retrying: 2, stalled: 2 };
const ENDS = ["completed", "failed", "cancelled"];

class Stale extends Error {
  name = "Stale";
}

class Tracker {
  rows = new Map();

  apply(event) {
    JSON.stringify(event.progress); // throws for a BigInt, which cannot be stored
    if (!storable(event.progress)) throw new RangeError("progress: NaN and Infinity cannot be stored");
    const row = this.rows.get(folded(event.job_id)) ?? { attempt: 0 };
    const over = ENDS.includes(row.status) && !REOPENING;
    const place = ENDS.includes(event.kind) ? [Infinity, 0] : [event.attempt, PHASES[event.kind]];
    const ahead = !over && (!row.status || REOPENING || later(place, row.place));
    if (REFUSING && !ahead && event.kind !== "progress")
      throw new Stale(`${event.kind} ${event.attempt} is behind ${row.status}`);
    if (ahead) {
      row.status = SHOWS[event.kind] ?? event.kind;
      row.place = place;
      row.attempt = Math.max(row.attempt, event.attempt);
      if (["retrying", "failed"].includes(event.kind)) row.error = event.error;
      if (event.kind === "cancelled") row.cancelled_by = event.cancelled_by;
    }
    this.times(row, event, ahead);
    if (event.kind === "progress") this.progress(row, event);
    this.rows.set(folded(event.job_id), row);
  }

  // A late event still fills in its time, moved the least that keeps creation, start and end in order.
  times(row, event, ahead) {
    const at = microseconds(event.occurred_at);
    if (event.kind === "created") row.created ??= least(at, row.started, row.ended);
    if (event.kind === "active") row.started = least(most(at, row.created), row.started, row.ended);
    if (ENDS.includes(event.kind) && ahead) row.ended = most(at, row.created, row.started);
    row.updated = most(at, row.updated);
  }

  progress(row, event) {
    const key = [event.attempt, microseconds(event.occurred_at)];
    if (row.newest && later(row.newest, key)) return;
    row.newest = key;
    row.shown = event.progress;
  }

  read(job_id) {
    const row = this.rows.get(folded(job_id));
    if (!row) return null;
    return {
      status: row.status,
      attempt: row.attempt,
      created_at: written(row.created),
      started_at: written(row.started),
      ended_at: ENDS.includes(row.status) ? written(row.ended) : null,
      updated_at: written(row.updated),
      error: row.error,
      progress: row.shown,
      cancelled_by: row.cancelled_by,
    };
  }
}

function later(one, other) {
  return one[0] > other[0] || (one[0] === other[0] && one[1] > other[1]);
}

function least(at, ...others) {
  return others.reduce((found, other) => (other < found ? other : found), at);
}

function most(at, ...others) {
  return others.reduce((found, other) => (other > found ? other : found), at);
}

function storable(value) {
  if (typeof value === "number") return Number.isFinite(value);
  return value === null || typeof value !== "object" || Object.values(value).every(storable);
}

// A Date has milliseconds only.
function microseconds(text) {
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? "";
  if (MILLISECONDS) return BigInt(Date.parse(text)) * 1000n;
  return BigInt(Date.parse(text.replace(/\.\d+/, ""))) * 1000n + BigInt(fraction.padEnd(6, "0"));
}

function written(at) {
  if (at === undefined) return null;
  const second = new Date(Number(at / 1000000n) * 1000).toISOString().slice(0, 19);
  return `${second}.${String(at % 1000000n).padStart(6, "0")}Z`;
}

// What JSON has no exact number for.
function exact(key, value) {
  if (typeof value?.$number !== "string" || Object.keys(value).length !== 1) return value;
  return /^-?\d+$/.test(value.$number) ? BigInt(value.$number) : Number(value.$number);
}

const tracker = new Tracker();
const tenants = new Map();

function folded(job_id) {
  return FOLDING ? job_id.toLowerCase() : job_id;
}

function answer(request) {
  const own = request.tenant === undefined ? tracker : tenants.get(request.tenant);
  switch (request.request) {
    case "hello": {
      const profile = REFUSING ? { refuses: ["Stale"] } : {};
      return { protocol: "jobstatus-stdio/1", spec: "JSL/1", profile, methods: ["forget", "for_tenant"] };
    }
    case "apply":
      return own.apply(request.event);
    case "read":
      return { snapshot: own.read(request.job_id) };
    case "forget":
      request.job_ids.forEach((job_id) => own.rows.delete(folded(job_id)));
      return {};
    case "for_tenant":
      if (!tenants.has(request.tenant)) tenants.set(request.tenant, new Tracker());
      return {};
  }
}

createInterface({ input: process.stdin }).on("line", (line) => {
  const request = JSON.parse(line, exact);
  let reply = { reply: request.request };
  try {
    reply = { ...reply, ...answer(request) };
  } catch (error) {
    const own = error instanceof Stale || error instanceof RangeError || /BigInt/.test(error.message);
    if (!own) throw error; // a mistake of the adapter's: let it die
    reply = { reply: "error", name: error.name, message: error.message };
  }
  process.stdout.write(JSON.stringify({ id: request.id, ...reply }) + "\n");
});
