"""An independent check of a plan: it is recomputed from its own tables and the raw data, without
model and solver.

``audit`` reads the decisions of a plan (commitments, payments, and what runs and moves in each
operating state). It checks with plain sums that they obey every rule of the data and the case, and
that the derived numbers (coverage, need, costs, budgets) are right. It uses no code of the instance
and the model, so that an error there is not repeated here.
"""

from __future__ import annotations

import math
import time
from dataclasses import asdict, replace

from paxsilica.audit.activity import audit_running, read_running
from paxsilica.audit.audited_support import audit_support
from paxsilica.audit.cost_terms import audit_costs
from paxsilica.audit.coverage_test import audit_coverage
from paxsilica.audit.findings import Finding, Ledger
from paxsilica.audit.limit_rows import audit_binding, audit_limits
from paxsilica.audit.money import Used, audit_funding, audit_projects, read_money
from paxsilica.audit.project_accounts import audit_accounts, audit_statements
from paxsilica.audit.reference import Facts
from paxsilica.audit.states import situations
from paxsilica.case import Case
from paxsilica.model.registry import ROWS
from paxsilica.plan.result import PLAN_TABLES, Audit, Plan
from paxsilica.tables import Tables

__all__ = ["Finding", "audit", "audited"]

USER_ROWS = "constraint of the user"

FEASIBILITY = 1e-6
"""Feasibility tolerance of the solver by default."""


def audit(plan: Plan, tables: Tables, case: Case) -> list[Finding]:
    """Every difference between ``plan`` and what follows from ``tables`` and ``case``; empty if all
    that can be checked is right.

    Of a plan without tables (none exists, or none was found) only the status is checked.
    """
    tolerances = [
        case.solver.options.get(f"{kind}_feasibility_tolerance", FEASIBILITY)
        for kind in ("primal", "mip")
    ]
    ledger = Ledger(max(float(value) for value in tolerances) / FEASIBILITY)
    _origin(plan, tables, case, ledger)
    if not plan.tables:
        if plan.objective is not None or plan.status in ("optimal", "feasible"):
            expected = "infeasible or no_plan: there are no tables"
            ledger.at([plan.case]).note("status", plan.status, expected)
        return ledger.findings
    missing = [
        f"{name}.{column}"
        for name, doc in PLAN_TABLES.items()
        for column in doc.columns
        if name not in plan.tables or column not in plan.tables[name].columns
    ]
    if missing or plan.status not in ("optimal", "feasible", "unverified"):
        claimed = "; ".join(missing) or plan.status
        ledger.at([plan.case]).note("tables of the plan", claimed, "all of them, of a plan")
        return ledger.findings
    facts = Facts(tables, case)
    states = situations(facts, plan, ledger)
    money = read_money(facts, plan, ledger)
    running = read_running(money, states)
    audit_projects(money)
    used = audit_funding(money)
    audit_running(running)
    shortfalls = audit_coverage(running)
    used |= audit_limits(running)
    used |= _own_checks(plan, tables, case, ledger)
    audit_binding(money, used)
    audit_costs(running, shortfalls)
    audit_support(running)
    audit_accounts(running)
    audit_statements(running)
    _user_rows(plan, ledger)
    return ledger.findings


def audited(plan: Plan, tables: Tables, case: Case) -> Plan:
    """The plan with the result of its audit, and its time in ``seconds``.

    A plan with findings has the status ``unverified``. A plan without tables is not audited. Rows
    that a user added to the model are not recomputed and are no findings here.
    """
    if not plan.tables:
        return plan
    started = time.monotonic()
    findings = [one for one in audit(plan, tables, case) if one.what != USER_ROWS]
    seconds = dict(plan.seconds) | {"audit": time.monotonic() - started}
    rows = tuple(asdict(one) for one in findings)
    record = Audit("failed" if findings else "passed", len(findings), rows)
    status = "unverified" if findings else plan.status
    return replace(plan, status=status, audit=record, seconds=seconds)


def _own_checks(plan: Plan, tables: Tables, case: Case, ledger: Ledger) -> Used:
    """Rows whose register entry has a check of its own; returns limit and use by label."""
    used: Used = {}
    for doc in ROWS.values():
        for where, low, value, high in doc.audit(plan, tables, case) if callable(doc.audit) else ():
            ledger.at(where, doc.unit).at_least(doc.name, value, low)
            ledger.at(where, doc.unit).at_most(doc.name, value, high)
            if doc.binding is not None:
                place = ", ".join(str(part) for part in where if not isinstance(part, int))
                year = next((part for part in where if isinstance(part, int)), None)
                used[doc.binding, place, year] = (high if math.isfinite(high) else low, value)
    return used


def _user_rows(plan: Plan, ledger: Ledger) -> None:
    """Rows that a user added to the model are not recomputed, and the audit says so."""
    for name, count in plan.manifest.get("user_rows", {}).items():
        ledger.at([name], f"{count} rows").note(USER_ROWS, "in the model", "not recomputed")


def _origin(plan: Plan, tables: Tables, case: Case, ledger: Ledger) -> None:
    """The plan should be one of this data and this case."""
    if tables.digest:
        ledger.at(["data_digest"]).equal("origin", plan.manifest.get("data_digest"), tables.digest)
    expected = case.model_dump(mode="json")
    ledger.at(["case"]).equal("origin", plan.manifest.get("case"), expected)
