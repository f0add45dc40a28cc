"""`assistant doctor`: what is wrong, and what to do. Called from the CLI."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from assistant.command_line import AsJson, log_to_stderr, print_json, settings_of_the_file


def doctor(
    as_json: AsJson = False,
    report: Annotated[
        Path | None,
        typer.Option(help="Write a file for a bug report, without a word that was said.", show_default=False),
    ] = None,
) -> None:
    """Try every part for real, and tell for each that fails what to do.

    Beside a running assistant it does not touch the sound card and the language model, which that one has.
    The exit code is 0 when all is well, 1 when something is not.
    """
    settings = settings_of_the_file()
    log_to_stderr("error")
    from assistant.control.client import NotRunningError, ask_daemon
    from assistant.doctor import examination
    from assistant.doctor.finding import Patient, Verdict

    try:
        status = ask_daemon("status")
    except NotRunningError:
        status = None
    patient = Patient(settings, status)
    marks = {Verdict.WELL: "ok  ", Verdict.ILL: "FAIL", Verdict.UNTRIED: "  - "}
    findings = []
    for finding in examination.examine(patient):
        findings.append(finding)
        if not as_json:
            cure = f"\n     cure: {finding.cure}" if finding.cure else ""
            print(f"{marks[finding.verdict]} {finding.part}: {finding.told}{cure}", flush=True)
    if as_json:
        print_json(examination.as_json(findings))
    if report:
        report.write_text(json.dumps(examination.report(findings, patient), indent=2) + "\n", encoding="utf-8")
    sys.exit(0 if examination.is_well(findings) else 1)
