"""JavaScript modifiers in a sandbox: quickjs-ng without input, output, clock or randomness, under limits.

Values pass as JSON text both ways (the engine's own conversion cuts integers to 32 bits and text at NUL):
times as ISO text, money and whole numbers as numbers up to 2^53 - 1 and as text beyond, never as fractions.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

MEMORY_BYTES = 32 << 20
STACK_BYTES = 256 << 10
SECONDS_PER_CALL = 0.25
"""Of processor time; an honest modifier takes microseconds."""
LONGEST_RESULT = 1_000_000
STUCK_IN_A_ROW = 20
STUCK_IN_A_BATCH = 200
"""After so many calls that ran into the time limit, the rest of the batch is refused untried: a modifier
that loops on every record would hold up a run of 100,000 for hours."""

_SAFE_INTEGER = 2**53 - 1

# Taken away: the clock, randomness, what depends on the collector's timing or on other threads. Local time is
# UTC. Everything that a modifier could change for the next record is frozen.
_LOCK_DOWN = r"""
(() => {
  const parse = JSON.parse, stringify = JSON.stringify, own = Reflect.ownKeys, NativeDate = Date;
  const safe = Number.isSafeInteger, finite = Number.isFinite;
  for (const name of ['performance', 'Atomics', 'SharedArrayBuffer', 'WeakRef', 'FinalizationRegistry',
                      'queueMicrotask']) delete globalThis[name];
  delete Math.random;
  const noClock = () => { throw new TypeError('there is no clock here: give Date a time') };
  const SafeDate = function Date(...given) {
    if (!new.target || given.length === 0) noClock();
    return given.length === 1 ? new NativeDate(given[0]) : new NativeDate(NativeDate.UTC(...given));
  };
  SafeDate.UTC = NativeDate.UTC; SafeDate.parse = NativeDate.parse;
  const dates = NativeDate.prototype;
  SafeDate.prototype = dates; dates.constructor = SafeDate;
  for (const name of own(dates).filter(name => typeof name === 'string' && name.includes('UTC')))
    if (/^[gs]etUTC/.test(name)) dates[name.replace('UTC', '')] = dates[name];
  dates.getTimezoneOffset = () => 0;
  for (const name of ['toString', 'toLocaleString']) dates[name] = dates.toUTCString;
  for (const name of ['toDateString', 'toTimeString', 'toLocaleDateString', 'toLocaleTimeString'])
    delete dates[name];
  globalThis.Date = SafeDate;
  const seen = new Set();
  const freeze = thing => {
    if (Object(thing) !== thing || seen.has(thing)) return;
    seen.add(thing); Object.freeze(thing);
    freeze(Object.getPrototypeOf(thing));
    for (const key of own(thing)) {
      const { value, get, set } = Object.getOwnPropertyDescriptor(thing, key);
      freeze(value); freeze(get); freeze(set);
    }
  };
  for (const hidden of [function* () {}, async () => {}, async function* () {}, [][Symbol.iterator](), /x/g])
    freeze(hidden);
  freeze(globalThis);
  return modifier => {
    if (typeof modifier !== 'function') throw new TypeError('it is not a function: write data => ...');
    return text => {
      const result = modifier(parse(text));
      if (result === undefined || result === null) return 'null';
      if (typeof result === 'bigint') return String(result);
      if (typeof result === 'function' || typeof result === 'symbol' || result instanceof Promise)
        throw new TypeError('it gave a ' + (typeof result === 'object' ? 'promise' : typeof result));
      if (typeof result === 'number' && !(safe(result) || finite(result) && result % 1))
        throw new RangeError('it gave ' + result + ', which cannot be passed on exactly');
      return stringify(typeof result === 'string' && !result.isWellFormed()
        ? result.replace(/[\uD800-\uDFFF]/gu, '') : result);
    };
  };
})()
"""
_STUCK = re.compile(r"InternalError: interrupted|out of memory|^null")


class ModifierFailed(Exception):
    """This value cannot be modified; the message is the reason."""


class Function:
    """One modifier in an engine of its own, for one batch. Making it raises ModifierFailed where the source
    is wrong.

    Calling it with a value gives the result (text, int, float, bool, None, list, dict), or raises
    ModifierFailed.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._stuck = self._stuck_in_a_row = 0
        self._call = self._compile()

    def _compile(self) -> Any:
        import quickjs

        context = quickjs.Context()
        context.set_memory_limit(MEMORY_BYTES)
        context.set_max_stack_size(STACK_BYTES)
        guard = context.eval(_LOCK_DOWN)
        context.set_time_limit(SECONDS_PER_CALL)
        try:
            return guard(context.eval(f"({self._source.strip().rstrip(';')}\n)"))
        except quickjs.JSException as error:
            raise ModifierFailed(f"the JavaScript cannot be used: {_reason(error)}") from None

    def __call__(self, value: Any) -> Any:
        if self._stuck >= STUCK_IN_A_BATCH or self._stuck_in_a_row >= STUCK_IN_A_ROW:
            raise ModifierFailed("not tried: the modifier ran into its time limit on too many records before this one")
        try:
            answer = self._call(_to_json(value))
        except Exception as error:  # quickjs raises its own exceptions and, on odd text, Unicode ones
            raise ModifierFailed(self._failed(error)) from None
        self._stuck_in_a_row = 0
        if len(answer) > LONGEST_RESULT:
            raise ModifierFailed(f"the modifier gave more than {LONGEST_RESULT} characters")
        return json.loads(answer)

    def _failed(self, error: Exception) -> str:
        """After a limit was hit the engine is replaced, so that nothing half done meets the next record."""
        text = str(error)
        if not _STUCK.search(text):
            self._stuck_in_a_row = 0
            return f"the modifier failed: {_reason(error)}"
        self._call = self._compile()
        if "interrupted" not in text:
            return f"the modifier needs more memory than its {MEMORY_BYTES >> 20} MiB"
        self._stuck += 1
        self._stuck_in_a_row += 1
        return f"the modifier ran longer than its {SECONDS_PER_CALL:g} s"


@cache
def check(source: str) -> None:
    """Raises ModifierFailed for a source that cannot be used. An engine takes milliseconds to make, and templates
    say the same more than once."""
    Function(source)


def _reason(error: Exception) -> str:
    """The first line of what the engine says, without the place in our wrapper."""
    return str(error).partition("\n")[0][:200] or type(error).__name__


def _to_json(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, datetime):
        return json.dumps(value.astimezone(UTC).isoformat().replace("+00:00", "Z"))
    if isinstance(value, Decimal) or (isinstance(value, int) and abs(value) > _SAFE_INTEGER):
        return f'"{value}"'
    return json.dumps(value, default=str)
