"""The report in some lines of Markdown, for where a page of HTML cannot be shown."""

from __future__ import annotations

from ipaas_dagster.status import Status

MOST = 15
_SPECIAL = str.maketrans({c: f"\\{c}" for c in "\\`*_{}[]<>()#+-!|~"})


def summary(state: Status) -> str:
    """Verdict, what is stuck, each system."""
    lines = [f"**{_plain(state.verdict.says)}**", ""]
    if state.stuck:
        lines += ["| records | where | why | since (UTC) |", "| ---: | --- | --- | --- |"]
        lines += [
            f"| {one.records:,} | {_plain(one.where)} | {one.state.replace('_', ' ')}: {_plain(one.cause)} | "
            f"{one.since:%Y-%m-%d %H:%M} |"
            for one in state.stuck[:MOST]
        ]
        lines += [f"| | | and {len(state.stuck) - MOST:,} causes more | |"] if len(state.stuck) > MOST else []
        lines.append("")
    lines += ["| system | state | delivered | open |", "| --- | --- | ---: | --- |"]
    for one in state.systems:
        standing = "switched off" if one.switched_off else "paused" if one.paused else "on"
        open_ = ", ".join(f"{count:,} {name}" for name, count in one.states.items())
        lines.append(f"| {_plain(one.system)} | {standing} | {one.delivered:,} | {_plain(open_) or '–'} |")
    return "\n".join(lines)


def _plain(text: str) -> str:
    """Words that no Markdown is read from."""
    return " ".join(text.split()).translate(_SPECIAL)
